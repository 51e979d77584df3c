#include "sim/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>

#include "sim/error.h"
#include "sim/mac_step.h"
#include "sim/matmul_testing.h"
#include "sim/planner.h"
#include "sim/testing.h"

namespace concrete::sim {
namespace {

using testing::Fill;
using ::testing::HasSubstr;
using testing::matmul_problem;
using testing::MatmulProblem;
using testing::MatmulShape;

constexpr CodeRange kSigned8{-128, 127};

/// Rates that prefer any engine to gather, and decomposed to the others.
MachineRates made_up_rates() {
    MachineRates rates;
    rates.gather_mac_ns = rates.gather_low_mac_ns = rates.gather_step_mac_ns = 1;
    for (auto& planes : rates.permute_mac_ns) planes.fill(0.1);
    rates.product_mac_ns = 0.001;
    rates.or_mac_ns = 0.01;
    rates.node_lane_ns = 0.01;
    return rates;
}

std::string message(const auto& body) {
    try {
        body();
    } catch (const InputError& error) {
        return error.what();
    }
    return "";
}

/// engine_problem() of random operands; "" if there is none.
std::string problem(Engine engine, const ProductModel& products, const AccumulatorSpec& acc, Fill fill = Fill::random) {
    const MatmulProblem p = matmul_problem({70, 40, 9}, products, acc, fill, 1);
    const MatmulTask task(p.args);
    const MachineRates rates = made_up_rates();
    std::string text = engine_problem(engine, task.task).value_or("");
    if (!text.empty()) {
        EXPECT_EQ(message([&] { prepare(task.task, engine); }), "engine " + text);
        EXPECT_EQ(message([&] { matmul(p.args, engine, 1); }), "engine " + text);
        EXPECT_EQ(message([&] { prepare_planned(task.task, 70, engine, &rates); }), "engine " + text);
    }
    return text;
}

TEST(Engine, HasAName) {
    std::set<std::string> names;
    for (const Engine engine : all_engines()) {
        EXPECT_EQ(engine_named(to_string(engine)), engine);
        names.insert(to_string(engine));
    }
    EXPECT_EQ(names.size(), all_engines().size());
    EXPECT_EQ(engine_names(), (std::vector<std::string>{"gather", "permute", "decomposed", "netlist", "logic"}));
    EXPECT_EQ(engine_named("auto"), std::nullopt);
}

TEST(Engine, SaysWhyItCannot) {
    const AccumulatorSpec acc{12, Overflow::wrap, 0, nullptr};
    const ProductModel table_only(testing::random_multiplier(3, 3, 6, true, 1), {-4, 3}, {-4, 3}, false);
    EXPECT_EQ(problem(Engine::netlist, table_only, acc), "netlist: random has no netlist");
    auto told = std::make_shared<Operator>(table_only.multiplier());
    told->netlist_absence = "Yosys refused it";
    EXPECT_EQ(problem(Engine::netlist, {told, {-4, 3}, {-4, 3}, false}, acc),
              "netlist: random has no netlist: Yosys refused it");

    const auto with_netlist = testing::with_netlist(testing::random_multiplier(3, 3, 6, true, 1));
    auto bare = std::make_shared<Operator>(*with_netlist);
    bare->lut.clear();
    const ProductModel netlist_only(bare, {-4, 3}, {-4, 3}, false);
    for (const Engine engine : {Engine::gather, Engine::permute, Engine::decomposed, Engine::logic})
        EXPECT_EQ(problem(engine, netlist_only, acc), to_string(engine) + ": random has no table");
    EXPECT_EQ(problem(Engine::netlist, netlist_only, acc), "");

    auto adder = testing::with_netlist(testing::inverting_adder(6));
    EXPECT_EQ(problem(Engine::gather, table_only, make_accumulator(6, Overflow::wrap, adder)), "");
    adder = std::make_shared<Operator>(*adder);
    adder->lut.clear();
    const AccumulatorSpec by_netlist = make_accumulator(6, Overflow::wrap, adder);
    EXPECT_EQ(problem(Engine::gather, table_only, by_netlist), "gather: inverting has no table");
    for (const Engine engine : {Engine::permute, Engine::decomposed, Engine::logic})
        EXPECT_EQ(problem(engine, table_only, by_netlist), to_string(engine) + ": inverting has no closed form");
    EXPECT_EQ(problem(Engine::netlist, {with_netlist, {-4, 3}, {-4, 3}, false}, by_netlist), "");
    const MatmulProblem p = matmul_problem({3, 3, 3}, table_only, by_netlist, Fill::random, 1);
    const MachineRates rates = made_up_rates();
    EXPECT_THAT(message([&] { prepare_planned(MatmulTask(p.args).task, 3, {}, &rates); }),
                HasSubstr("no engine can run these operators: gather: inverting has no table; permute: inverting has "
                          "no closed form; decomposed: inverting has no closed form; netlist: random has no netlist"));
}

TEST(Engine, SaysWhyAnAccumulatorIsNotItsOwn) {
    const ProductModel products(testing::low_rank_multiplier(), kSigned8, kSigned8, false);
    const AccumulatorSpec exact{24, Overflow::wrap, 0, nullptr}, low{24, Overflow::wrap, 5, nullptr},
        saturating{18, Overflow::saturate, 0, nullptr};
    for (const Engine engine : {Engine::permute, Engine::decomposed}) {
        EXPECT_EQ(problem(engine, products, exact), "");
        EXPECT_EQ(problem(engine, products, low), to_string(engine) + ": the accumulator is not modular; use logic");
    }
    EXPECT_EQ(problem(Engine::logic, products, low), "");
    EXPECT_EQ(problem(Engine::logic, products, exact),
              "logic: the accumulator is an exact one; use permute or decomposed");
    for (const Engine engine : {Engine::permute, Engine::decomposed, Engine::logic}) {
        EXPECT_EQ(problem(engine, products, saturating),
                  to_string(engine) + ": the accumulator saturates, so that the order of its sums counts");
        EXPECT_EQ(problem(engine, products, {24, Overflow::wrap, 17, nullptr}),
                  to_string(engine) + ": a lower part of 17 bits, at most 16 can be reduced");
        EXPECT_THAT(problem(engine, products, exact, Fill::skipping),
                    HasSubstr("256 activation codes with `padding: skip` and 256 weight codes, at most 256"));
    }
    EXPECT_EQ(problem(Engine::gather, products, saturating), "");
}

TEST(Engine, SaysHowManyProductsATableNeeds) {
    const ProductModel random(testing::random_multiplier(8, 8, 16, true, 1), kSigned8, kSigned8, false);
    const AccumulatorSpec acc{24, Overflow::wrap, 0, nullptr};
    const std::string text = problem(Engine::decomposed, random, acc);
    EXPECT_THAT(text, HasSubstr("decomposed: random needs "));
    EXPECT_THAT(text, HasSubstr(" int8 products or more; at most 32 are looked for"));
    EXPECT_EQ(problem(Engine::permute, random, acc), "");
}

TEST(Engine, OfAMacUnitIsNetlist) {
    const AccumulatorSpec acc{12, Overflow::wrap, 0, nullptr};
    const ProductModel unit(testing::broken_carry_unit("init"), {-8, 7}, {-8, 7}, false);
    for (const Engine engine : {Engine::gather, Engine::permute, Engine::decomposed, Engine::logic})
        EXPECT_EQ(problem(engine, unit, acc), to_string(engine) + ": unit is a MAC unit, which has no table");
    EXPECT_EQ(problem(Engine::netlist, unit, acc), "");
    EXPECT_THAT(message([&] { mac_netlist(unit, {11, Overflow::wrap, 0, nullptr}); }), HasSubstr("12 bits, but 11"));
    EXPECT_THAT(message([&] { mac_netlist(unit, {12, Overflow::saturate, 0, nullptr}); }), HasSubstr("leave both out"));
}

TEST(Engine, ChecksOperands) {
    const ProductModel products(testing::exact_multiplier(4, 4, true), {-8, 7}, {-8, 7}, false);
    for (const Engine engine : {Engine::gather, Engine::permute, Engine::decomposed}) {
        MatmulProblem p = matmul_problem({3, 3, 3}, products, {12, Overflow::wrap, 0, nullptr}, Fill::random, 1);
        p.a[5] = 8;
        EXPECT_THROW(matmul(p.args, engine, 1), RangeError) << to_string(engine);
        p.a[5] = 7;
        p.w[2] = -9;
        EXPECT_THROW(matmul(p.args, engine, 1), RangeError) << to_string(engine);
        p.w[2] = -8;
        p.init[0] = 2048;
        EXPECT_THROW(matmul(p.args, engine, 1), RangeError) << to_string(engine);
        p.args.m = 0;
        EXPECT_THROW(matmul(p.args, engine, 1), ShapeError) << to_string(engine);
    }
}

/// What is prepared for some activations serves others among their codes, in another number of rows.
TEST(Engine, IsPreparedOnceForManyActivations) {
    const ProductModel products(testing::low_rank_multiplier(), kSigned8, kSigned8, false);
    const AccumulatorSpec acc{24, Overflow::wrap, 0, nullptr};
    MatmulProblem first = matmul_problem({80, 21, 70}, products, acc, Fill::random, 1);
    std::vector<PreparedProduct> made;
    for (const Engine engine : {Engine::permute, Engine::decomposed})
        made.push_back(prepare(MatmulTask(first.args).task, engine));
    for (const size_t rows : {300, 1, 64, 3}) {
        MatmulProblem next = matmul_problem({rows, 21, 70}, products, acc, Fill::extreme, rows);
        std::copy(first.w.begin(), first.w.end(), next.w.begin());
        for (int32_t& code : next.a) code = code / 2 + 3;
        gather(next.args, 1);
        const std::vector<int64_t> expected = next.out;
        for (const PreparedProduct& prepared : made) {
            std::fill(next.out.begin(), next.out.end(), 0);
            matmul(next.args, prepared, 2);
            testing::expect_equal(next.out, expected, 70, to_string(prepared.engine) + ": " + next.label);
        }
    }
}

}  // namespace
}  // namespace concrete::sim

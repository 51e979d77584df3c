#include "sim/planner.h"

#include <algorithm>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/error.h"
#include "sim/testing.h"

namespace concrete::sim {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr CodeRange kSigned8{-128, 127};
constexpr size_t kRows = 300, kDepth = 21, kColumns = 10;

/// 8x8 products that every engine but `logic` can compute in exact accumulators, and all but two in others.
std::shared_ptr<const ProductModel> exact_products() {
    static const auto products = [] {
        auto op = testing::exact_multiplier(8, 8, true);
        op->netlist = testing::exact_product_netlist(8, 8, true);
        return std::make_shared<const ProductModel>(op, kSigned8, kSigned8, false);
    }();
    return products;
}

std::shared_ptr<const ProductModel> random_products() {
    static const auto products =
        std::make_shared<const ProductModel>(testing::random_multiplier(8, 8, 16, true, 5), kSigned8, kSigned8, false);
    return products;
}

/// Weights of all codes.
ProductTask task_of(std::shared_ptr<const ProductModel> products, const AccumulatorSpec& acc = {}) {
    static const std::vector<int32_t> weights = [] {
        std::vector<int32_t> codes;
        for (size_t i = 0; i < kDepth * kColumns; ++i) codes.push_back(static_cast<int32_t>(i * 7 % 256) - 128);
        return codes;
    }();
    ProductTask task;
    task.positions.codes = products->a_range();
    task.products = std::move(products);
    task.acc = acc;
    task.k = kDepth, task.n = kColumns;
    task.w = weights.data();
    return task;
}

/// A nanosecond for whatever is done.
MachineRates all_one() {
    MachineRates rates;
    rates.gather_mac_ns = rates.gather_low_mac_ns = rates.gather_step_mac_ns = 1;
    for (auto* table : {&rates.permute_mac_ns, &rates.permute_row_ns})
        for (auto& planes : *table) planes.fill(1);
    rates.product_mac_ns = rates.expand_code_ns = rates.tile_code_ns = rates.output_ns = 1;
    rates.or_mac_ns = rates.node_lane_ns = 1;
    rates.pack_code_ns = rates.store_output_ns = rates.unroll_code_ns = 1e-3;
    return rates;
}

void set_permute(MachineRates& rates, double ns) {
    for (auto* table : {&rates.permute_mac_ns, &rates.permute_row_ns})
        for (auto& planes : *table) planes.fill(ns);
}

std::vector<std::string> names(const std::vector<EnginePlan>& plans) {
    std::vector<std::string> result;
    for (const EnginePlan& plan : plans) {
        const bool by_terms = plan.engine == Engine::logic && plan.method == SumMethod::decomposed;
        result.push_back((plan.problem.empty() ? "" : "not ") + to_string(plan.engine) + (by_terms ? " by terms" : ""));
    }
    return result;
}

const EnginePlan& plan_of(const std::vector<EnginePlan>& plans, Engine engine, SumMethod method) {
    return *std::find_if(plans.begin(), plans.end(),
                         [&](const EnginePlan& plan) { return plan.engine == engine && plan.method == method; });
}

TEST(Planner, OrdersEnginesByTheirRates) {
    const ProductTask task = task_of(exact_products());
    MachineRates rates = all_one();
    rates.gather_mac_ns = 1e-4;
    EXPECT_EQ(names(plan_engines(task, kRows, rates)).front(), "gather");
    rates = all_one();
    rates.node_lane_ns = 1e-6;
    EXPECT_EQ(names(plan_engines(task, kRows, rates)).front(), "netlist");
    rates = all_one();
    rates.product_mac_ns = rates.expand_code_ns = rates.tile_code_ns = rates.output_ns = 1e-3;
    EXPECT_THAT(names(plan_engines(task, kRows, rates)),
                ElementsAre("decomposed", "gather", "permute", "netlist", "not logic"));
    rates = all_one();
    set_permute(rates, 1e-4);
    EXPECT_THAT(names(plan_engines(task, kRows, rates)),
                ElementsAre("permute", "gather", "netlist", "not decomposed", "not logic"));
    for (const EnginePlan& plan : plan_engines(task, kRows, rates)) EXPECT_EQ(plan.seconds > 0, plan.problem.empty());
}

TEST(Planner, OrdersLogicByHowItSums) {
    const ProductTask task = task_of(exact_products(), {24, Overflow::wrap, 1, nullptr});
    MachineRates rates = all_one();
    rates.gather_low_mac_ns = 1e3;
    rates.or_mac_ns = 1e-3;
    set_permute(rates, 2);
    rates.product_mac_ns = rates.expand_code_ns = rates.tile_code_ns = rates.output_ns = 1e-3;
    EXPECT_THAT(names(plan_engines(task, kRows, rates)),
                ElementsAre("logic by terms", "logic", "netlist", "gather", "not permute", "not decomposed"));
    EXPECT_EQ(prepare_planned(task, kRows, {}, &rates).method, SumMethod::decomposed);
    EXPECT_EQ(prepare_planned(task, kRows, Engine::logic, &rates).method, SumMethod::decomposed);
    set_permute(rates, 1e-6);
    EXPECT_EQ(names(plan_engines(task, kRows, rates)).front(), "logic");
    const PreparedProduct logic = prepare_planned(task, kRows, Engine::logic, &rates);
    EXPECT_EQ(logic.engine, Engine::logic);
    EXPECT_EQ(logic.method, SumMethod::permute);
    rates.gather_low_mac_ns = 1e-9;
    EXPECT_EQ(prepare_planned(task, kRows, {}, &rates).engine, Engine::gather);
    rates.or_mac_ns = 10;
    rates.gather_low_mac_ns = 1;
    EXPECT_EQ(prepare_planned(task, kRows, {}, &rates).engine, Engine::gather) << "reductions of low parts cost, too";
}

// 300 rows are 2 tiles and 5 steps of 64 lanes.
TEST(Planner, SumsWhatItsHeaderSays) {
    constexpr double kLanes = 320, kNs = 1e-9, kMacs = kLanes * kDepth * kColumns;
    MachineRates rates;
    rates.gather_mac_ns = 3, rates.gather_low_mac_ns = 5, rates.gather_step_mac_ns = 7;
    rates.permute_mac_ns = {{{1, 2, 3}, {4, 5, 60}}};
    rates.permute_row_ns = {{{11, 12, 13}, {14, 15, 160}}};
    rates.product_mac_ns = 0.5, rates.expand_code_ns = 0.25, rates.tile_code_ns = 0.125, rates.output_ns = 2;
    rates.or_mac_ns = 9;
    rates.node_lane_ns = 0.01;
    rates.pack_code_ns = 0.75, rates.store_output_ns = 1.5, rates.unroll_code_ns = 0.0625;
    constexpr double kTiling = kLanes * kDepth * 0.75 + kRows * kColumns * 1.5, kUnroll = kRows * kDepth * 0.0625;
    const std::vector<EnginePlan> plans = plan_engines(task_of(exact_products()), kRows, rates);
    constexpr auto kPermute = SumMethod::permute, kTerms = SumMethod::decomposed;
    EXPECT_DOUBLE_EQ(plan_of(plans, Engine::gather, kPermute).seconds, (kRows * kDepth * kColumns * 3 + kUnroll) * kNs);
    EXPECT_DOUBLE_EQ(plan_of(plans, Engine::permute, kPermute).seconds,
                     (kMacs * 60 + 2 * kDepth * kColumns * 160 + kTiling) * kNs)
        << "256 positions, entries of two bytes";
    const EnginePlan& decomposed = plan_of(plans, Engine::decomposed, kTerms);
    EXPECT_EQ(decomposed.passes, 1u);
    EXPECT_DOUBLE_EQ(decomposed.seconds,
                     (kLanes * kDepth * (0.125 + 0.25) + kMacs * 0.5 + kLanes * kColumns * 2 + kTiling) * kNs);
    EXPECT_GT(plan_of(plans, Engine::netlist, kPermute).seconds, 512.0 * kDepth * kColumns * 100 * 0.01 * kNs);

    ProductTask narrow = task_of(exact_products(), {18, Overflow::saturate, 0, nullptr});
    EXPECT_DOUBLE_EQ(plan_of(plan_engines(narrow, kRows, rates), Engine::gather, kPermute).seconds,
                     (kRows * kDepth * kColumns * 7 + kUnroll) * kNs);
    narrow = task_of(exact_products(), {16, Overflow::wrap, 8, nullptr});
    narrow.positions.codes = {0, 100};
    const std::vector<EnginePlan> low = plan_engines(narrow, kRows, rates);
    EXPECT_DOUBLE_EQ(plan_of(low, Engine::gather, kPermute).seconds, (kRows * kDepth * kColumns * 5 + kUnroll) * kNs);
    EXPECT_DOUBLE_EQ(plan_of(low, Engine::logic, kPermute).seconds,
                     (kMacs * (2 + 9) + 2 * kDepth * kColumns * 12 + kTiling) * kNs)
        << "101 positions, rounded entries of one byte";
}

TEST(Planner, SaysWhyDecomposedIsNotWorthIt) {
    MachineRates rates = all_one();
    set_permute(rates, 3.5);
    rates.expand_code_ns = rates.tile_code_ns = rates.output_ns = 0;
    rates.product_mac_ns = 2;
    const std::vector<EnginePlan> plans = plan_engines(task_of(random_products()), kRows, rates);
    EXPECT_EQ(plans.back().engine, Engine::logic);
    const EnginePlan& decomposed = plan_of(plans, Engine::decomposed, SumMethod::decomposed);
    EXPECT_THAT(decomposed.problem, HasSubstr("decomposed: needs more than the "));
    EXPECT_THAT(decomposed.problem, HasSubstr("int8 products up to which it is faster here"));
}

TEST(Planner, TakesTheEngineAskedFor) {
    const ProductTask task = task_of(exact_products());
    MachineRates rates = all_one();
    set_permute(rates, 1e-6);
    EXPECT_EQ(prepare_planned(task, kRows, {}, &rates).engine, Engine::permute);
    for (const Engine engine : {Engine::gather, Engine::permute, Engine::decomposed, Engine::netlist})
        EXPECT_EQ(prepare_planned(task, kRows, engine, &rates).engine, engine);
    EXPECT_EQ(prepare_planned(task, kRows, Engine::decomposed, &rates).passes, 1u);
    try {
        prepare_planned(task, kRows, Engine::logic, &rates);
        ADD_FAILURE();
    } catch (const InputError& error) {
        EXPECT_STREQ(error.what(), "engine logic: the accumulator is an exact one; use permute or decomposed");
    }
}

TEST(Planner, PlansLayersByTheirPixels) {
    MacLayer layer;
    layer.name = "conv";
    layer.in_channels = 5, layer.out_channels = 7;
    layer.in_h = layer.in_w = layer.out_h = layer.out_w = 6;
    layer.window = {{1, 1}, {1, 1}, {0, 0}, {1, 1}};
    layer.a_range = layer.w_range = layer.a_used = kSigned8;
    layer.w_params.resize(7);
    layer.bias_codes.resize(7);
    layer.w_codes.assign(35, 3);
    layer.products = exact_products();
    const MachineRates rates = all_one();
    const std::vector<EnginePlan> plans = plan_engines(layer, 11);
    const std::vector<EnginePlan> expected = plan_engines(product_task(layer), size_t{11} * 36, machine_rates());
    EXPECT_EQ(names(plans), names(expected));
    EXPECT_EQ(plans[0].seconds, expected[0].seconds);
    prepare_planned(layer, 11, Engine::permute, &rates);
    EXPECT_EQ(layer.prepared.engine, Engine::permute);
    EXPECT_EQ(run_mac_layer(layer, Tensor<int32_t>({2, 5, 6, 6}), 1).data, std::vector<int64_t>(size_t{2} * 7 * 36));
}

}  // namespace
}  // namespace concrete::sim

#include "sim/netlist_engine.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <random>

#include "sim/error.h"
#include "sim/isa.h"
#include "sim/mac_step.h"
#include "sim/matmul.h"
#include "sim/planner.h"
#include "sim/testing.h"

namespace concrete::sim {
namespace {

using ::testing::HasSubstr;

struct Problem {
    std::vector<int32_t> a, w;
    std::vector<int64_t> init, out;
    MatmulArgs args;
};

struct Shape3 {
    size_t m, k, n;
};

enum class Fill { random, extreme, skipping };

Problem make_problem(const Shape3& shape, const ProductModel& products, const AccumulatorSpec& acc, Fill fill,
                     uint64_t seed) {
    std::mt19937_64 random(seed);
    const auto draw = [&](const CodeRange& range) {
        if (fill == Fill::extreme) return static_cast<int32_t>(random() % 2 != 0 ? range.lowest : range.highest);
        return static_cast<int32_t>(range.lowest + static_cast<int64_t>(random() % range.count()));
    };
    Problem p;
    for (size_t i = 0; i < shape.m * shape.k; ++i) {
        p.a.push_back(fill == Fill::skipping && random() % 3 == 0 ? kSkip : draw(products.a_range()));
    }
    for (size_t i = 0; i < shape.k * shape.n; ++i) p.w.push_back(draw(products.w_range()));
    const bool per_row = fill == Fill::skipping;
    for (size_t i = 0; i < (per_row ? shape.m : 1) * shape.n; ++i) p.init.push_back(decode(random(), acc.bits, true));
    p.out.assign(shape.m * shape.n, 0);
    p.args = {shape.m, shape.k, shape.n, p.a.data(), p.w.data(), p.init.data(), per_row, &products, acc, p.out.data()};
    return p;
}

/// The definition, one mac_step() after the other.
std::vector<int64_t> reference(const MatmulArgs& g) {
    std::vector<int64_t> out(g.m * g.n);
    for (size_t m = 0; m < g.m; ++m) {
        for (size_t n = 0; n < g.n; ++n) {
            const int64_t init = g.init[g.init_per_row ? m * g.n + n : n];
            const AccumulatorStart begin = accumulator_start(*g.products, init);
            int64_t acc = begin.start;
            for (size_t k = 0; k < g.k; ++k) {
                if (g.a[m * g.k + k] == kSkip) continue;
                acc = mac_step(*g.products, g.acc, acc, g.a[m * g.k + k], g.w[k * g.n + n]);
            }
            const uint64_t sum = static_cast<uint64_t>(acc) + static_cast<uint64_t>(begin.added);
            out[m * g.n + n] = decode(sum, g.acc.bits, true);
        }
    }
    return out;
}

/// Ways to run a netlist here, the fastest first.
std::vector<std::unique_ptr<NetlistMac>> ways(const std::shared_ptr<const ProductModel>& products,
                                              const AccumulatorSpec& acc) {
    std::vector<std::unique_ptr<NetlistMac>> made;
    made.push_back(std::make_unique<NetlistMac>(products, acc));
    for (const Isa isa : available_isas())
        made.push_back(std::make_unique<NetlistMac>(products, acc, isa, NetlistMac::Method::interpreted));
    return made;
}

/// Both engines on every kind of codes; they must agree. The netlist engine in the fastest way, and the others in turn.
void expect_engines_agree(const ProductModel& products, const AccumulatorSpec& acc, const Shape3& shape,
                          uint64_t seed) {
    const auto macs = ways(std::make_shared<const ProductModel>(products), acc);
    for (const Fill fill : {Fill::random, Fill::extreme, Fill::skipping}) {
        SCOPED_TRACE(fmt::format("{} W={} {} {} shape {} {} {} fill {} seed {}", products.multiplier().name, acc.bits,
                                 acc.overflow == Overflow::wrap ? "wrap" : "saturate", adder_label(acc), shape.m,
                                 shape.k, shape.n, static_cast<int>(fill), seed));
        Problem p = make_problem(shape, products, acc, fill, seed);
        gather(p.args, 1);
        const std::vector<int64_t> expected = p.out;
        ASSERT_TRUE(std::any_of(expected.begin(), expected.end(), [](int64_t v) { return v != 0; }));
        for (const size_t way : {size_t{0}, 1 + (seed + static_cast<size_t>(fill)) % (macs.size() - 1)}) {
            std::fill(p.out.begin(), p.out.end(), 0);
            netlist_matmul(p.args, *macs[way], 1 + static_cast<int>(seed % 3));
            ASSERT_EQ(p.out, expected) << "way " << way;
        }
    }
}

TEST(NetlistEngine, EqualsGatherOnEveryAccumulator) {
    const auto op = testing::with_netlist(testing::random_multiplier(5, 4, 9, true, 3));
    const ProductModel products(op, {-16, 15}, {-8, 7}, false);
    uint64_t seed = 0;
    for (const int bits : {2, 3, 8, 9, 10, 16, 31, 32, 33, 63, 64}) {
        for (const int k : {0, 1, bits / 2, bits}) {
            for (const Overflow overflow : {Overflow::wrap, Overflow::saturate}) {
                expect_engines_agree(products, {bits, overflow, k, nullptr}, {65, 3, 2}, ++seed);
            }
        }
    }
}

TEST(NetlistEngine, EqualsGatherOnEveryLowerPart) {
    const auto op = testing::with_netlist(testing::random_multiplier(5, 4, 9, true, 3));
    const ProductModel products(op, {-16, 15}, {-8, 7}, false);
    uint64_t seed = 50;
    for (const LowerPart part :
         {LowerPart::or_only, LowerPart::zero, LowerPart::one, LowerPart::copy, LowerPart::eta_i}) {
        for (const int k : {0, 1, 4, 11}) {
            for (const Overflow overflow : {Overflow::wrap, Overflow::saturate})
                expect_engines_agree(products, {12, overflow, k, nullptr, part}, {65, 3, 2}, ++seed);
        }
    }
}

TEST(NetlistEngine, EqualsGatherOnEveryMultiplier) {
    uint64_t seed = 100;
    const AccumulatorSpec wrap{14, Overflow::wrap, 3, nullptr}, saturate{7, Overflow::saturate, 0, nullptr};
    for (const auto& [a_bits, b_bits, y_bits] : {std::array{1, 1, 2}, {3, 5, 9}, {5, 3, 4}, {4, 4, 8}}) {
        for (const bool is_signed : {false, true}) {
            for (const int y_lsb : {0, 3}) {
                const auto op =
                    testing::with_netlist(testing::random_multiplier(a_bits, b_bits, y_bits, is_signed, ++seed));
                op->y_lsb = y_lsb;
                const CodeRange a{lowest_code(op->a), highest_code(op->a)}, b{lowest_code(op->b), highest_code(op->b)};
                std::vector<ProductModel> models;
                models.emplace_back(op, a, b, false);
                models.emplace_back(op, CodeRange{0, a.highest}, CodeRange{0, b.highest}, false);  // narrower codes
                models.emplace_back(op, CodeRange{-a.highest, a.highest}, CodeRange{-b.highest, b.highest}, true);
                models.emplace_back(op, CodeRange{0, a.highest}, CodeRange{-b.highest, 0}, true);
                for (const ProductModel& products : models) {
                    expect_engines_agree(products, wrap, {67, 7, 3}, ++seed);
                    expect_engines_agree(products, saturate, {3, 7, 67}, ++seed);
                }
            }
        }
    }
}

TEST(NetlistEngine, EqualsGatherOnEveryShape) {
    const auto op = testing::with_netlist(testing::random_multiplier(4, 4, 8, true, 7));
    const ProductModel products(op, {-8, 7}, {-8, 7}, false);
    const AccumulatorSpec acc{12, Overflow::saturate, 2, nullptr};
    uint64_t seed = 200;
    for (const size_t lanes : {1, 63, 64, 65, 513, 1000, 4097}) {
        for (const size_t others : {1, 3}) {
            expect_engines_agree(products, acc, {lanes, 1, others}, ++seed);
            expect_engines_agree(products, acc, {lanes, 11, others}, ++seed);
            expect_engines_agree(products, acc, {others, 11, lanes}, ++seed);
        }
    }
}

TEST(NetlistEngine, AddsAsAdderOperatorsDo) {
    const auto op = testing::with_netlist(testing::exact_multiplier(4, 4, true));
    const ProductModel products(op, {-8, 7}, {-8, 7}, false);
    auto adder = testing::with_netlist(testing::inverting_adder(9));
    auto with_carry = std::make_shared<Operator>(*testing::inverting_adder(6));
    with_carry->y.bits = 7;
    for (int32_t& y : with_carry->lut) y ^= 0x15;  // bit 6, the carry, differs from the sum's sign at times
    testing::with_netlist(with_carry);
    for (const Overflow overflow : {Overflow::wrap, Overflow::saturate}) {
        expect_engines_agree(products, make_accumulator(9, overflow, adder), {70, 9, 2}, 1);
        expect_engines_agree(products, make_accumulator(6, overflow, with_carry), {70, 9, 2}, 2);
    }
}

TEST(NetlistEngine, RunsWhatHasNoTable) {
    // 16 x 16 bits, and an adder of 40 bits that drops the carry into bit 20.
    auto wide = std::make_shared<Operator>(
        testing::bare_operator("wide", OperatorKind::multiplier, {"a", 16, true}, {"b", 16, true}, {"y", 32, true}));
    wide->netlist = testing::exact_product_netlist(16, 16, true);
    auto split = std::make_shared<Operator>(
        testing::bare_operator("split", OperatorKind::adder, {"a", 40, true}, {"b", 40, true}, {"y", 40, true}));
    NetlistBuilder build(80);
    NetlistBuilder::Word sum = build.add(build.input_word(0, 20), build.input_word(40, 20), build.zero());
    const NetlistBuilder::Word high = build.add(build.input_word(20, 20), build.input_word(60, 20), build.zero());
    sum.insert(sum.end(), high.begin(), high.end());
    split->netlist = build.finish(sum);

    const ProductModel products(wide, {-32768, 32767}, {-32768, 32767}, false);
    const AccumulatorSpec acc = make_accumulator(40, Overflow::wrap, split);
    for (const Fill fill : {Fill::random, Fill::extreme}) {
        Problem p = make_problem({65, 9, 2}, products, acc, fill, 5);
        EXPECT_EQ(prepare_planned(MatmulTask(p.args).task, p.args.m).engine, Engine::netlist);
        matmul(p.args, Engine::netlist, 2);
        for (size_t m = 0; m < 65; ++m) {
            for (size_t n = 0; n < 2; ++n) {
                constexpr uint64_t low = 0xfffff;
                uint64_t sums = static_cast<uint64_t>(p.init[n]);
                for (size_t k = 0; k < 9; ++k) {
                    const auto product = static_cast<uint64_t>(int64_t{p.a[m * 9 + k]} * p.w[k * 2 + n]);
                    sums = ((sums & ~low) + (product & ~low)) | ((sums + product) & low);
                }
                ASSERT_EQ(p.out[m * 2 + n], decode(sums, 40, true));
            }
        }
        EXPECT_EQ(p.out, reference(p.args));
    }
}

TEST(NetlistEngine, HoldsSomeOfManyOthersAndOfADeepProductAtATime) {
    // More than fit beside each other: 64-bit accumulators of 129 others, 2,000 steps of 8 planes.
    const auto op = testing::with_netlist(testing::random_multiplier(8, 2, 9, true, 5));
    const ProductModel products(op, {-128, 127}, {-2, 1}, false);
    expect_engines_agree(products, {64, Overflow::wrap, 0, nullptr}, {131, 5, 129}, 1);
    expect_engines_agree(products, {20, Overflow::saturate, 0, nullptr}, {70, 2000, 2}, 2);
}

TEST(NetlistEngine, RunsMacUnitsWithAndWithoutInit) {
    const AccumulatorSpec acc{12, Overflow::wrap, 0, nullptr};
    for (const std::string init : {"init", ""}) {
        const ProductModel products(testing::broken_carry_unit(init), {-8, 7}, {-8, 7}, false);
        for (const Fill fill : {Fill::random, Fill::extreme, Fill::skipping}) {
            Problem p = make_problem({66, 8, 3}, products, acc, fill, 11);
            EXPECT_EQ(prepare_planned(MatmulTask(p.args).task, p.args.m).engine, Engine::netlist);
            netlist_matmul(p.args, 1);
            for (size_t i = 0; i < p.out.size(); ++i) {
                const int64_t first = p.init[fill == Fill::skipping ? i : i % 3];
                auto sum = static_cast<uint64_t>(init.empty() ? -5 : first);
                for (size_t k = 0; k < 8; ++k) {
                    const int32_t a = p.a[i / 3 * 8 + k];
                    const auto product = static_cast<uint64_t>(int64_t{a} * p.w[k * 3 + i % 3]);
                    if (a != kSkip) sum = ((sum & ~uint64_t{15}) + (product & ~uint64_t{15})) | ((sum + product) & 15);
                }
                if (init.empty()) sum += static_cast<uint64_t>(first);
                ASSERT_EQ(p.out[i], decode(sum, 12, true)) << i;
            }
            EXPECT_EQ(p.out, reference(p.args));
        }
    }
}

}  // namespace
}  // namespace concrete::sim

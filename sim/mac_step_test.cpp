#include "sim/mac_step.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <vector>

#include "sim/error.h"
#include "sim/random.h"
#include "sim/testing.h"

namespace concrete::sim {
namespace {

/// 64 lanes of random codes through a circuit of some steps, and through mac_step().
void expect_steps(const ProductModel& products, const AccumulatorSpec& acc, const MacSteps& steps, Random& random) {
    const MacNetlist mac = mac_netlist(products, acc, steps);
    std::vector<uint64_t> inputs(mac.netlist.inputs), expected(64);
    for (size_t lane = 0; lane < 64; ++lane) {
        size_t input = 0;
        const auto put = [&](int64_t code, int bits) {
            for (int bit = 0; bit < bits; ++bit) inputs[input++] |= (static_cast<uint64_t>(code) >> bit & 1) << lane;
        };
        const auto draw = [&](const CodeRange& range) {
            return range.lowest + static_cast<int64_t>(random.below(range.count()));
        };
        int64_t sum = decode(random.bits(), acc.bits, true);
        const int64_t start = sum;
        for (uint32_t step = 0; step < steps.count; ++step) {
            const int64_t a = draw(products.a_range()), w = draw(products.w_range());
            const bool is_active = !steps.may_skip || random.below(2) == 0;
            put(a, mac.a_bits);
            put(w, mac.w_bits);
            if (steps.may_skip) put(is_active ? 1 : 0, 1);
            if (is_active) sum = mac_step(products, acc, sum, a, w);
        }
        put(start, acc.bits);
        expected[lane] = encode(sum, acc.bits);
    }
    const std::vector<uint64_t> outputs = evaluate64(mac.netlist, inputs);
    for (size_t lane = 0; lane < 64; ++lane) {
        uint64_t code = 0;
        for (size_t bit = 0; bit < outputs.size(); ++bit) code |= (outputs[bit] >> lane & 1) << bit;
        ASSERT_EQ(code, expected[lane]) << fmt::format("W={} k={} {} steps, lane {}", acc.bits, acc.or_bits,
                                                       steps.count, lane);
    }
}

TEST(MacNetlist, DoesSomeStepsInARow) {
    Random random(21);
    const auto op = testing::with_netlist(testing::random_multiplier(4, 3, 8, true, 3));
    const auto unsigned_op = testing::with_netlist(testing::random_multiplier(3, 4, 8, false, 4));
    const std::vector<ProductModel> models{{op, {-8, 7}, {-4, 3}, false},
                                           {op, {-7, 7}, {-3, 3}, true},
                                           {unsigned_op, {0, 7}, {0, 15}, false},
                                           {unsigned_op, {-7, 7}, {-15, 15}, true}};
    std::vector<AccumulatorSpec> accs;
    for (const int bits : {2, 7, 8, 9, 10, 13, 64})
        for (const Overflow overflow : {Overflow::wrap, Overflow::saturate})
            for (const int or_bits : {0, 2}) accs.push_back({bits, overflow, or_bits, nullptr});
    accs.push_back(make_accumulator(9, Overflow::wrap, testing::with_netlist(testing::inverting_adder(9))));
    for (const ProductModel& products : models)
        for (const AccumulatorSpec& acc : accs)
            for (const uint32_t count : {1u, 2u, 3u})
                for (const bool may_skip : {false, true}) expect_steps(products, acc, {count, may_skip}, random);
}

TEST(MacNetlist, AddsProductsFirstWhereTheAccumulatorIsModular) {
    const auto op = testing::with_netlist(testing::exact_multiplier(4, 4, true));
    const ProductModel products(op, {-8, 7}, {-8, 7}, false);
    const AccumulatorSpec wrap{32, Overflow::wrap, 0, nullptr}, saturate{32, Overflow::saturate, 0, nullptr};
    const auto nodes = [&](const AccumulatorSpec& acc, uint32_t steps) {
        return mac_netlist(products, acc, {steps, false}).netlist.nodes.size();
    };
    EXPECT_LT(nodes(wrap, 2), 2 * nodes(wrap, 1) - 40);
    EXPECT_GT(nodes(saturate, 2), 2 * nodes(saturate, 1) - 40);
}

}  // namespace
}  // namespace concrete::sim

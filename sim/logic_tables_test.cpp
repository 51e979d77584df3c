#include "sim/logic_tables.h"

#include <gtest/gtest.h>
#include <vector>

#include "sim/random.h"

namespace concrete::sim {
namespace {

struct Sums {
    alignas(64) uint32_t lanes[kTileLanes];
};
struct Words {
    alignas(64) uint16_t lanes[kTileLanes];
};

/// A product of [k][lanes] and [k][n] positions by sums over tables, in two parts of k, against steps. Returns how many
/// results are not 0.
size_t expect_steps(const AccumulatorSpec& spec, const SumTable& products, size_t k, size_t lanes, Isa isa,
                    Random& random) {
    constexpr size_t n = 5;
    const size_t first = k / 2 / kDepthStep * kDepthStep;
    std::vector<uint8_t> tile(k * kTileLanes), others(k * n);
    for (uint8_t& position : tile) position = static_cast<uint8_t>(random.below(products.lanes));
    for (uint8_t& position : others) position = static_cast<uint8_t>(random.below(products.others));

    const LogicAccumulator logic(spec);
    const PlainSums sums(term_table(logic, products));
    const OrSums low_sums(low_table(logic, products), isa);
    const auto columns = sums.prepare(others.data(), k, n);
    const auto low_columns = low_sums.prepare(others.data(), k, n);
    std::vector<Sums> sum(n);
    std::vector<Words> ors(n), pairs(n);
    for (const auto& [from, depth] : {std::pair(size_t{0}, first), {first, k - first}}) {
        if (depth == 0) continue;
        const LaneTile part{tile.data() + from * kTileLanes, depth, lanes};
        sums.add(part, *columns, from, 0, n, sum[0].lanes);
        if (logic.reduction() == LowReduction::ors) low_sums.add(part, *low_columns, from, 0, n, ors[0].lanes);
        if (logic.reduction() == LowReduction::ors_and_pairs)
            low_sums.add_with_pairs(part, *low_columns, from, 0, n, ors[0].lanes, pairs[0].lanes);
    }

    size_t wrong = 0, not_zero = 0;
    for (size_t j = 0; j < n; ++j) {
        for (size_t lane = 0; lane < lanes; ++lane) {
            const int64_t init = decode(random.bits(), spec.bits, true);
            int64_t acc = init;
            for (size_t i = 0; i < k; ++i)
                acc = accumulate(spec, acc, products.at(tile[i * kTileLanes + lane], others[i * n + j]));
            const auto got =
                logic.finish(init, static_cast<int32_t>(sum[j].lanes[lane]), ors[j].lanes[lane], pairs[j].lanes[lane]);
            wrong += got != acc;
            not_zero += acc != 0;
        }
    }
    EXPECT_EQ(wrong, 0u) << spec.bits << " bits, " << adder_label(spec) << ", k=" << k << " lanes=" << lanes;
    return not_zero;
}

TEST(LogicTables, SumsOverThemEqualSteps) {
    Random random(31);
    size_t not_zero = 0;
    for (const auto& [positions, others] : {std::pair<size_t, size_t>{128, 256}, {256, 13}}) {
        SumTable products{positions, others, std::vector<int32_t>(positions * others)};
        for (int32_t& value : products.values) value = static_cast<int32_t>(decode(random.bits(), 17, true));
        products.values[0] = -65536;
        for (const LowerPart part : {LowerPart::or_with_carry, LowerPart::or_only, LowerPart::zero, LowerPart::one,
                                     LowerPart::copy, LowerPart::eta_i}) {
            for (const auto& [bits, low] : {std::pair(32, 0), {32, 8}, {24, 1}, {20, 11}, {40, 16}, {16, 16}, {33, 2}})
                for (const auto& [k, lanes] : {std::pair<size_t, size_t>{1, 3}, {7, 65}, {50, 100}})
                    not_zero += expect_steps({bits, Overflow::wrap, low, nullptr, part}, products, k, lanes,
                                             default_isa(), random);
        }
        for (const Isa isa : available_isas())
            not_zero += expect_steps({24, Overflow::wrap, 8, nullptr}, products, 40, 256, isa, random);
    }
    EXPECT_GT(not_zero, 10000u);
}

}  // namespace
}  // namespace concrete::sim

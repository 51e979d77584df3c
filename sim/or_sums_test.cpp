#include "sim/or_sums.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <vector>

#include "sim/error.h"
#include "sim/random.h"

namespace concrete::sim {
namespace {

/// Positions and results of one product, [lanes], [n]; lanes at most a tile.
struct Product {
    size_t k, n, lanes;
    std::vector<uint8_t> lane_positions;  // [k][kTileLanes]
    std::vector<uint8_t> others;          // [k][n]
};

struct Words {
    alignas(64) uint16_t lanes[kTileLanes];
};

/// Fills what is not in use with a position that sets all the bits it can.
Product random_product(const LowPartTable& table, size_t k, size_t n, size_t lanes, Random& random) {
    Product product{k, n, lanes, std::vector<uint8_t>(k * kTileLanes, 0), std::vector<uint8_t>(k * n)};
    for (size_t i = 0; i < k * kTileLanes; ++i)
        product.lane_positions[i] =
            static_cast<uint8_t>(i % kTileLanes < lanes ? random.bits() % table.lanes : table.lanes - 1);
    for (uint8_t& other : product.others) other = static_cast<uint8_t>(random.bits() % table.others);
    return product;
}

LowPartTable random_table(size_t lanes, size_t others, unsigned mask, Random& random) {
    LowPartTable table{lanes, others, std::vector<uint16_t>(lanes * others)};
    for (uint16_t& value : table.values) value = static_cast<uint16_t>(random.bits() & mask);
    table.values[0] = static_cast<uint16_t>(mask);
    return table;
}

/// Runs the product in two parts of k, the second of which takes up where the first ended, and two of n; compares with
/// loops, and returns how many results are not 0.
size_t expect_equal(const LowPartTable& table, const Product& product, Isa isa) {
    const OrSums sums(table, isa);
    const auto columns = sums.prepare(product.others.data(), product.k, product.n);
    std::vector<Words> ors(product.n), ors_alone(product.n), pairs(product.n);
    const size_t half_k = product.k / 2, half_n = product.n / 3;
    const auto run = [&](size_t first_k, size_t k, size_t first_n, size_t n) {
        if (k == 0 || n == 0) return;
        const LaneTile tile{product.lane_positions.data() + first_k * kTileLanes, k, product.lanes};
        sums.add(tile, *columns, first_k, first_n, n, ors_alone[first_n].lanes);
        sums.add_with_pairs(tile, *columns, first_k, first_n, n, ors[first_n].lanes, pairs[first_n].lanes);
    };
    for (size_t j = 0; j < product.n; ++j)
        for (size_t lane = 0; lane < kTileLanes; ++lane)
            ors[j].lanes[lane] = ors_alone[j].lanes[lane] = static_cast<uint16_t>(lane % 3 == 0 ? j + lane : 0);
    std::vector<Words> expected = ors, expected_pairs(product.n);
    run(0, half_k, 0, half_n);
    run(0, half_k, half_n, product.n - half_n);
    run(half_k, product.k - half_k, 0, product.n);

    size_t wrong = 0, not_zero = 0;
    for (size_t j = 0; j < product.n; ++j) {
        for (size_t lane = 0; lane < product.lanes; ++lane) {
            uint16_t& all = expected[j].lanes[lane];
            uint16_t& twice = expected_pairs[j].lanes[lane];
            for (size_t k = 0; k < product.k; ++k) {
                const uint16_t low = table.values[product.lane_positions[k * kTileLanes + lane] * table.others +
                                                  product.others[k * product.n + j]];
                twice = static_cast<uint16_t>(twice | (all & low));
                all |= low;
            }
            wrong += ors[j].lanes[lane] != all || ors_alone[j].lanes[lane] != all || pairs[j].lanes[lane] != twice;
            not_zero += all != 0;
        }
    }
    EXPECT_EQ(wrong, 0u) << table.lanes << " x " << table.others << " positions, k=" << product.k << " n=" << product.n
                         << " lanes=" << product.lanes;
    return not_zero;
}

class OrSumsOf : public ::testing::TestWithParam<Isa> {};

TEST_P(OrSumsOf, EqualLoopsOnRaggedShapes) {
    Random random(1);
    const size_t positions[][2] = {{1, 256}, {16, 7}, {64, 65}, {65, 64}, {128, 128}, {129, 200}, {256, 256}, {256, 1}};
    const size_t shapes[][3] = {{1, 1, 1}, {3, 2, 64}, {17, 5, 65}, {13, 49, 255}, {150, 7, 256}, {24, 3, 129}};
    for (const auto& [lanes, others] : positions) {
        for (const unsigned mask : {0x1u, 0x7fu, 0xffu, 0x1ffu, 0xffffu}) {
            const LowPartTable table = random_table(lanes, others, mask, random);
            size_t not_zero = 0;
            for (const auto& [k, n, used] : shapes)
                not_zero += expect_equal(table, random_product(table, k, n, used, random), GetParam());
            EXPECT_GT(not_zero, 0u);
        }
    }
}

// Lanes of zeros can set nothing and must not stop the others from leaving; rare bits come last.
TEST_P(OrSumsOf, EqualLoopsWhereLanesNeverFinish) {
    Random random(2);
    LowPartTable products{128, 256, std::vector<uint16_t>(size_t{128} * 256)};
    for (size_t a = 0; a < 128; ++a)
        for (size_t b = 0; b < 256; ++b) products.values[a * 256 + b] = static_cast<uint16_t>(a * b);
    Product product = random_product(products, 40, 9, 200, random);
    for (size_t k = 0; k < product.k; ++k) {
        for (size_t lane = 0; lane < product.lanes; ++lane) {
            uint8_t& position = product.lane_positions[k * kTileLanes + lane];
            if (lane % 5 == 0) position = 0;                             // never anything
            if (lane % 5 == 1) position = k + 1 == product.k ? 127 : 0;  // in the last step only
            if (lane % 5 == 2) position &= 0x7e;                         // never bit 0
        }
    }
    for (size_t k = 0; k < product.k; ++k) {
        product.others[k * product.n] = 0;                               // a column of zeros
        product.others[k * product.n + 1] = k == product.k / 2 ? 1 : 0;  // and of nearly only zeros
        product.others[k * product.n + 2] = static_cast<uint8_t>(1 << k % 8);
    }
    EXPECT_GT(expect_equal(products, product, GetParam()), 0u);

    // One bit, set by one pair of positions only.
    LowPartTable single{256, 3, std::vector<uint16_t>(size_t{256} * 3, 0x0101)};
    single.values[255 * 3 + 2] = 0x8080;
    product = random_product(single, 300, 6, 256, random);
    EXPECT_GT(expect_equal(single, product, GetParam()), 0u);

    const LowPartTable nothing{9, 9, std::vector<uint16_t>(81, 0)};
    EXPECT_GT(expect_equal(nothing, random_product(nothing, 5, 5, 70, random), GetParam()), 0u);
}

INSTANTIATE_TEST_SUITE_P(Isas, OrSumsOf, ::testing::ValuesIn(available_isas()),
                         [](const auto& test) { return to_string(test.param); });

TEST(OrSums, RefuseTablesOfOtherShapes) {
    EXPECT_THROW(OrSums({0, 1, {}}), ShapeError);
    EXPECT_THROW(OrSums({257, 1, std::vector<uint16_t>(257)}), ShapeError);
    EXPECT_THROW(OrSums({2, 2, std::vector<uint16_t>(3)}), ShapeError);
    EXPECT_NO_THROW(OrSums({2, 2, std::vector<uint16_t>(4)}));
}

}  // namespace
}  // namespace concrete::sim

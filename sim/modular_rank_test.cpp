#include "sim/modular_rank.h"

#include <array>
#include <gtest/gtest.h>
#include <limits>
#include <vector>

#include "sim/random.h"

namespace concrete::sim {
namespace {

using Matrix = std::vector<int64_t>;

TEST(ModularRank, OfSmallMatrices) {
    EXPECT_EQ(modular_rank(Matrix{0, 0, 0, 0}, 2, 2), 0U);
    EXPECT_EQ(modular_rank(Matrix{0, 3, 0, 0}, 2, 2), 1U);
    EXPECT_EQ(modular_rank(Matrix{1, 2, 2, 4}, 2, 2), 1U);
    EXPECT_EQ(modular_rank(Matrix{1, 2, 2, 5}, 2, 2), 2U);
    EXPECT_EQ(modular_rank(Matrix{1, 2, 3, 4, 5, 6, 7, 8, 9}, 3, 3), 2U);
    EXPECT_EQ(modular_rank(Matrix{0, 0, 1, 0, 1, 0, 1, 0, 0, 5, 5, 5}, 4, 3), 3U);
}

TEST(ModularRank, TakesNegativeAndLargeEntries) {
    constexpr int64_t kLow = std::numeric_limits<int64_t>::min(), kHigh = std::numeric_limits<int64_t>::max();
    EXPECT_EQ(modular_rank(Matrix{-3, 3, 5, -5}, 2, 2), 1U);
    EXPECT_EQ(modular_rank(Matrix{kLow, kHigh, kHigh, kLow}, 2, 2), 2U);
    EXPECT_EQ(modular_rank(Matrix{kHigh, -kHigh, kHigh, -kHigh}, 2, 2), 1U);
}

TEST(ModularRank, IsNeverAboveTheRank) {
    // Multiples of the prime vanish.
    constexpr int64_t kPrime = 2147483647;
    EXPECT_EQ(modular_rank(Matrix{kPrime, 0, 0, 1}, 2, 2), 1U);
    EXPECT_EQ(modular_rank(Matrix{kPrime - 1, 0, 0, 1}, 2, 2), 2U);
}

TEST(ModularRank, OfProductsIsTheirInnerSize) {
    Random random(1);
    for (const auto& [rows, inner, columns] : {std::array<size_t, 3>{256, 100, 256}, {7, 5, 200}, {200, 64, 65}}) {
        Matrix left(rows * inner), right(inner * columns), product(rows * columns);
        for (Matrix* matrix : {&left, &right})
            for (int64_t& entry : *matrix) entry = static_cast<int64_t>(random.below(1000)) - 500;
        for (size_t i = 0; i < rows; ++i)
            for (size_t k = 0; k < inner; ++k)
                for (size_t j = 0; j < columns; ++j)
                    product[i * columns + j] += left[i * inner + k] * right[k * columns + j];
        EXPECT_EQ(modular_rank(product, rows, columns), inner);
    }
}

}  // namespace
}  // namespace concrete::sim

#include "sim/decomposition.h"

#include <gtest/gtest.h>

namespace concrete::sim {
namespace {

/// f(a) = a, g(b) = 10 b and one term of shift 3.
const Decomposition kSmall{{0, 1, 2}, {0, 10}, {{3, {1, -1, 254}, {2, 5}}}};

std::vector<int32_t> table_of(const Decomposition& d) {
    std::vector<int32_t> table;
    for (size_t a = 0; a < d.rows(); ++a) {
        for (size_t b = 0; b < d.columns(); ++b) {
            int32_t value = d.f[a] + d.g[b];
            for (const auto& term : d.terms) value += (term.u[a] * term.v[b]) << term.shift;
            table.push_back(value);
        }
    }
    return table;
}

TEST(Decomposition, HoldsForItsTableAlone) {
    std::vector<int32_t> table = table_of(kSmall);
    EXPECT_TRUE(decomposes(kSmall, table));
    for (int32_t& value : table) {
        ++value;
        EXPECT_FALSE(decomposes(kSmall, table));
        --value;
    }
    table.pop_back();
    EXPECT_FALSE(decomposes(kSmall, table));
}

TEST(Decomposition, RefusesSpansBeyondAByte) {
    Decomposition wide = kSmall;
    wide.terms[0].u = {-1, 0, 255};
    EXPECT_FALSE(decomposes(wide, table_of(wide)));
    wide.terms[0].u = {-1, 0, 254};
    EXPECT_TRUE(decomposes(wide, table_of(wide)));
}

TEST(Decomposition, OfPartsAndOfTheTransposedTable) {
    const std::vector<uint32_t> rows{2, 0, 2}, columns{1};
    const std::vector<int32_t> table = table_of(kSmall);
    EXPECT_TRUE(decomposes(restricted(kSmall, rows, columns), std::vector<int32_t>{table[5], table[1], table[5]}));
    EXPECT_TRUE(decomposes(transposed(kSmall),
                           std::vector<int32_t>{table[0], table[2], table[4], table[1], table[3], table[5]}));
}

}  // namespace
}  // namespace concrete::sim

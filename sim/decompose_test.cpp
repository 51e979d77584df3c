#include "sim/decompose.h"

#include <algorithm>
#include <functional>
#include <gtest/gtest.h>
#include <limits>
#include <set>
#include <vector>

#include "sim/error.h"
#include "sim/random.h"

namespace concrete::sim {
namespace {

using Table = std::vector<int32_t>;

Table table_of(size_t rows, size_t columns, const std::function<int(int, int)>& value) {
    Table table;
    for (size_t a = 0; a < rows; ++a)
        for (size_t b = 0; b < columns; ++b) table.push_back(value(static_cast<int>(a), static_cast<int>(b)));
    return table;
}

/// Terms of the decomposition found, which is checked; 1000 if none.
size_t terms_of(const Table& table, size_t rows, size_t columns, const DecomposeOptions& options = {}) {
    const auto found = decompose(table, rows, columns, options);
    if (!found) return 1000;
    EXPECT_EQ(found->rows(), rows);
    EXPECT_EQ(found->columns(), columns);
    EXPECT_TRUE(decomposes(*found, table));
    return found->terms.size();
}

size_t shifts_of(const Decomposition& d) {
    std::set<int> shifts;
    for (const Decomposition::Term& term : d.terms) shifts.insert(term.shift);
    return shifts.size();
}

/// Partial products below a column are left out.
int truncated(int a, int b, int column) {
    int sum = 0;
    for (int i = 0; i < 8; ++i)
        for (int j = std::max(0, column - i); j < 8; ++j) sum += ((a >> i & 1) * (b >> j & 1)) << (i + j);
    return sum;
}

/// 2-bit blocks with 3 * 3 = 7 (Kulkarni et al., 2011).
int underdesigned(int a, int b) {
    int sum = 0;
    for (int i = 0; i < 8; i += 2) {
        for (int j = 0; j < 8; j += 2) {
            const int x = a >> i & 3, y = b >> j & 3;
            sum += (x == 3 && y == 3 ? 7 : x * y) << (i + j);
        }
    }
    return sum;
}

TEST(Decompose, GivesConstantsAndSumsNoTerm) {
    EXPECT_EQ(terms_of({7}, 1, 1), 0U);
    EXPECT_EQ(terms_of(table_of(256, 256, [](int a, int b) { return 17 + 3 * a * a - 5 * b; }), 256, 256), 0U);
    EXPECT_EQ(terms_of(table_of(1, 256, [](int, int b) { return b * b; }), 1, 256), 0U);
    EXPECT_EQ(terms_of(table_of(256, 1, [](int a, int) { return a * a; }), 256, 1), 0U);
}

TEST(Decompose, GivesAProductOfAnySignednessOneTerm) {
    const auto code = [](int raw, bool is_signed) { return is_signed && raw >= 128 ? raw - 256 : raw; };
    for (const bool a_signed : {false, true}) {
        for (const bool b_signed : {false, true}) {
            const Table table = table_of(
                256, 256, [&](int a, int b) { return (code(a, a_signed) + 3) * (code(b, b_signed) - 11) + 12345; });
            EXPECT_EQ(decomposition_bound(table, 256, 256), 1U);
            EXPECT_EQ(terms_of(table, 256, 256), 1U);
        }
    }
}

TEST(Decompose, ReachesTheBoundForClosedForms) {
    const auto expect = [](const char* name, size_t terms, const std::function<int(int, int)>& value) {
        SCOPED_TRACE(name);
        const Table table = table_of(256, 256, value);
        EXPECT_EQ(decomposition_bound(table, 256, 256), terms);
        EXPECT_EQ(terms_of(table, 256, 256), terms);
    };
    expect("truncated 4", 5, [](int a, int b) { return truncated(a, b, 4); });
    expect("truncated 6", 7, [](int a, int b) { return truncated(a, b, 6); });
    expect("truncated 8", 7, [](int a, int b) { return truncated(a, b, 8); });
    expect("truncated 10", 5, [](int a, int b) { return truncated(a, b, 10); });
    expect("underdesigned", 2, underdesigned);
    expect("product / 16 rounded", 12, [](int a, int b) { return (a * b + 8) >> 4; });
}

TEST(Decompose, PrefersOneShift) {
    const auto found = decompose(table_of(256, 256, underdesigned), 256, 256);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->terms.size(), 2U);
    EXPECT_EQ(shifts_of(*found), 1U);
}

TEST(Decompose, SplitsWhatDoesNotFitAByte) {
    // Spans of 1000 and 10000: 2 limbs each.
    Random random(1);
    std::vector<int> u(256), v(256);
    for (int& x : u) x = static_cast<int>(random.below(1000));
    for (int& x : v) x = static_cast<int>(random.below(2000));
    const Table table =
        table_of(256, 256, [&](int a, int b) { return u[static_cast<size_t>(a)] * v[static_cast<size_t>(b)]; });
    EXPECT_EQ(decomposition_bound(table, 256, 256), 1U);
    const size_t terms = terms_of(table, 256, 256);
    EXPECT_GT(terms, 1U);
    EXPECT_LE(terms, 4U);
}

TEST(Decompose, TakesTablesOfAnySize) {
    Random random(2);
    for (const auto& [rows, columns] : {std::pair<size_t, size_t>{2, 2}, {3, 7}, {16, 256}, {31, 5}, {17, 16}}) {
        SCOPED_TRACE(rows);
        Table table(rows * columns);
        for (int32_t& value : table) value = static_cast<int32_t>(random.below(1 << 16)) - (1 << 15);
        const size_t bound = decomposition_bound(table, rows, columns);
        EXPECT_EQ(bound, std::min(rows, columns) - 1);
        const size_t terms = terms_of(table, rows, columns);
        EXPECT_GE(terms, bound);
        EXPECT_LE(terms, 4 * bound);
    }
}

TEST(Decompose, GivesUpWhereTermsAreTooMany) {
    const Table table = table_of(256, 256, [](int a, int b) { return truncated(a, b, 6); });
    EXPECT_EQ(terms_of(table, 256, 256, {6}), 1000U);
    EXPECT_EQ(terms_of(table, 256, 256, {7}), 7U);
}

TEST(Decompose, IsTheSameEveryTime) {
    Random random(3);
    Table table(size_t{12} * 40);
    for (int32_t& value : table) value = static_cast<int32_t>(random.below(1 << 12));
    const auto first = decompose(table, 12, 40);
    ASSERT_TRUE(first);
    EXPECT_EQ(first, decompose(table, 12, 40));
}

TEST(Decompose, TakesExtremeValuesOrNone) {
    constexpr int32_t kLow = std::numeric_limits<int32_t>::min(), kHigh = std::numeric_limits<int32_t>::max();
    EXPECT_FALSE(decompose(Table{kLow, kHigh, kHigh, kLow}, 2, 2));
    EXPECT_FALSE(decompose(Table{kLow, kHigh}, 1, 2));  // g leaves 32 bits
    EXPECT_EQ(terms_of({kLow, kHigh}, 2, 1), 0U);
    EXPECT_EQ(terms_of({kHigh, kHigh - 1, kHigh, kHigh - 7}, 2, 2), 1U);
    EXPECT_EQ(terms_of({0, 0, 0, 1 << 20}, 2, 2), 1U);  // a power of two goes to the shift
    EXPECT_LE(terms_of({0, 0, 0, (1 << 20) - 1}, 2, 2), 3U);
    EXPECT_LE(terms_of({0, 0, 0, (1 << 23) + 1}, 2, 2), 3U);  // beyond what lattices take
}

TEST(Decompose, RefusesOtherSizes) {
    EXPECT_THROW(decompose(Table(6), 2, 2), ShapeError);
    EXPECT_THROW(decompose(Table{}, 0, 0), ShapeError);
    EXPECT_THROW(decomposition_bound(Table(257), 257, 1), ShapeError);
}

}  // namespace
}  // namespace concrete::sim

// Passes of the multipliers with closed forms, pinned: a search that comes to need more has become worse, and fewer
// than the bound would be wrong.
#include <array>
#include <cstdlib>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "sim/decompose.h"
#include "verify/families_array_testing.h"
#include "verify/families_dynamic_testing.h"

namespace concrete::verify {
namespace {

using testing::bit;
using testing::FamilyParameters;
using testing::Formula;

/// [256][256] by raw codes of 8 bits.
std::vector<int32_t> table_of(const Formula& formula, bool is_signed) {
    std::vector<int32_t> table;
    for (uint64_t a = 0; a < 256; ++a)
        for (uint64_t b = 0; b < 256; ++b)
            table.push_back(static_cast<int32_t>(formula(sim::decode(a, 8, is_signed), sim::decode(b, 8, is_signed))));
    return table;
}

struct Expected {
    size_t bound, passes;
    bool operator==(const Expected&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Expected& e) {
    return out << "bound " << e.bound << ", passes " << e.passes;
}

/// Passes 0 where the bound leaves none of at most most_terms.
Expected passes_of(const std::vector<int32_t>& table, size_t most_terms = 128) {
    const auto found = sim::decompose(table, 256, 256, {most_terms});
    EXPECT_TRUE(!found || decomposes(*found, table));
    return {sim::decomposition_bound(table, 256, 256), found ? found->terms.size() : 0};
}

enum class Encoder { full, r4abe1, r4abe2 };
enum class Compressor { none, ac1, ac2 };

/// A bit of the radix-4 Booth partial product of a at position j for bits high, mid, low of b.
int booth_bit(Encoder encoder, int64_t a, int64_t j, int high, int mid, int low) {
    const int here = bit(a, std::min<int64_t>(j, 7)), before = j == 0 ? 0 : bit(a, j - 1);
    const int single = (mid ^ low) & (high ^ here);
    if (encoder == Encoder::r4abe2) return high ^ here;
    if (encoder == Encoder::r4abe1) return single;
    return single | ((1 ^ mid ^ low) & (high ^ mid) & (high ^ before));
}

/// What one compressor makes of the rows of a column, or the exact count.
int compressed(Compressor compressor, const std::array<int, 4>& x) {
    if (compressor == Compressor::ac1) {
        const int carry = (x[0] & x[1]) | (x[2] & x[3]);
        return 2 * carry + ((x[0] ^ x[1]) | (x[2] ^ x[3]) | (x[0] & x[1] & x[2] & x[3]));
    }
    if (compressor == Compressor::ac2) {
        const int carry = (x[0] | x[1]) & (x[2] | x[3]);
        return 2 * carry + ((1 ^ x[0] ^ x[1]) | (1 ^ x[2] ^ x[3]));
    }
    return x[0] + x[1] + x[2] + x[3];
}

/// The family booth8 with approximate cells in columns below `columns` (rtl/booth8.v has the cells).
int64_t booth(Encoder encoder, Compressor compressor, int64_t columns, int64_t a, int64_t b) {
    std::array<std::array<int, 4>, 16> cells{};
    std::array<int, 16> count{};
    int64_t total = -((1 << 8) + (1 << 10) + (1 << 12) + (1 << 14));
    for (int64_t i = 0; i < 4; ++i) {
        const int high = bit(b, 2 * i + 1), mid = bit(b, 2 * i), low = i == 0 ? 0 : bit(b, 2 * i - 1);
        total += static_cast<int64_t>(high & (1 ^ (mid & low))) << (2 * i);
        for (int64_t j = 0; j <= 8; ++j) {
            const int64_t c = 2 * i + j;
            const int cell = booth_bit(c < columns ? encoder : Encoder::full, a, j, high, mid, low);
            cells[static_cast<size_t>(c)][static_cast<size_t>(i)] = j == 8 ? 1 ^ cell : cell;
            ++count[static_cast<size_t>(c)];
        }
    }
    for (size_t c = 0; c < 16; ++c) {
        const bool is_approximate = static_cast<int64_t>(c) < columns && count[c] >= 3;
        total += static_cast<int64_t>(compressed(is_approximate ? compressor : Compressor::none, cells[c])) << c;
    }
    return sim::decode(static_cast<uint64_t>(total) & 0xffff, 16, true);
}

TEST(DecompositionPasses, OfTheBoothDesignsAreAsFewAsTheRank) {
    const std::vector<std::vector<size_t>> passes{{3, 5, 7, 8, 6, 4, 2},      {3, 5, 9, 19, 18, 18, 16},
                                                  {3, 5, 9, 19, 18, 18, 16},  {2, 3, 4, 5, 4, 3, 2},
                                                  {2, 3, 11, 19, 25, 22, 22}, {2, 3, 9, 19, 24, 22, 22}};
    const Compressor compressors[] = {Compressor::none, Compressor::ac1, Compressor::ac2};
    for (size_t m = 0; m < 6; ++m) {
        for (size_t p = 0; p < 7; ++p) {
            SCOPED_TRACE("M" + std::to_string(m + 1) + " P" + std::to_string(2 * p + 2));
            const Encoder encoder = m < 3 ? Encoder::r4abe2 : Encoder::r4abe1;
            const auto formula = [&](int64_t a, int64_t b) {
                return booth(encoder, compressors[m % 3], 2 * static_cast<int64_t>(p) + 2, a, b);
            };
            EXPECT_EQ(passes_of(table_of(formula, true)), (Expected{passes[m][p], passes[m][p]}));
        }
    }
}

struct Case {
    const char* family;
    FamilyParameters parameters;
    Expected expected;
};

TEST(DecompositionPasses, OfArrayFamilies) {
    const std::vector<Case> cases{
        {"mul_u_truncated", {{"WIDTH", 8}, {"K", 4}}, {5, 5}},
        {"mul_u_truncated", {{"WIDTH", 8}, {"K", 6}}, {7, 7}},
        {"mul_u_truncated", {{"WIDTH", 8}, {"K", 8}}, {7, 7}},
        {"mul_u_truncated", {{"WIDTH", 8}, {"K", 10}}, {5, 5}},
        {"mul_u_bam", {{"WIDTH", 8}, {"HBL", 2}, {"VBL", 6}}, {5, 5}},
        {"mul_u_bam", {{"WIDTH", 8}, {"HBL", 4}, {"VBL", 8}}, {4, 4}},
        {"mul_u_udm", {{"WIDTH", 8}}, {2, 2}},
        {"mul_u_etm", {{"WIDTH", 8}, {"L", 4}}, {11, 11}},
        {"mul_u_etm", {{"WIDTH", 8}, {"L", 6}}, {15, 16}},
        {"mul8u_momeni_d1", {{"P", 7}}, {66, 66}},
        {"mul8u_venkatachalam_ko", {{"P", 8}}, {244, 0}},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.family);
        EXPECT_EQ(passes_of(table_of(testing::array_formula(c.family, c.parameters), false)), c.expected);
    }
}

TEST(DecompositionPasses, OfDynamicFamilies) {
    const std::vector<Case> cases{
        {"mul_u_drum", {{"WIDTH", 8}, {"K", 4}}, {1, 1}}, {"mul_u_drum", {{"WIDTH", 8}, {"K", 6}}, {1, 1}},
        {"mul_s_drum", {{"WIDTH", 8}, {"K", 4}}, {1, 3}},  // -128 becomes -136: both operands span more than a byte
        {"mul_u_ssm", {{"WIDTH", 8}, {"M", 4}}, {1, 1}},  {"mul_u_roba", {{"WIDTH", 8}}, {2, 2}},
        {"mul_s_roba", {{"WIDTH", 8}}, {2, 2}},           {"mul_u_mitchell", {{"WIDTH", 8}}, {128, 128}},
        {"mul_s_mitchell", {{"WIDTH", 8}}, {64, 64}},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.family);
        const bool is_signed = std::string(c.family).starts_with("mul_s_");
        EXPECT_EQ(passes_of(table_of(testing::product_formula(c.family, c.parameters), is_signed)), c.expected);
    }
}

TEST(DecompositionPasses, OfProductsRoundedForALowerPartOrAdder) {
    for (const auto& [bits, passes] : {std::pair<int, size_t>{1, 2}, {2, 4}, {3, 7}, {4, 12}, {6, 38}}) {
        SCOPED_TRACE(bits);
        const auto formula = [bits = bits](int64_t a, int64_t b) { return (a * b + (1 << (bits - 1))) >> bits; };
        EXPECT_EQ(passes_of(table_of(formula, false)), (Expected{passes, passes}));
    }
}

}  // namespace
}  // namespace concrete::verify

#include "sim/decomposed_sums.h"

#include <gtest/gtest.h>
#include <numeric>

#include "sim/error.h"
#include "sim/table_sums_testing.h"

namespace concrete::sim {
namespace {

using testing::expect_plain_sums, testing::expect_plain_sums_of_all_sizes, testing::Positions;

SumTable table_of(const Decomposition& d) {
    SumTable table{d.rows(), d.columns(), {}};
    for (size_t a = 0; a < d.rows(); ++a) {
        for (size_t b = 0; b < d.columns(); ++b) {
            auto sum = static_cast<uint32_t>(d.f[a]) + static_cast<uint32_t>(d.g[b]);
            for (const auto& [shift, u, v] : d.terms) sum += static_cast<uint32_t>(u[a] * v[b]) << shift;
            table.values.push_back(static_cast<int32_t>(sum));
        }
    }
    return table;
}

int32_t between(int64_t lowest, int64_t highest, Random& random) {
    return static_cast<int32_t>(lowest +
                                static_cast<int64_t>(random.below(static_cast<uint64_t>(highest - lowest + 1))));
}

/// Values that span at most 255 from anywhere in [-1000, 1000] on, with both ends of the span among them.
std::vector<int32_t> random_operand(size_t size, Random& random) {
    const int32_t span = random.below(2) == 0 ? 255 : between(1, 255, random), lowest = between(-1000, 1000, random);
    std::vector<int32_t> values(size);
    for (int32_t& value : values) value = between(lowest, lowest + span, random);
    values[random.below(size)] = lowest;
    values[random.below(size)] = lowest + span;
    return values;
}

std::vector<int32_t> random_table(size_t size, int64_t largest, Random& random) {
    std::vector<int32_t> values(size);
    for (int32_t& value : values) value = between(-largest, largest, random);
    return values;
}

struct Size {
    size_t rows, columns, terms;
};

Decomposition random_decomposition(const Size& size, int64_t largest_f, int64_t largest_g, Random& random) {
    Decomposition d{random_table(size.rows, largest_f, random), random_table(size.columns, largest_g, random), {}};
    for (size_t t = 0; t < size.terms; ++t) {
        const int shift = random.below(2) == 0 ? 2 : between(0, 31, random);
        d.terms.push_back({shift, random_operand(size.rows, random), random_operand(size.columns, random)});
    }
    return d;
}

/// a b for a from lowest_a on and b from lowest_b on.
Decomposition exact_product(int32_t lowest_a, int32_t lowest_b) {
    Decomposition d{std::vector<int32_t>(256),
                    std::vector<int32_t>(256),
                    {{0, std::vector<int32_t>(256), std::vector<int32_t>(256)}}};
    std::iota(d.terms[0].u.begin(), d.terms[0].u.end(), lowest_a);
    std::iota(d.terms[0].v.begin(), d.terms[0].v.end(), lowest_b);
    return d;
}

class DecomposedSums : public ::testing::TestWithParam<Isa> {
  protected:
    static void expect_sums(const Decomposition& d, const testing::SumsCase& sizes, Random& random) {
        expect_plain_sums(table_of(d), *decomposed_sums(d, GetParam()), sizes, random);
    }
};

TEST_P(DecomposedSums, OfEverySize) {
    Random random(1);
    const Decomposition d = random_decomposition({256, 256, 3}, 30000, 30000, random);
    expect_plain_sums_of_all_sizes(table_of(d), [&](const SumTable&) { return decomposed_sums(d, GetParam()); });
}

TEST_P(DecomposedSums, OfExactProducts) {
    Random random(2);
    for (const int32_t lowest_a : {0, -128}) {
        for (const int32_t lowest_b : {0, -128}) {
            const Decomposition d = exact_product(lowest_a, lowest_b);
            EXPECT_EQ(decomposed_passes(d), 1u);
            for (const size_t k : {1, 25, 150, 576}) expect_sums(d, {.k = k, .n = 16, .lanes = 130}, random);
        }
    }
}

TEST_P(DecomposedSums, WithoutTerms) {
    Random random(3);
    Decomposition d = random_decomposition({256, 256, 0}, INT32_MAX, INT32_MAX, random);
    for (const size_t k : {1, 6, 513}) expect_sums(d, {.k = k, .n = 7, .lanes = 65, .k_piece = 256}, random);
    d.f.assign(256, -3);
    expect_sums(d, {.k = 6, .n = 7, .lanes = 65}, random);
    d.g.assign(256, 5);
    expect_sums(d, {.k = 6, .n = 7, .lanes = 65}, random);
    EXPECT_EQ(decomposed_passes(d), 0u);
}

TEST_P(DecomposedSums, OfEveryNumberOfTerms) {
    Random random(4);
    for (size_t terms = 1; terms <= 20; ++terms) {
        const Decomposition d = random_decomposition({256, 256, terms}, 1000, INT32_MAX, random);
        for (const size_t k : {25, 72, 150, 301}) expect_sums(d, {.k = k, .n = 8, .lanes = 70}, random);
        expect_sums(d, {.k = 600, .n = 2, .lanes = 64, .k_piece = 512}, random);
    }
}

TEST_P(DecomposedSums, OfEveryNumberOfPositions) {
    Random random(5);
    for (const size_t rows : {1, 2, 15, 16, 17, 63, 64, 65, 127, 128, 129, 255, 256}) {
        for (const size_t columns : {1, 2, 128, 256}) {
            const Decomposition d = random_decomposition({rows, columns, 2}, INT32_MAX, 100, random);
            expect_sums(d, {.k = 37, .n = 7, .lanes = 130}, random);
        }
    }
}

TEST_P(DecomposedSums, OfFOfEveryNumberOfBytes) {
    Random random(6);
    for (const int64_t largest : {1, 127, 128, 32767, 40000, 1 << 22, 1 << 24, INT32_MAX})
        expect_sums(random_decomposition({200, 100, 1}, largest, 0, random), {.k = 131, .n = 3, .lanes = 64}, random);
}

TEST_P(DecomposedSums, OfEveryNumberOfOthersInABlock) {
    Random random(7);
    const Decomposition d = random_decomposition({100, 100, 2}, 1000, 1000, random);
    for (size_t n = 1; n <= 14; ++n) expect_sums(d, {.k = 10, .n = n, .lanes = 64, .first_n = 96}, random);
}

/// Calls that end within what is laid out together, at its end, and beyond.
TEST_P(DecomposedSums, OfEveryPieceOfK) {
    Random random(8);
    const Decomposition d = random_decomposition({256, 256, 3}, 1000, 1000, random);
    for (const size_t k : {511, 512, 513, 1030}) {
        for (const size_t piece : {100, 508, 512, 516, 1024})
            expect_sums(d, {.k = k, .n = 9, .lanes = 66, .k_piece = piece, .n_piece = kOtherStep}, random);
    }
}

/// Products of the largest bytes, where instructions that saturate would.
TEST_P(DecomposedSums, OfExtremes) {
    Random random(9);
    for (const int32_t low_v : {0, -128}) {
        const Decomposition d{
            {0, 0}, {0, 0}, {{0, {0, 255}, {low_v, low_v + 255}}, {0, {-255, 0}, {low_v, low_v + 255}}}};
        for (const Positions positions : {Positions::largest, Positions::smallest}) {
            expect_sums(d, {.k = 4608, .n = 7, .lanes = 64, .k_piece = 512, .positions = positions}, random);
            expect_sums(d, {.k = 25088, .n = 1, .lanes = 64, .k_piece = 3584, .positions = positions}, random);
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Isas, DecomposedSums, ::testing::ValuesIn(available_isas()),
                         [](const auto& test) { return to_string(test.param); });

TEST(DecomposedSumsErrors, AreOfShapesAndRanges) {
    const Decomposition d{{1, 2, 3}, {4, 5}, {{0, {0, 1, 255}, {-128, 127}}}};
    EXPECT_NO_THROW(decomposed_sums(d));
    Decomposition wrong = d;
    wrong.f.clear();
    EXPECT_THROW(decomposed_sums(wrong), ShapeError);
    wrong.f.resize(257);
    EXPECT_THROW(decomposed_sums(wrong), ShapeError);
    wrong = d;
    wrong.terms[0].v.push_back(0);
    EXPECT_THROW(decomposed_sums(wrong), ShapeError);
    wrong = d;
    wrong.terms[0].u[0] = -1;
    EXPECT_THROW(decomposed_sums(wrong), RangeError);
    wrong = d;
    wrong.terms[0].shift = 32;
    EXPECT_THROW(decomposed_sums(wrong), RangeError);
}

TEST(DecomposedPasses, LeaveOutTermsWithAConstantOperand) {
    Decomposition d{{0, 0}, {0, 0}, {{0, {0, 1}, {0, 1}}, {0, {7, 7}, {0, 1}}, {0, {0, 1}, {7, 7}}}};
    EXPECT_EQ(decomposed_passes(d), 1u);
}

}  // namespace
}  // namespace concrete::sim

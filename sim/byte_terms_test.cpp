#include "sim/byte_terms.h"

#include <gtest/gtest.h>

namespace concrete::sim {
namespace {

uint32_t entry(const Decomposition& d, size_t a, size_t b) {
    auto sum = static_cast<uint32_t>(d.f[a]) + static_cast<uint32_t>(d.g[b]);
    for (const auto& [shift, u, v] : d.terms) sum += static_cast<uint32_t>(int64_t{u[a]} * v[b]) << shift;
    return sum;
}

uint32_t entry(const ByteTerms& t, size_t a, size_t b) {
    uint32_t sum = t.f[a] + t.g[b];
    for (const auto& [shift, u, v, constant] : t.terms)
        sum += u[a] * ((static_cast<uint32_t>(v[b]) << shift) + constant);
    return sum;
}

void expect_equal(const Decomposition& d) {
    const ByteTerms bytes = byte_terms(d);
    for (size_t a = 0; a < d.rows(); ++a) {
        for (size_t b = 0; b < d.columns(); ++b) EXPECT_EQ(entry(bytes, a, b), entry(d, a, b)) << a << ", " << b;
    }
}

constexpr int32_t kLowest = INT32_MIN, kHighest = INT32_MAX;

TEST(ByteTerms, AreTheTable) {
    expect_equal({{5, kHighest, kLowest}, {kLowest, 0, kHighest}, {}});
    expect_equal({{0, 0}, {0, 0}, {{0, {0, 255}, {-128, 127}}}});
    expect_equal({{0, 0}, {0, 0}, {{31, {-128, 127}, {0, 255}}}});
    expect_equal({{1, 2}, {3, 4}, {{3, {kLowest, kLowest + 255}, {kHighest - 255, kHighest}}, {0, {1, 2}, {300, 45}}}});
    expect_equal({{1, 2}, {3, 4}, {{7, {-9, -9}, {0, 200}}, {5, {3, 300 - 45}, {70000, 70000}}}});
}

TEST(ByteTerms, LeaveOperandsThatFitAsTheyAre) {
    const ByteTerms bytes = byte_terms({{0, 0}, {7, 7}, {{2, {1, 255}, {-127, 3}}}});
    EXPECT_EQ(bytes.f, (std::vector<uint32_t>{0, 0}));
    EXPECT_EQ(bytes.g, (std::vector<uint32_t>{7, 7}));
    ASSERT_EQ(bytes.terms.size(), 1u);
    EXPECT_EQ(bytes.terms[0].u, (std::vector<uint8_t>{1, 255}));
    EXPECT_EQ(bytes.terms[0].v, (std::vector<int8_t>{-127, 3}));
    EXPECT_EQ(bytes.terms[0].constant, 0u);
}

TEST(ByteTerms, KeepConstantsApartWhereFWouldGrow) {
    Decomposition d{{0, 0}, {0, 0}, {{1, {0, 255}, {0, 255}}}};
    EXPECT_EQ(byte_terms(d).terms[0].constant, 256u);
    EXPECT_EQ(bytes_of(byte_terms(d).f), 0u);
    d.f = {0, -40000};  // takes two bytes anyway
    EXPECT_EQ(byte_terms(d).terms[0].constant, 0u);
    expect_equal(d);
    d.f = {0, -256 * 255};  // and here they cancel
    EXPECT_EQ(byte_terms(d).terms[0].constant, 0u);
    EXPECT_EQ(bytes_of(byte_terms(d).f), 0u);
}

TEST(ByteTerms, DropConstantOperandsAndSortByShift) {
    const ByteTerms bytes = byte_terms(
        {{0, 0}, {0, 0}, {{9, {0, 1}, {0, 1}}, {1, {4, 4}, {0, 1}}, {2, {0, 1}, {4, 4}}, {8, {0, 2}, {0, 3}}}});
    ASSERT_EQ(bytes.terms.size(), 2u);
    EXPECT_EQ(bytes.terms[0].shift, 8);
    EXPECT_EQ(bytes.terms[1].shift, 9);
}

TEST(ByteTerms, CountTheBytesOfF) {
    EXPECT_EQ(bytes_of({0, 0}), 0u);
    EXPECT_EQ(bytes_of({0, 255}), 1u);
    EXPECT_EQ(bytes_of({256, 0}), 2u);
    EXPECT_EQ(bytes_of({0xffffffff}), 4u);
}

}  // namespace
}  // namespace concrete::sim

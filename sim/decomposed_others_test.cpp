#include "sim/decomposed_others.h"

#include <gtest/gtest.h>

namespace concrete::sim::detail {
namespace {

/// One term with v = -10, -11, -12 and so on, one with v = 10, 11, ..., and g = 0, 1, ...
ByteTerms two_terms() {
    ByteTerms terms{{0}, {}, {{0, {0}, {}}, {3, {0}, {}}}};
    for (int column = 0; column < 10; ++column) {
        terms.g.push_back(static_cast<uint32_t>(column));
        terms.terms[0].v.push_back(static_cast<int8_t>(-10 - column));
        terms.terms[1].v.push_back(static_cast<int8_t>(10 + column));
    }
    return terms;
}

template <typename Element>
std::vector<int> elements(const DecomposedOthers& others, size_t k, size_t n, size_t count) {
    const auto* v = static_cast<const Element*>(others.v(others.chunk_of(k), k, n));
    return {v, v + count};
}

TEST(DecomposedOthers, HoldTermsOfShortProductsSideBySide) {
    const std::vector<uint8_t> positions{0, 1, 2,   //
                                         3, 4, 5,   //
                                         6, 7, 8,   //
                                         9, 0, 1,   //
                                         2, 3, 4};  // [k][n]
    const ElementLayout layout{.bytes = 1, .group = 4, .block = 2};
    const DecomposedOthers others(two_terms(), layout, positions.data(), 5, 3);
    EXPECT_EQ(elements<int8_t>(others, 0, 0, 64),
              (std::vector<int>{-10, -13, -16, -19, -11, -14, -17, -10, -12, 0, 0, 0, -13, 0, 0, 0,  //
                                10,  13,  16,  19,  11,  14,  17,  10,  12,  0, 0, 0, 13,  0, 0, 0,  //
                                -12, -15, -18, -11, 0,   0,   0,   0,   -14, 0, 0, 0, 0,   0, 0, 0,  //
                                12,  15,  18,  11,  0,   0,   0,   0,   14,  0, 0, 0, 0,   0, 0, 0}));
    EXPECT_EQ(elements<int8_t>(others, 4, 2, 1), (std::vector<int>{-14}));

    std::vector<uint32_t> sums(2);
    others.sum_g(0, 5, 1, sums);
    EXPECT_EQ(sums, (std::vector<uint32_t>{1 + 4 + 7 + 0 + 3, 2 + 5 + 8 + 1 + 4}));
    others.sum_g(4, 1, 1, sums);
    EXPECT_EQ(sums, (std::vector<uint32_t>{3, 4}));
}

TEST(DecomposedOthers, HoldTermsOfLongProductsOneAfterTheOther) {
    const size_t k = kPanelDepth + 1;
    std::vector<uint8_t> positions(k, 0);
    positions.back() = 7;
    const ElementLayout layout{.bytes = 2, .group = 1, .block = 1};
    const DecomposedOthers others(two_terms(), layout, positions.data(), k, 1);
    EXPECT_EQ(others.chunk_of(0).term_bytes, kPanelDepth * sizeof(int16_t));
    EXPECT_EQ(elements<int16_t>(others, kPanelDepth - 1, 0, 1), (std::vector<int>{-10}));
    EXPECT_EQ(others.chunk_of(kPanelDepth).depth, kDepthStep);
    EXPECT_EQ(elements<int16_t>(others, kPanelDepth, 0, 8), (std::vector<int>{-17, 0, 0, 0, 17, 0, 0, 0}));
}

TEST(DecomposedOthers, NeedNoSumsOfAConstantG) {
    ByteTerms terms = two_terms();
    terms.g.assign(10, 0xfffffff0);
    const std::vector<uint8_t> positions(6, 1);
    const ElementLayout layout{.bytes = 2, .group = 1, .block = 1};
    const DecomposedOthers others(terms, layout, positions.data(), 3, 2);
    std::vector<uint32_t> sums(2);
    others.sum_g(0, 3, 0, sums);
    EXPECT_EQ(sums, (std::vector<uint32_t>(2, 0xffffffd0)));
}

}  // namespace
}  // namespace concrete::sim::detail

#include "sim/term_search.h"

#include <gtest/gtest.h>

#include "sim/terms_testing.h"

namespace concrete::sim {
namespace {

using testing::random_terms;
using testing::sum_of;
using testing::Terms;
using testing::widest_of;

TermStart start_of(const Terms& terms) {
    return [terms] { return terms; };
}

TEST(NarrowTerms, SplitsWideOnes) {
    Random random(1);
    const Terms start = random_terms(random, 3, 12, 9, 5000, 2);
    const Terms found = *narrow_terms({start_of(start)}, 100);
    EXPECT_EQ(sum_of(found, 12, 9), sum_of(start, 12, 9));
    EXPECT_LE(widest_of(found), 255);
    EXPECT_GT(found.size(), 3U);
    EXPECT_LE(found.size(), 12U);
}

TEST(NarrowTerms, TakesTheStartThatFits) {
    Random random(2);
    const Terms wide = random_terms(random, 4, 12, 9, 5000, 2), narrow = random_terms(random, 4, 12, 9, 50, 2);
    EXPECT_EQ(narrow_terms({start_of(wide), [] { return std::nullopt; }, start_of(narrow)}, 100)->size(), 4U);
}

TEST(NarrowTerms, StopsWhereMoreTermsAreOfNoUse) {
    Random random(3);
    const Terms start = random_terms(random, 3, 12, 9, 5000, 0);
    const Terms found = *narrow_terms({start_of(start)}, 4);
    EXPECT_LE(found.size(), 4U);
    EXPECT_GT(widest_of(found), 255);
}

TEST(NarrowTerms, OfNothingIsNothing) {
    EXPECT_TRUE(narrow_terms({start_of({})}, 100)->empty());
    EXPECT_FALSE(narrow_terms({[] { return std::nullopt; }}, 100));
}

TEST(UniteShifts, TakesTheFewestPoints) {
    // Shifts that can be had: 0 to 1, 1 to 5, 3 to 4, 6.
    const Terms start{
        {1, {0, 127}, {0, 128}}, {5, {0, 60}, {0, -60}}, {4, {0, 200}, {0, 100}}, {6, {0, 255}, {0, 255}}};
    Terms terms = start;
    EXPECT_EQ(unite_shifts(terms), 3U);
    EXPECT_EQ(sum_of(terms, 2, 2), sum_of(start, 2, 2));
    EXPECT_LE(widest_of(terms), 255);
    EXPECT_EQ(terms[0].shift, 1);
    EXPECT_EQ(terms[1].shift, 4);
    EXPECT_EQ(terms[2].shift, 4);
    EXPECT_EQ(terms[3].shift, 6);
}

TEST(UniteShifts, UsesTheRoomOfBothOperands) {
    Terms terms{{0, {0, 255}, {0, -255}}, {4, {0, 60}, {0, 63}}};
    EXPECT_EQ(unite_shifts(terms), 1U);
    EXPECT_EQ(terms[1], (Decomposition::Term{0, {0, 240}, {0, 252}}));
}

TEST(UniteShifts, NeverLeaves0To31) {
    Terms terms{{31, {0, 1}, {0, 1}}, {0, {0, 1}, {0, 1}}};
    EXPECT_EQ(unite_shifts(terms), 2U);
    EXPECT_EQ(terms[0].shift, 31);
    EXPECT_EQ(terms[1].shift, 0);
    Terms none;
    EXPECT_EQ(unite_shifts(none), 0U);
}

}  // namespace
}  // namespace concrete::sim

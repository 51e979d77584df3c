#include "sim/term_reduction.h"

#include <functional>
#include <gtest/gtest.h>

#include "sim/terms_testing.h"

namespace concrete::sim {
namespace {

using testing::random_terms;
using testing::sum_of;
using testing::Terms;
using testing::widest_of;

constexpr size_t kRows = 20, kColumns = 13;

/// Narrow terms made wide by many random steps.
Terms scrambled(Random& random, size_t count, int most_shift) {
    Effort effort{1'000'000};
    TermReduction terms(random_terms(random, count, kRows, kColumns, 100, most_shift), effort);
    terms.shuffle(random, 40);
    return terms.terms();
}

TEST(TermReduction, EveryStepKeepsTheSum) {
    const std::vector<std::pair<const char*, std::function<void(TermReduction&)>>> steps{
        {"clean", [](TermReduction& terms) { terms.clean(); }},
        {"shorten", [](TermReduction& terms) { terms.shorten(); }},
        {"narrow", [](TermReduction& terms) { terms.narrow(); }},
        {"halve", [](TermReduction& terms) { terms.halve(); }},
        {"refactor", [](TermReduction& terms) { terms.refactor(12); }},
        {"split", [](TermReduction& terms) { EXPECT_TRUE(terms.split()); }},
    };
    Random random(1);
    for (int repetition = 0; repetition < 10; ++repetition) {
        const Terms start = scrambled(random, 5, repetition % 4);
        for (const auto& [name, step] : steps) {
            SCOPED_TRACE(name);
            Effort effort{1'000'000};
            TermReduction terms(start, effort);
            step(terms);
            EXPECT_EQ(sum_of(terms.terms(), kRows, kColumns), sum_of(start, kRows, kColumns));
            for (const auto& term : terms.terms()) EXPECT_TRUE(term.u[0] == 0 && term.v[0] == 0);
        }
    }
}

TEST(TermReduction, CleanMovesPowersOfTwoAndDropsZeros) {
    Effort effort{1000};
    TermReduction terms({{1, {0, 12, -8}, {0, 2}}, {0, {0, 0, 0}, {0, 5}}, {30, {0, 8, 0}, {0, 1}}}, effort);
    terms.clean();
    EXPECT_EQ(terms.terms(), (Terms{{4, {0, 3, -2}, {0, 1}}, {31, {0, 4, 0}, {0, 1}}}));
}

TEST(TermReduction, ExcessIsInBitsBeyondAByte) {
    Effort effort{1000};
    const TermReduction terms({{0, {0, 255}, {0, -255}}, {0, {-255, 255}, {0, 1020}}, {0, {0, 1}, {0, 256}}}, effort);
    EXPECT_NEAR(terms.excess(), 3, 0.01);
    EXPECT_EQ(terms.too_wide(), 2U);
}

TEST(TermReduction, ShortenAndNarrowUndoRandomSteps) {
    Random random(2);
    for (int repetition = 0; repetition < 10; ++repetition) {
        const Terms start = scrambled(random, 6, 0);
        ASSERT_GT(widest_of(start), 255);
        Effort effort{1'000'000};
        TermReduction terms(start, effort);
        terms.shorten();
        EXPECT_LT(widest_of(terms.terms()), widest_of(start));
        terms.narrow();
        EXPECT_LT(terms.excess(), 0.5);
    }
}

TEST(TermReduction, HalveFindsEvenSums) {
    // v_1 + v_2 is even, though neither is.
    Effort effort{1000};
    const Terms start{{0, {0, 1, 5}, {0, 101, 7, 3}}, {2, {0, 2, 1}, {0, 99, 1, 201}}};
    TermReduction terms(start, effort);
    terms.halve();
    EXPECT_EQ(sum_of(terms.terms(), 3, 4), sum_of(start, 3, 4));
    EXPECT_GE(terms.terms()[1].shift, 3);
}

TEST(TermReduction, SplitTakesTheWidestOperand) {
    Effort effort{1000};
    TermReduction terms({{3, {0, 1}, {0, 300}}, {2, {0, -1000}, {0, 7}}}, effort);
    EXPECT_TRUE(terms.split());
    EXPECT_EQ(terms.terms(), (Terms{{3, {0, 1}, {0, 300}}, {2, {0, 24}, {0, 7}}, {10, {0, -4}, {0, 7}}}));
    TermReduction high({{24, {0, 1000}, {0, 1}}}, effort);
    EXPECT_FALSE(high.split());
}

TEST(TermReduction, DoesNothingWithoutEffort) {
    Random random(3);
    const Terms start = scrambled(random, 6, 2);
    Effort effort{0};
    TermReduction terms(start, effort);
    terms.shorten();
    terms.narrow();
    terms.halve();
    EXPECT_FALSE(terms.refactor(12));
    EXPECT_EQ(terms.terms(), start);
}

}  // namespace
}  // namespace concrete::sim

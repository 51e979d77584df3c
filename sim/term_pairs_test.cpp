#include "sim/term_pairs.h"

#include <gtest/gtest.h>

#include "sim/term_reduction.h"
#include "sim/terms_testing.h"

namespace concrete::sim {
namespace {

using testing::random_terms;
using testing::sum_of;
using testing::Terms;
using testing::widest_of;

double cost_of(const Terms& terms) {
    double cost = 0;
    for (const auto& term : terms) cost += span_cost(testing::span_of(term.u)) + span_cost(testing::span_of(term.v));
    return cost;
}

TEST(NarrowerPair, UndoesACombination) {
    Random random(1);
    int narrowed = 0;
    for (int repetition = 0; repetition < 20; ++repetition) {
        const Terms hidden = random_terms(random, 2, 9, 17, 100, 3);
        // v_1' = 7 v_1 + 3 v_2, v_2' = 2 v_1 + v_2: of determinant 1, so that u_1 and u_2 stay integers.
        Terms start = hidden;
        start[0].shift = start[1].shift = 0;
        for (size_t e = 0; e < 17; ++e) {
            start[0].v[e] = 7 * hidden[0].v[e] + 3 * hidden[1].v[e];
            start[1].v[e] = 2 * hidden[0].v[e] + hidden[1].v[e];
        }
        for (size_t e = 0; e < 9; ++e) {
            const int32_t x = hidden[0].u[e] * (1 << hidden[0].shift), y = hidden[1].u[e] * (1 << hidden[1].shift);
            start[0].u[e] = x - 2 * y;
            start[1].u[e] = -3 * x + 7 * y;
        }
        ASSERT_EQ(sum_of(start, 9, 17), sum_of(hidden, 9, 17));
        const auto found = narrower_pair(start[0], start[1], 10);
        ASSERT_TRUE(found);
        const Terms pair{found->first, found->second};
        EXPECT_EQ(sum_of(pair, 9, 17), sum_of(start, 9, 17));
        EXPECT_LE(cost_of(pair), cost_of(hidden) + 1e-9);
        narrowed += widest_of(pair) <= 255 ? 1 : 0;
    }
    EXPECT_EQ(narrowed, 20);
}

TEST(NarrowerPair, LeavesNarrowTermsAlone) {
    EXPECT_FALSE(narrower_pair({0, {0, 1, 0}, {0, 1, 0}}, {5, {0, 0, 1}, {0, 0, 1}}, 10));
}

TEST(NarrowerPair, ShiftsStayBetween0And31) {
    Random random(2);
    for (const int shift : {0, 29, 31}) {
        Terms start = random_terms(random, 2, 5, 5, 20, 0);
        start[0].shift = start[1].shift = shift;
        for (int32_t& entry : start[0].v) entry *= 100;
        if (const auto found = narrower_pair(start[0], start[1], 20)) {
            for (const int found_shift : {found->first.shift, found->second.shift}) {
                EXPECT_GE(found_shift, 0);
                EXPECT_LE(found_shift, 31);
            }
            EXPECT_EQ(sum_of({found->first, found->second}, 5, 5), sum_of(start, 5, 5));
        }
    }
}

}  // namespace
}  // namespace concrete::sim

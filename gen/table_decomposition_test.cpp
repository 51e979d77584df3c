#include "gen/table_decomposition.h"

#include <gtest/gtest.h>

#include "sim/testing.h"

namespace concrete::gen {
namespace {

TEST(TableDecomposition, IsThatOfTheTable) {
    sim::Operator op = *sim::testing::exact_multiplier(8, 5, true);
    op.lut[0] = 77;  // one more term
    add_decomposition(op);
    ASSERT_TRUE(op.decomposition);
    EXPECT_TRUE(decomposes(*op.decomposition, op.lut));
    EXPECT_EQ(op.decomposition->rows(), 256U);
    EXPECT_EQ(op.decomposition->columns(), 32U);
    EXPECT_EQ(op.decomposition->terms.size(), 2U);
    EXPECT_EQ(op.decomposition_bound, 2U);
    EXPECT_EQ(op.decomposition_absence, "");
}

TEST(TableDecomposition, SaysWhyItIsAbsent) {
    sim::Operator op = *sim::testing::random_multiplier(8, 8, 16, false, 1);
    add_decomposition(op);
    EXPECT_FALSE(op.decomposition);
    EXPECT_EQ(op.decomposition_bound, 255U);
    EXPECT_EQ(op.decomposition_absence, "the table takes at least 255 terms, and more than 128 are of no use");
}

TEST(TableDecomposition, IsForMultipliersOfSmallOperandsOnly) {
    sim::Operator wide = *sim::testing::exact_multiplier(9, 4, false);
    sim::Operator adder = *sim::testing::inverting_adder(4);
    for (sim::Operator* op : {&wide, &adder}) {
        add_decomposition(*op);
        EXPECT_FALSE(op->decomposition || op->decomposition_bound || !op->decomposition_absence.empty());
    }
}

}  // namespace
}  // namespace concrete::gen

#include "sim/product_task.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <limits>

#include "sim/error.h"
#include "sim/testing.h"

namespace concrete::sim {
namespace {

using ::testing::HasSubstr;

constexpr CodeRange kSigned8{-128, 127};

std::shared_ptr<const ProductModel> exact_products(const CodeRange& a = kSigned8, const CodeRange& w = kSigned8) {
    return std::make_shared<const ProductModel>(testing::exact_multiplier(8, 8, true), a, w, false);
}

/// One column of 9 weights, all 1; init 0.
ProductTask task_of(std::shared_ptr<const ProductModel> products, const AccumulatorSpec& acc, bool skips = false) {
    static const std::vector<int32_t> weights(9, 1);
    ProductTask task;
    task.positions = {products->a_range(), skips};
    task.products = std::move(products);
    task.acc = acc;
    task.k = weights.size();
    task.n = 1;
    task.w = weights.data();
    return task;
}

bool wraps(const ProductTask& task) {
    return effective_accumulator(task).overflow == Overflow::wrap;
}

// Nine products of at most 2^14 from acc_0 on: up to 147,456 + 1 beyond it.
TEST(EffectiveAccumulator, WrapsWhereSaturationIsOutOfReach) {
    ProductTask task = task_of(exact_products(), {19, Overflow::saturate, 0, nullptr});
    EXPECT_TRUE(wraps(task)) << "262,143 is the highest code";
    task.largest_init = 262143 - 147456 - 1;
    EXPECT_TRUE(wraps(task));
    ++task.largest_init;
    EXPECT_FALSE(wraps(task)) << "an acc_0 of -114,687 counts as one less";
    task.acc.bits = 18;
    task.largest_init = 0;
    EXPECT_FALSE(wraps(task));
    task.positions.codes = {-3, 3};
    EXPECT_TRUE(wraps(task)) << "only activations that occur count";
    task.k = 400;
    EXPECT_FALSE(wraps(task));
}

TEST(EffectiveAccumulator, ChangesNothingElse) {
    const AccumulatorSpec spec{30, Overflow::saturate, 5, nullptr, LowerPart::eta_i};
    const AccumulatorSpec effective = effective_accumulator(task_of(exact_products(), spec));
    EXPECT_EQ(effective.overflow, Overflow::wrap);
    EXPECT_EQ(effective.bits, 30);
    EXPECT_EQ(effective.or_bits, 5);
    EXPECT_EQ(effective.lower_part, LowerPart::eta_i);

    const auto adder = make_accumulator(10, Overflow::saturate, testing::inverting_adder(10));
    EXPECT_EQ(effective_accumulator(task_of(exact_products({0, 0}, {0, 0}), adder)).overflow, Overflow::saturate)
        << "nothing is known of other adders";
}

TEST(EffectiveAccumulator, CountsTheLargestStartsOf64Bits) {
    for (const int k : {0, 15}) {
        ProductTask task = task_of(exact_products(), {64, Overflow::saturate, k, nullptr});
        for (const int64_t below : {0, 1, 2, 100}) {
            task.largest_init = std::numeric_limits<int64_t>::max() - below;
            EXPECT_FALSE(wraps(task)) << k << " low bits, " << below << " below the highest";
        }
        task.largest_init = std::numeric_limits<int64_t>::max() / 2;
        EXPECT_TRUE(wraps(task));
    }
    ProductTask still = task_of(exact_products({0, 0}), {64, Overflow::saturate, 0, nullptr});
    still.largest_init = std::numeric_limits<int64_t>::max();
    EXPECT_TRUE(wraps(still)) << "nothing is ever added";
}

std::string problem_of(const ProductTask& task) {
    return table_product_problem(task).value_or("");
}

TEST(TableProductProblem, IsNoneForWhatSumsCanCompute) {
    const std::vector<AccumulatorSpec> accumulators{{2, Overflow::wrap, 0, nullptr},
                                                    {64, Overflow::wrap, 0, nullptr},
                                                    {32, Overflow::wrap, 16, nullptr},
                                                    {16, Overflow::wrap, 16, nullptr, LowerPart::eta_i},
                                                    {32, Overflow::wrap, 32, nullptr, LowerPart::copy},
                                                    {32, Overflow::wrap, 20, nullptr, LowerPart::one}};
    for (const AccumulatorSpec& acc : accumulators)
        EXPECT_EQ(problem_of(task_of(exact_products(), acc)), "") << acc.bits << " bits, " << adder_label(acc);
    for (const LowerPart part : {LowerPart::or_with_carry, LowerPart::or_only, LowerPart::copy, LowerPart::eta_i}) {
        const AccumulatorSpec acc{20, Overflow::wrap, 5, nullptr, part};
        EXPECT_EQ(problem_of(task_of(exact_products({-127, 127}), acc, true)), "") << adder_label(acc);
    }
}

TEST(TableProductProblem, CountsPositions) {
    const AccumulatorSpec acc{32, Overflow::wrap, 0, nullptr};
    EXPECT_EQ(problem_of(task_of(exact_products(), acc)), "");
    EXPECT_EQ(problem_of(task_of(exact_products(), acc, true)),
              "256 activation codes with `padding: skip` and 256 weight codes, at most 256 of each can be looked up at "
              "once");
    const auto op = testing::exact_multiplier(9, 3, true);
    const auto wide = std::make_shared<const ProductModel>(op, CodeRange{-129, 127}, CodeRange{0, 3}, false);
    EXPECT_EQ(problem_of(task_of(wide, acc)),
              "257 activation codes and 4 weight codes, at most 256 of each can be looked up at once");
    ProductTask narrowed = task_of(wide, acc);
    narrowed.positions.codes = {-128, 127};
    EXPECT_EQ(problem_of(narrowed), "") << "only activations that occur count";
    const auto swapped = std::make_shared<const ProductModel>(testing::exact_multiplier(3, 9, true), CodeRange{0, 3},
                                                              CodeRange{-129, 127}, false);
    EXPECT_THAT(problem_of(task_of(swapped, acc)), HasSubstr("4 activation codes and 257 weight codes"));
}

TEST(TableProductProblem, NamesAccumulatorsWithoutForm) {
    EXPECT_EQ(problem_of(task_of(exact_products(), {16, Overflow::saturate, 0, nullptr})),
              "the accumulator saturates, so that the order of its sums counts");
    EXPECT_EQ(problem_of(task_of(exact_products(), make_accumulator(10, Overflow::wrap, testing::inverting_adder(10)))),
              "inverting has no closed form");
    for (const LowerPart part : {LowerPart::or_with_carry, LowerPart::or_only, LowerPart::eta_i}) {
        EXPECT_EQ(problem_of(task_of(exact_products(), {32, Overflow::wrap, 17, nullptr, part})),
                  "a lower part of 17 bits, at most 16 can be reduced");
    }
    for (const LowerPart part : {LowerPart::zero, LowerPart::one}) {
        const AccumulatorSpec acc{20, Overflow::wrap, 5, nullptr, part};
        EXPECT_EQ(problem_of(task_of(exact_products({-127, 127}), acc, true)),
                  "with `padding: skip` a window may have no addend, which leaves the lower part as it was");
    }
}

TEST(TableProductProblem, NamesOperatorsWithoutTable) {
    const AccumulatorSpec acc{12, Overflow::wrap, 0, nullptr};
    auto bare = std::make_shared<Operator>(*testing::with_netlist(testing::random_multiplier(3, 3, 6, true, 1)));
    bare->lut.clear();
    const CodeRange codes{-4, 3};
    EXPECT_EQ(problem_of(task_of(std::make_shared<const ProductModel>(bare, codes, codes, false), acc)),
              "random has no table");
    const auto unit = std::make_shared<const ProductModel>(testing::broken_carry_unit("init"), codes, codes, false);
    EXPECT_EQ(problem_of(task_of(unit, acc)), "unit is a MAC unit, which has no table");
}

TEST(TableProductProblem, KeepsPartsOfWideSumsWithin32Bits) {
    // The largest entry is 2^29 - 1 or 2^29 in magnitude, and four of the latter make 2^31.
    const auto products = [](int32_t largest) {
        auto op = testing::random_multiplier(8, 8, 17, true, 1);
        op->y.bits = 32;
        op->lut[12345] = largest;
        return std::make_shared<const ProductModel>(op, kSigned8, kSigned8, false);
    };
    constexpr int32_t kFits = (1 << 29) - 1;
    const AccumulatorSpec wide{33, Overflow::wrap, 0, nullptr};
    EXPECT_EQ(problem_of(task_of(products(kFits), wide)), "");
    for (const int32_t largest : {kFits + 1, -kFits - 1}) {
        ProductTask task = task_of(products(largest), wide);
        EXPECT_EQ(
            problem_of(task),
            "the accumulator has more than 32 bits, but 4 entries of up to 536870912 do not fit a sum of 32 bits");
        task.k = 3;
        EXPECT_EQ(problem_of(task), "");
        task.k = 9;
        task.acc.bits = 32;
        EXPECT_EQ(problem_of(task), "") << "sums modulo 2^32 are all there is";
        task.acc = {34, Overflow::wrap, 2, nullptr};
        EXPECT_EQ(problem_of(task), "") << "sums of 32 bits above the low ones";
    }
}

/// Products without a table, which a table of 32 bits could not hold; the closed form itself goes on.
TEST(TableProductProblem, KeepsClosedFormsWithin32Bits) {
    auto op = std::make_shared<Operator>(testing::bare_operator("16 x 16", OperatorKind::multiplier, {"a", 16, false},
                                                                {"b", 16, false}, {"y", 32, false}));
    op->closed_form = ClosedForm::product;
    const auto products = [&](const CodeRange& a, const CodeRange& w) {
        return std::make_shared<const ProductModel>(op, a, w, false);
    };
    // 46,340^2 < 2^31 < 46,341^2.
    for (const AccumulatorSpec& acc : {AccumulatorSpec{32, Overflow::wrap, 0, nullptr},
                                       {40, Overflow::saturate, 0, nullptr},
                                       {40, Overflow::wrap, 20, nullptr}}) {
        EXPECT_EQ(problem_of(task_of(products({46300, 46341}, {46300, 46341}), acc)),
                  "16 x 16 has products of up to 2147488281 here, beyond the 32 bits of a table");
    }
    EXPECT_EQ(problem_of(task_of(products({46300, 46340}, {46300, 46340}), {32, Overflow::wrap, 0, nullptr})), "");
}

TEST(SummedTable, HoldsTermsByPositionAndZerosWhereSkipped) {
    const auto op = testing::random_multiplier(8, 8, 17, true, 2);
    const auto products = std::make_shared<const ProductModel>(op, CodeRange{-5, 9}, CodeRange{-3, 3}, false);
    ProductTask task = task_of(products, {24, Overflow::wrap, 4, nullptr}, true);
    task.positions.codes = {-2, 6};
    const SumTable table = summed_table(task);
    ASSERT_EQ(table.lanes, 10u);
    ASSERT_EQ(table.others, 7u);
    for (size_t lane = 0; lane < 9; ++lane) {
        for (size_t other = 0; other < 7; ++other) {
            const int64_t product = products->product(static_cast<int64_t>(lane) - 2, static_cast<int64_t>(other) - 3);
            EXPECT_EQ(table.at(lane, other), (product + 8) >> 4);
        }
    }
    for (size_t other = 0; other < 7; ++other) EXPECT_EQ(table.at(9, other), 0);
    task.acc.overflow = Overflow::saturate;
    task.acc.bits = 12;
    EXPECT_THROW(summed_table(task), InputError);
}

}  // namespace
}  // namespace concrete::sim

#include "sim/task_decomposition.h"

#include <gtest/gtest.h>
#include <vector>

#include "sim/random.h"
#include "sim/testing.h"

namespace concrete::sim {
namespace {

constexpr CodeRange kSigned8{-128, 127};

/// One column of weights.
ProductTask task_of(std::shared_ptr<const ProductModel> products, const std::vector<int32_t>& weights,
                    const AccumulatorSpec& acc = {}) {
    ProductTask task;
    task.positions.codes = products->a_range();
    task.products = std::move(products);
    task.acc = acc;
    task.k = weights.size();
    task.n = 1;
    task.w = weights.data();
    return task;
}

std::vector<int32_t> all_codes(const CodeRange& range) {
    std::vector<int32_t> codes;
    for (int64_t code = range.lowest; code <= range.highest; ++code) codes.push_back(static_cast<int32_t>(code));
    return codes;
}

std::shared_ptr<const ProductModel> low_rank_products() {
    return std::make_shared<const ProductModel>(testing::low_rank_multiplier(), kSigned8, kSigned8, false);
}

/// What the decomposition gives at two positions.
int64_t value(const Decomposition& d, size_t lane, size_t other) {
    int64_t sum = int64_t{d.f[lane]} + d.g[other];
    for (const Decomposition::Term& term : d.terms)
        sum += (int64_t{term.u[lane]} * term.v[other]) * (int64_t{1} << term.shift);
    return sum;
}

/// Of the positions of these weights, all lanes.
void expect_decomposed(const Decomposition& d, const ProductTask& task) {
    const SumTable table = summed_table(task);
    ASSERT_EQ(d.rows(), table.lanes);
    ASSERT_EQ(d.columns(), table.others);
    size_t wrong = 0;
    for (size_t i = 0; i < task.k * task.n * task.groups; ++i) {
        const auto other = static_cast<size_t>(task.w[i] - task.products->w_range().lowest);
        for (size_t lane = 0; lane < table.lanes; ++lane) wrong += value(d, lane, other) != table.at(lane, other);
    }
    EXPECT_EQ(wrong, 0u);
    for (const Decomposition::Term& term : d.terms) {
        const auto [low_u, high_u] = std::minmax_element(term.u.begin(), term.u.end());
        const auto [low_v, high_v] = std::minmax_element(term.v.begin(), term.v.end());
        EXPECT_LE(*high_u - *low_u, 255);
        EXPECT_LE(*high_v - *low_v, 255) << "columns without weights widen a span";
    }
}

TEST(TaskDecomposition, HasOneTermForAnExactProduct) {
    auto closed = std::make_shared<Operator>(*testing::exact_multiplier(8, 8, true));
    closed->lut.clear();
    const std::vector<int32_t> weights = all_codes(kSigned8);
    for (const bool skips : {false, true}) {
        ProductTask task =
            task_of(std::make_shared<const ProductModel>(closed, CodeRange{-100, 127}, kSigned8, false), weights);
        task.positions.skips = skips;
        EXPECT_EQ(fewest_terms(task), 1u);
        const auto found = task_decomposition(task, 1);
        ASSERT_TRUE(found);
        EXPECT_EQ(found->terms.size(), 1u);
        expect_decomposed(*found, task);
        EXPECT_FALSE(task_decomposition(task, 0)) << "none of the terms asked for";
    }
}

TEST(TaskDecomposition, OfAllCodesIsThatOfTheTable) {
    const std::vector<int32_t> weights = all_codes(kSigned8);
    const ProductTask task = task_of(low_rank_products(), weights);
    const auto found = task_decomposition(task);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->terms.size(), 2u);
    EXPECT_EQ(fewest_terms(task), 2u);
    EXPECT_TRUE(decomposes(*found, summed_table(task).values));
}

TEST(TaskDecomposition, TakesFewerTermsForFewerCodes) {
    // A random table, so of full rank, on few activations and few weights, in no order and repeated.
    const auto op = testing::random_multiplier(8, 8, 12, true, 3);
    const std::vector<int32_t> weights{-5, 77, -5, 127, -128, 77};
    const ProductTask some =
        task_of(std::make_shared<const ProductModel>(op, CodeRange{-20, 20}, kSigned8, false), weights);
    EXPECT_EQ(fewest_terms(some), 3u) << "one less than the weights there are";
    const auto found = task_decomposition(some);
    ASSERT_TRUE(found);
    expect_decomposed(*found, some);
    EXPECT_FALSE(decomposes(*found, summed_table(some).values)) << "the other weights should have been free";

    ProductTask narrow = some;
    narrow.positions.codes = {3, 4};
    EXPECT_EQ(fewest_terms(narrow), 1u);
    narrow.positions.codes = {3, 3};
    EXPECT_EQ(fewest_terms(narrow), 0u) << "one activation is a constant";
    const auto constant = task_decomposition(narrow, 0);
    ASSERT_TRUE(constant);
    EXPECT_TRUE(constant->terms.empty());
    expect_decomposed(*constant, narrow);
}

TEST(TaskDecomposition, CountsTheWeightsOfAllGroups) {
    const auto op = testing::random_multiplier(8, 8, 12, true, 3);
    const std::vector<int32_t> weights{1, 2, 3, 4, 5, 6};
    ProductTask task = task_of(std::make_shared<const ProductModel>(op, CodeRange{-8, 8}, kSigned8, false), weights);
    task.k = 1;
    EXPECT_EQ(fewest_terms(task), 0u);
    task.n = 2;
    EXPECT_EQ(fewest_terms(task), 1u);
    task.groups = 3;
    EXPECT_EQ(fewest_terms(task), 5u);
    const auto found = task_decomposition(task);
    ASSERT_TRUE(found);
    expect_decomposed(*found, task);
}

TEST(TaskDecomposition, IsOfRoundedTermsUnderALowerPart) {
    const std::vector<int32_t> weights = all_codes({-8, 7});
    for (const LowerPart part : {LowerPart::or_with_carry, LowerPart::eta_i}) {
        const ProductTask task = task_of(low_rank_products(), weights, {24, Overflow::wrap, 2, nullptr, part});
        EXPECT_GT(fewest_terms(task), 2u);
        const auto found = task_decomposition(task);
        ASSERT_TRUE(found);
        EXPECT_GE(found->terms.size(), fewest_terms(task));
        expect_decomposed(*found, task);
    }
}

TEST(TaskDecomposition, IsNothingBeyondTheTermsAskedFor) {
    const std::vector<int32_t> weights = all_codes(kSigned8);
    EXPECT_FALSE(task_decomposition(task_of(low_rank_products(), weights), 1));
    const auto random =
        std::make_shared<const ProductModel>(testing::random_multiplier(8, 8, 16, true, 4), kSigned8, kSigned8, false);
    const ProductTask task = task_of(random, weights);
    EXPECT_EQ(fewest_terms(task), 255u);
    EXPECT_FALSE(task_decomposition(task));
}

/// a * b << 12 on all raw codes, and its decomposition, which no search would find: its entries are too large.
std::shared_ptr<Operator> large_multiplier() {
    auto op = std::make_shared<Operator>(*testing::exact_multiplier(8, 8, true));
    op->closed_form = ClosedForm::none;
    op->y.bits = 28;
    for (int32_t& y : op->lut) y *= 1 << 12;
    Decomposition::Term product{12, {}, {}};
    for (uint64_t raw = 0; raw < 256; ++raw) {
        product.u.push_back(static_cast<int32_t>(decode(raw, 8, true)));
        product.v.push_back(product.u.back());
    }
    op->decomposition = Decomposition{std::vector<int32_t>(256), std::vector<int32_t>(256), {product}};
    return op;
}

TEST(TaskDecomposition, TakesTheOperatorsOwnWhereItHolds) {
    const auto op = large_multiplier();
    ASSERT_TRUE(decomposes(*op->decomposition, op->lut));
    const std::vector<int32_t> weights{-128, 127, -1, 3};
    for (const CodeRange& codes : {kSigned8, CodeRange{-8, 100}}) {
        const ProductTask task =
            task_of(std::make_shared<const ProductModel>(op, codes, CodeRange{-128, 127}, false), weights);
        const auto found = task_decomposition(task);
        ASSERT_TRUE(found);
        EXPECT_EQ(found->terms.size(), 1u);
        expect_decomposed(*found, task);
    }
    // Neither of rounded terms, nor of products with another unit.
    const ProductTask rounded = task_of(std::make_shared<const ProductModel>(op, kSigned8, kSigned8, false), weights,
                                        {24, Overflow::wrap, 13, nullptr});
    const auto of_rounded = task_decomposition(rounded);
    if (of_rounded) expect_decomposed(*of_rounded, rounded);
    auto scaled = std::make_shared<Operator>(*op);
    scaled->y_lsb = 1;
    EXPECT_FALSE(
        task_decomposition(task_of(std::make_shared<const ProductModel>(scaled, kSigned8, kSigned8, false), weights)));
}

}  // namespace
}  // namespace concrete::sim

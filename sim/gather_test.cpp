#include "sim/gather.h"

#include <gtest/gtest.h>
#include <random>
#include <vector>

#include "sim/error.h"
#include "sim/testing.h"

namespace concrete::sim {
namespace {

struct Problem {
    std::vector<int32_t> a, w;
    std::vector<int64_t> init, out;
    MatmulArgs args;
};

enum class Fill { random, extreme };

Problem make_problem(size_t m, size_t k, size_t n, const ProductModel& products, const AccumulatorSpec& acc, Fill fill,
                     uint64_t seed) {
    std::mt19937_64 random(seed);
    const auto draw = [&](int64_t lowest, int64_t highest) {
        if (fill == Fill::extreme) return random() % 2 ? lowest : highest;
        return lowest + static_cast<int64_t>(random() % static_cast<uint64_t>(highest - lowest + 1));
    };
    Problem p;
    for (size_t i = 0; i < m * k; ++i) {
        p.a.push_back(static_cast<int32_t>(draw(products.a_range().lowest, products.a_range().highest)));
    }
    for (size_t i = 0; i < k * n; ++i) {
        p.w.push_back(static_cast<int32_t>(draw(products.w_range().lowest, products.w_range().highest)));
    }
    for (size_t i = 0; i < n; ++i) p.init.push_back(decode(random(), acc.bits, true));
    p.out.assign(m * n, 0);
    p.args = {m, k, n, p.a.data(), p.w.data(), p.init.data(), false, &products, acc, p.out.data()};
    return p;
}

/// The definition, one accumulate() after the other.
std::vector<int64_t> reference(const MatmulArgs& g) {
    std::vector<int64_t> out(g.m * g.n);
    for (size_t m = 0; m < g.m; ++m) {
        for (size_t n = 0; n < g.n; ++n) {
            int64_t acc = g.init[g.init_per_row ? m * g.n + n : n];
            for (size_t k = 0; k < g.k; ++k) {
                if (g.a[m * g.k + k] == kSkip) continue;
                acc = accumulate(g.acc, acc, g.products->product(g.a[m * g.k + k], g.w[k * g.n + n]));
            }
            out[m * g.n + n] = acc;
        }
    }
    return out;
}

std::vector<AccumulatorSpec> accumulators() {
    std::vector<AccumulatorSpec> specs;
    for (const int bits : {8, 16, 17, 24, 31, 32, 33, 48, 64}) {
        for (const int k : {0, 1, 5, bits}) {
            specs.push_back({bits, Overflow::wrap, k, nullptr});
            specs.push_back({bits, Overflow::saturate, k, nullptr});
        }
    }
    for (const LowerPart part :
         {LowerPart::or_only, LowerPart::zero, LowerPart::one, LowerPart::copy, LowerPart::eta_i}) {
        specs.push_back({31, Overflow::wrap, 7, nullptr, part});
        specs.push_back({33, Overflow::wrap, 12, nullptr, part});
        specs.push_back({18, Overflow::saturate, 7, nullptr, part});
    }
    specs.push_back(make_accumulator(10, Overflow::wrap, testing::inverting_adder(10)));
    specs.push_back(make_accumulator(10, Overflow::saturate, testing::inverting_adder(10)));
    return specs;
}

TEST(Gather, EqualsTheDefinitionForEveryAccumulator) {
    const auto op = testing::random_multiplier(8, 8, 17, true, 21);
    const ProductModel products(op, {-128, 127}, {-127, 127}, false);
    uint64_t seed = 0;
    for (const AccumulatorSpec& acc : accumulators()) {
        for (const auto& [m, k, n] : {std::array<size_t, 3>{1, 1, 1}, {3, 37, 5}, {2, 1, 7}, {17, 16, 1}}) {
            for (const Fill fill : {Fill::random, Fill::extreme}) {
                for (const int threads : {1, 2, 7}) {
                    Problem p = make_problem(m, k, n, products, acc, fill, ++seed);
                    gather(p.args, threads);
                    ASSERT_EQ(p.out, reference(p.args)) << "W=" << acc.bits << " k_or=" << acc.or_bits << " K=" << k
                                                        << " threads=" << threads << " seed=" << seed;
                }
            }
        }
    }
}

TEST(Gather, LongSumsOfExtremeProductsAreExact) {
    const auto op = testing::exact_multiplier(8, 8, true);
    const ProductModel products(op, {-128, 127}, {-128, 127}, false);
    const AccumulatorSpec acc{32, Overflow::wrap, 0, nullptr};
    Problem p = make_problem(1, 25088, 1, products, acc, Fill::extreme, 5);
    std::fill(p.a.begin(), p.a.end(), -128);
    std::fill(p.w.begin(), p.w.end(), -128);
    p.init[0] = 7;
    gather(p.args, 2);
    EXPECT_EQ(p.out[0], int64_t{25088} * 16384 + 7);
}

TEST(Gather, ProductsWithoutTableRunAsArithmetic) {
    auto op = std::make_shared<Operator>(testing::bare_operator("mul16s_exact", OperatorKind::multiplier,
                                                                {"a", 16, true}, {"b", 16, true}, {"y", 32, true}));
    op->closed_form = ClosedForm::product;
    const ProductModel products(op, {-32767, 32767}, {-32767, 32767}, false);
    for (const int bits : {24, 32, 40, 64}) {
        Problem p = make_problem(3, 29, 4, products, {bits, Overflow::wrap, 0, nullptr}, Fill::extreme, 9);
        gather(p.args, 1);
        EXPECT_EQ(p.out, reference(p.args)) << bits;
    }
}

TEST(Gather, ThreadsShareLargeProducts) {
    const auto op = testing::random_multiplier(8, 8, 16, true, 22);
    const ProductModel products(op, {-128, 127}, {-128, 127}, false);
    const AccumulatorSpec acc{24, Overflow::wrap, 6, nullptr};
    Problem p = make_problem(67, 301, 61, products, acc, Fill::random, 23);  // above what one thread keeps to itself
    const std::vector<int64_t> expected = reference(p.args);
    for (const int threads : {1, 2, 7, 100}) {
        std::fill(p.out.begin(), p.out.end(), 0);
        gather(p.args, threads);
        ASSERT_EQ(p.out, expected) << threads;
    }
}

TEST(Gather, SkippedPositionsAddNothingAndRowsMayStartApart) {
    const auto op = testing::random_multiplier(4, 4, 8, false, 8);
    const ProductModel products(op, {0, 15}, {0, 15}, false);
    for (const Overflow overflow : {Overflow::wrap, Overflow::saturate}) {
        Problem p = make_problem(5, 11, 3, products, {12, overflow, 2, nullptr}, Fill::random, 10);
        for (size_t i = 0; i < p.a.size(); i += 3) p.a[i] = kSkip;
        p.init.assign(15, 0);
        for (size_t i = 0; i < 15; ++i) p.init[i] = static_cast<int64_t>(i * 100) - 700;
        p.args.init = p.init.data();
        p.args.init_per_row = true;
        gather(p.args, 2);
        EXPECT_EQ(p.out, reference(p.args));
    }
}

TEST(Gather, BadOperandsAreRefused) {
    const auto op = testing::random_multiplier(4, 4, 8, true, 8);
    const ProductModel products(op, {-8, 7}, {-8, 7}, false);
    const AccumulatorSpec acc{12, Overflow::wrap, 0, nullptr};
    Problem p = make_problem(2, 3, 4, products, acc, Fill::random, 1);
    p.a[5] = 8;
    EXPECT_THROW(gather(p.args, 1), RangeError);
    p = make_problem(2, 3, 4, products, acc, Fill::random, 1);
    p.w[5] = -9;
    EXPECT_THROW(gather(p.args, 1), RangeError);
    p = make_problem(2, 3, 4, products, acc, Fill::random, 1);
    p.init[3] = 2048;
    EXPECT_THROW(gather(p.args, 1), RangeError);
    p = make_problem(2, 3, 4, products, acc, Fill::random, 1);
    p.args.k = 0;
    EXPECT_THROW(gather(p.args, 1), ShapeError);
}

}  // namespace
}  // namespace concrete::sim

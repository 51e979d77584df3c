#include "gen/metrics.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <random>

#include "sim/error.h"

namespace concrete::gen {
namespace {

using sim::Operator;
using sim::OperatorKind;

Operator bare(OperatorKind kind, int a_bits, int b_bits, int y_bits, bool is_signed) {
    Operator op;
    op.kind = kind;
    op.a = {"a", a_bits, is_signed};
    op.b = {"b", b_bits, is_signed};
    op.y = {"y", y_bits, is_signed};
    return op;
}

/// Fills the table from y(a, b) on codes.
template <typename F>
Operator filled(Operator op, F y) {
    for (uint64_t a = 0; a < uint64_t{1} << op.a.bits; ++a) {
        for (uint64_t b = 0; b < uint64_t{1} << op.b.bits; ++b) {
            const int64_t value =
                y(sim::decode(a, op.a.bits, op.a.is_signed), sim::decode(b, op.b.bits, op.b.is_signed));
            op.lut.push_back(
                static_cast<int32_t>(sim::decode(sim::encode(value, op.y.bits), op.y.bits, op.y.is_signed)));
        }
    }
    return op;
}

/// Slow and obvious: every figure straight from its definition, in doubles.
sim::Metrics reference(const Operator& op) {
    sim::Metrics m;
    const double n = static_cast<double>(op.lut.size()), range = std::pow(2, op.y.bits);
    double max_exact = 0;
    for (size_t i = 0; i < op.lut.size(); ++i) {
        const double a = static_cast<double>(sim::decode(i >> op.b.bits, op.a.bits, op.a.is_signed));
        const double b =
            static_cast<double>(sim::decode(i & ((size_t{1} << op.b.bits) - 1), op.b.bits, op.b.is_signed));
        const double exact = op.kind == OperatorKind::multiplier ? a * b : a + b;
        const double error = op.lut[i] - exact, size = std::abs(error),
                     relative = size / std::max(1.0, std::abs(exact));
        m.mae += size / n;
        m.wce = std::max(m.wce, size);
        m.wcre_percent = std::max(m.wcre_percent, 100 * relative);
        m.ep_percent += error != 0 ? 100 / n : 0;
        m.mre_percent += 100 * relative / n;
        m.mse += error * error / n;
        m.mean_error += error / n;
        max_exact = std::max(max_exact, std::abs(exact));
    }
    m.mae_percent = 100 * m.mae / range;
    m.wce_percent = 100 * m.wce / range;
    m.error_variance = m.mse - m.mean_error * m.mean_error;
    m.nmed = m.mae / max_exact;
    return m;
}

void expect_near(const sim::Metrics& got, const sim::Metrics& expected) {
    const auto near = [](double x, double y, const char* what) { EXPECT_NEAR(x, y, 1e-9 * (1 + std::abs(y))) << what; };
    near(got.mae, expected.mae, "mae");
    near(got.mae_percent, expected.mae_percent, "mae_percent");
    near(got.wce, expected.wce, "wce");
    near(got.wce_percent, expected.wce_percent, "wce_percent");
    near(got.wcre_percent, expected.wcre_percent, "wcre_percent");
    near(got.ep_percent, expected.ep_percent, "ep_percent");
    near(got.mre_percent, expected.mre_percent, "mre_percent");
    near(got.mse, expected.mse, "mse");
    near(got.mean_error, expected.mean_error, "mean_error");
    near(got.error_variance, expected.error_variance, "error_variance");
    near(got.nmed, expected.nmed, "nmed");
}

TEST(Metrics, AreZeroForExactOperators) {
    for (const bool is_signed : {false, true}) {
        const auto product = [](int64_t a, int64_t b) { return a * b; };
        const auto sum = [](int64_t a, int64_t b) { return a + b; };
        EXPECT_EQ(table_metrics(filled(bare(OperatorKind::multiplier, 5, 4, 9, is_signed), product)), sim::Metrics{});
        EXPECT_EQ(table_metrics(filled(bare(OperatorKind::adder, 5, 5, 6, is_signed), sum)), sim::Metrics{});
        EXPECT_EQ(table_metrics(filled(bare(OperatorKind::adder, 5, 5, 5, is_signed), sum)), sim::Metrics{});
    }
}

TEST(Metrics, EqualTheDefinitionsOnRandomTables) {
    std::mt19937_64 random(11);
    for (const bool is_signed : {false, true}) {
        const auto noise = [&](int64_t, int64_t) { return static_cast<int64_t>(random()); };
        for (const Operator& op : {filled(bare(OperatorKind::multiplier, 6, 3, 9, is_signed), noise),
                                   filled(bare(OperatorKind::multiplier, 3, 6, 12, is_signed), noise),
                                   filled(bare(OperatorKind::adder, 4, 4, 5, is_signed), noise)}) {
            expect_near(table_metrics(op), reference(op));
            EXPECT_GT(table_metrics(op).mae, 0);
        }
    }
}

// Kulkarni, Gupta, Ercegovac, VLSI Design 2011: 3 * 3 = 7 in three bits, all else exact; "maximum error 22.22%".
int64_t kulkarni2(int64_t a, int64_t b) {
    return a == 3 && b == 3 ? 7 : a * b;
}
int64_t kulkarni(int64_t a, int64_t b, int bits) {
    if (bits == 2) return kulkarni2(a, b);
    const int half = bits / 2;
    const int64_t mask = (1 << half) - 1, ah = a >> half, al = a & mask, bh = b >> half, bl = b & mask;
    return (kulkarni(ah, bh, half) << bits) + ((kulkarni(ah, bl, half) + kulkarni(al, bh, half)) << half) +
           kulkarni(al, bl, half);
}

TEST(Metrics, ReproduceTheUnderdesignedMultiplier) {
    const sim::Metrics two = table_metrics(filled(bare(OperatorKind::multiplier, 2, 2, 4, false), kulkarni2));
    EXPECT_DOUBLE_EQ(two.ep_percent, 6.25);  // one of 16
    EXPECT_DOUBLE_EQ(two.mae, 2.0 / 16);
    EXPECT_DOUBLE_EQ(two.wce, 2);
    EXPECT_DOUBLE_EQ(two.wce_percent, 12.5);
    EXPECT_DOUBLE_EQ(two.wcre_percent, 100 * 2.0 / 9);
    EXPECT_DOUBLE_EQ(two.mre_percent, 100 * 2.0 / 9 / 16);  // 1.39% in the paper
    EXPECT_DOUBLE_EQ(two.mean_error, -0.125);
    EXPECT_DOUBLE_EQ(two.nmed, 0.125 / 9);
    const sim::Metrics eight = table_metrics(filled(bare(OperatorKind::multiplier, 8, 8, 16, false),
                                                    [](int64_t a, int64_t b) { return kulkarni(a, b, 8); }));
    EXPECT_DOUBLE_EQ(eight.wcre_percent, 100 * 2.0 / 9);
    // Each of the 16 two-bit products errs by 2 once in 16: sum of 2/16 * 4^(i + j) = 2/16 * 85^2.
    EXPECT_DOUBLE_EQ(eight.mae, 85 * 85 / 8.0);
    EXPECT_DOUBLE_EQ(eight.mean_error, -85 * 85 / 8.0);
    EXPECT_DOUBLE_EQ(eight.wce, 2 * 85 * 85);
}

TEST(Metrics, CompareAddersWithoutCarryModulo) {
    // One too much everywhere: an error of 1, also where the exact sum is 255 and y is 0.
    for (const bool is_signed : {false, true}) {
        const sim::Metrics m = table_metrics(
            filled(bare(OperatorKind::adder, 8, 8, 8, is_signed), [](int64_t a, int64_t b) { return a + b + 1; }));
        EXPECT_EQ(m.wce, 1);
        EXPECT_EQ(m.mean_error, 1);
        EXPECT_EQ(m.ep_percent, 100);
    }
}

TEST(Metrics, MeasureDroppedLowBitsInTheProductsUnits) {
    Operator op = bare(OperatorKind::multiplier, 4, 4, 5, false);
    op.y_lsb = 3;
    op = filled(op, [](int64_t a, int64_t b) { return (a * b) >> 3; });
    const sim::Metrics m = table_metrics(op);
    EXPECT_EQ(m.wce, 7);
    EXPECT_DOUBLE_EQ(m.wce_percent, 100 * 7 / 256.0);
    EXPECT_LT(m.mean_error, 0);
}

TEST(Metrics, HoldTheLargestErrors) {
    Operator op = bare(OperatorKind::multiplier, 32, 32, 64, false);
    MetricsAccumulator metrics(op);
    const uint64_t top = 0xffffffff;
    for (int k = 0; k < 5; ++k) metrics.add(top, top, 0);
    metrics.add(0, 0, ~uint64_t{0});
    const sim::Metrics m = metrics.result();
    EXPECT_DOUBLE_EQ(m.wce, 0x1p64);
    EXPECT_NEAR(m.mse / 0x1p128, 1, 1e-8);
    EXPECT_NEAR(m.mean_error / 0x1p64, -4.0 / 6, 1e-8);
    Operator adder = bare(OperatorKind::adder, 64, 64, 64, true);
    EXPECT_EQ(error_of(adder, ~uint64_t{0}, 1, ~uint64_t{0}), -1);
    EXPECT_EQ(exact_result(adder, uint64_t{1} << 63, uint64_t{1} << 63), 0);
}

TEST(Metrics, NeedATable) {
    EXPECT_THROW(table_metrics(bare(OperatorKind::adder, 8, 8, 8, false)), InputError);
}

}  // namespace
}  // namespace concrete::gen

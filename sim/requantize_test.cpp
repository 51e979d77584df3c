#include "sim/requantize.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <random>

#include "sim/error.h"
#include "sim/int128.h"

namespace concrete::sim {
namespace {

constexpr CodeRange kByte{-128, 127};

/// Rounds the exact quotient half up by division and remainder, without shifts.
int64_t by_division(const Requantizer& r, int64_t acc) {
    const Int128 product = static_cast<Int128>(acc) * r.multiplier;
    const Int128 divisor = Int128{1} << r.shift;
    Int128 quotient = product / divisor, rest = product % divisor;
    if (rest < 0) {
        rest += divisor;
        --quotient;
    }
    if (2 * rest >= divisor && divisor > 1) ++quotient;
    quotient += r.zero_point;
    if (quotient < r.lowest) return r.lowest;
    if (quotient > r.highest) return r.highest;
    return static_cast<int64_t>(quotient);
}

TEST(Requantize, RoundsHalfUp) {
    const Requantizer half{int64_t{1} << 30, 31, 0, -128, 127};  // factor 1/2
    EXPECT_EQ(requantize(half, -1), 0);                          // -0.5
    EXPECT_EQ(requantize(half, -3), -1);                         // -1.5
    EXPECT_EQ(requantize(half, 1), 1);
    EXPECT_EQ(requantize(half, 3), 2);
    EXPECT_EQ(requantize(half, -2), -1);
}

TEST(Requantize, EqualsDivisionOnRandomAndExtremeValues) {
    std::mt19937_64 random(3);
    const int64_t extremes[] = {0, 1, -1, std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max()};
    for (int trial = 0; trial < 20000; ++trial) {
        const Requantizer r{(int64_t{1} << 30) + static_cast<int64_t>(random() % (uint64_t{1} << 30)),
                            static_cast<int>(random() % 63), static_cast<int64_t>(random() % 256) - 128, -128, 127};
        const int64_t acc = trial % 7 == 0 ? extremes[random() % 5] : static_cast<int64_t>(random()) >> (random() % 64);
        ASSERT_EQ(requantize(r, acc), by_division(r, acc)) << acc << " * " << r.multiplier << " >> " << r.shift;
        const int64_t several[] = {acc, static_cast<int32_t>(acc), std::numeric_limits<int32_t>::min(),
                                   std::numeric_limits<int32_t>::max(), int64_t{1} << 31};
        int32_t codes[std::size(several)];
        requantize(r, several, std::size(several), codes);
        for (size_t i = 0; i < std::size(several); ++i) ASSERT_EQ(codes[i], by_division(r, several[i])) << several[i];
    }
}

TEST(Requantize, FactorsBecomeMultiplierAndShift) {
    const Requantizer one = make_requantizer(1.0, 5, kByte);
    EXPECT_EQ(one.multiplier, int64_t{1} << 30);
    EXPECT_EQ(one.shift, 30);
    EXPECT_EQ(one.zero_point, 5);
    for (const double factor : {1e-9, 0.0007, 0.33333, 1.0, 1.9999999999, 77.7, 2147483647.0}) {
        const Requantizer r = make_requantizer(factor, 0, kByte);
        EXPECT_GE(r.multiplier, int64_t{1} << 30);
        EXPECT_LT(r.multiplier, int64_t{1} << 31);
        EXPECT_NEAR(std::ldexp(static_cast<double>(r.multiplier), -r.shift) / factor, 1.0, 1e-9) << factor;
    }
}

TEST(Requantize, SmallestAndLargestFactors) {
    EXPECT_EQ(make_requantizer(std::ldexp(1.0, -32), 0, kByte).shift, 62);
    EXPECT_EQ(make_requantizer(std::ldexp(0.99, -32), 0, kByte).multiplier, 0);
    EXPECT_THROW(make_requantizer(std::ldexp(1.0, 31), 0, kByte), RangeError);
    EXPECT_THROW(make_requantizer(0, 0, kByte), RangeError);
    EXPECT_THROW(make_requantizer(std::numeric_limits<double>::infinity(), 0, kByte), RangeError);
    EXPECT_EQ(requantize(make_requantizer(std::ldexp(0.5, -32), -7, kByte), 1 << 20), -7);
}

}  // namespace
}  // namespace concrete::sim

#include "sim/quantize.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>

#include "sim/error.h"

namespace concrete::sim {
namespace {

QuantSpec spec_of(int bits, Scheme scheme) {
    return {bits, scheme, Granularity::tensor};
}

TEST(Quantize, RangesOfTheSchemes) {
    EXPECT_EQ(code_range(spec_of(8, Scheme::symmetric), true, false), (CodeRange{-127, 127}));
    EXPECT_EQ(code_range(spec_of(8, Scheme::fixed_point), false, true), (CodeRange{-127, 127}));
    EXPECT_EQ(code_range(spec_of(8, Scheme::affine), true, false), (CodeRange{-128, 127}));
    EXPECT_EQ(code_range(spec_of(8, Scheme::affine), false, false), (CodeRange{0, 255}));
    EXPECT_EQ(code_range(spec_of(16, Scheme::affine), false, true), (CodeRange{0, 65535}));
    EXPECT_EQ(code_range(spec_of(1, Scheme::symmetric), true, true), (CodeRange{-1, 1}));
    EXPECT_EQ(code_range(spec_of(1, Scheme::affine), false, false), (CodeRange{0, 1}));
    EXPECT_THROW(code_range(spec_of(0, Scheme::symmetric), true, true), RangeError);
    EXPECT_THROW(code_range(spec_of(17, Scheme::symmetric), true, true), RangeError);
}

TEST(Quantize, HalvesRoundUp) {
    const CodeRange range{-127, 127};
    EXPECT_EQ(quantize_value(0.5, {1.0, 0}, range), 1);
    EXPECT_EQ(quantize_value(-0.5, {1.0, 0}, range), 0);
    EXPECT_EQ(quantize_value(-1.5, {1.0, 0}, range), -1);
    EXPECT_EQ(quantize_value(0.5, {1.0, 3}, range), 4);
}

TEST(Quantize, FarValuesClamp) {
    const CodeRange range{-127, 127};
    EXPECT_EQ(quantize_value(1e300, {1e-300, 0}, range), 127);
    EXPECT_EQ(quantize_value(-1e300, {1e-300, 0}, range), -127);
    EXPECT_EQ(quantize_value(std::numeric_limits<double>::infinity(), {1.0, 0}, range), 127);
}

TEST(Quantize, SymmetricScaleReachesTheExtreme) {
    const QuantSpec spec = spec_of(8, Scheme::symmetric);
    const CodeRange range = code_range(spec, true, false);
    const QuantParams params = choose_params(spec, range, -3.0, 2.0);
    EXPECT_EQ(params.zero_point, 0);
    EXPECT_EQ(quantize_value(-3.0, params, range), -127);
    EXPECT_DOUBLE_EQ(params.scale, 3.0 / 127);
}

TEST(Quantize, FixedPointScaleIsTheSmallestPowerOfTwoThatCovers) {
    const QuantSpec spec = spec_of(8, Scheme::fixed_point);
    const CodeRange range = code_range(spec, true, false);
    EXPECT_EQ(choose_params(spec, range, -127.0, 0).scale, 1.0);
    EXPECT_EQ(choose_params(spec, range, -127.5, 0).scale, 2.0);
    EXPECT_EQ(choose_params(spec, range, 0, 0.9).scale, std::ldexp(1.0, -7));
}

TEST(Quantize, AffineHasAnExactZeroAndCoversBothEnds) {
    const QuantSpec spec = spec_of(8, Scheme::affine);
    for (const bool signed_port : {false, true}) {
        const CodeRange range = code_range(spec, signed_port, false);
        for (const auto& [lowest, highest] : {std::pair{-1.0, 3.0}, {0.0, 6.0}, {-2.5, -0.5}, {0.3, 9.0}}) {
            const QuantParams params = choose_params(spec, range, lowest, highest);
            EXPECT_TRUE(range.contains(params.zero_point));
            EXPECT_EQ(quantize_value(0.0, params, range), params.zero_point);
            for (const double end : {lowest, highest}) {
                const auto code = static_cast<double>(quantize_value(end, params, range) - params.zero_point);
                EXPECT_NEAR(code * params.scale, end, params.scale) << lowest << " " << highest;
            }
        }
    }
}

TEST(Quantize, DegenerateRanges) {
    for (const Scheme scheme : {Scheme::symmetric, Scheme::affine, Scheme::fixed_point}) {
        const QuantSpec spec = spec_of(8, scheme);
        const CodeRange range = code_range(spec, true, false);
        EXPECT_EQ(choose_params(spec, range, 0, 0).scale, 1.0);
        const double tiny = choose_params(spec, range, -1e-310, 1e-310).scale;
        EXPECT_GT(tiny, 0);
        EXPECT_TRUE(std::isnormal(tiny));
        EXPECT_THROW(choose_params(spec, range, 0, std::numeric_limits<double>::infinity()), RangeError);
    }
}

TEST(Quantize, OneBitActivationsSwitchAtHalfTheScale) {
    const QuantSpec spec = spec_of(1, Scheme::symmetric);
    const CodeRange range = code_range(spec, true, false);
    const QuantParams params{2.0, 0};
    EXPECT_EQ(quantize_activation(1.0, spec, params, range), 1);
    EXPECT_EQ(quantize_activation(0.999, spec, params, range), 0);
    EXPECT_EQ(quantize_activation(-5, spec, params, range), 0);
}

TEST(Quantize, OneBitWeightsCarryTheMeanMagnitudePerChannel) {
    const Tensor<float> w({2, 2}, {0.5f, -1.5f, 0.0f, 3.0f});
    const QuantizedWeights q = quantize_weights(w, {1, Scheme::symmetric, Granularity::channel}, true);
    EXPECT_EQ(q.codes, (std::vector<int32_t>{1, -1, 1, 1}));
    EXPECT_DOUBLE_EQ(q.params[0].scale, 1.0);
    EXPECT_DOUBLE_EQ(q.params[1].scale, 1.5);
}

TEST(Quantize, WeightsPerChannelAndPerTensor) {
    const Tensor<float> w({2, 2}, {1.0f, -0.5f, 4.0f, 2.0f});
    const QuantizedWeights channel = quantize_weights(w, {8, Scheme::symmetric, Granularity::channel}, true);
    EXPECT_EQ(channel.codes, (std::vector<int32_t>{127, -63, 127, 64}));
    const QuantizedWeights tensor = quantize_weights(w, {8, Scheme::symmetric, Granularity::tensor}, true);
    EXPECT_EQ(tensor.codes, (std::vector<int32_t>{32, -16, 127, 64}));
    EXPECT_EQ(tensor.params[0], tensor.params[1]);
}

TEST(Quantize, PercentilesAreNearestRank) {
    std::vector<float> values;
    for (int i = 100; i >= 1; --i) values.push_back(static_cast<float>(i));
    const ValueRange range = percentile_range(values, 99);
    EXPECT_EQ(range.lowest, 1);
    EXPECT_EQ(range.highest, 99);
    EXPECT_EQ(percentile_range(values, 100).highest, 100);
    EXPECT_EQ(percentile_range({5.0f}, 99.9).highest, 5);
}

}  // namespace
}  // namespace concrete::sim

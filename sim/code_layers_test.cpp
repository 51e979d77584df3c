#include "sim/code_layers.h"

#include <cmath>
#include <gtest/gtest.h>

namespace concrete::sim {
namespace {

Layer pool_layer(LayerType type, Window window, Shape output) {
    Layer layer;
    layer.name = "pool";
    layer.type = type;
    layer.window = window;
    layer.output_shape = std::move(output);
    return layer;
}

CodeTensor picture(std::vector<int32_t> codes, int64_t zero_point) {
    return {Tensor<int32_t>({1, 1, 3, 3}, std::move(codes)), {0.5, zero_point}, {-128, 127}};
}

TEST(CodeLayers, ReluCutsAtTheZeroPoint) {
    EXPECT_EQ(code_relu(picture({-9, -5, -4, 0, 3, 7, -128, 127, -6}, -5)).codes.data,
              (std::vector<int32_t>{-5, -5, -4, 0, 3, 7, -5, 127, -5}));
}

TEST(CodeLayers, PaddingNeverWinsAMaximum) {
    const Layer layer = pool_layer(LayerType::max_pool, {{2, 2}, {2, 2}, {1, 1}, {1, 1}}, {1, 2, 2});
    const CodeTensor out = code_max_pool(picture({-9, -8, -7, -6, -5, -4, -3, -2, -1}, 0), layer);
    EXPECT_EQ(out.codes.data, (std::vector<int32_t>{-9, -7, -3, -1}));
    EXPECT_EQ(out.codes.shape, (Shape{1, 1, 2, 2}));
}

TEST(CodeLayers, AverageLeavesPaddingOutAndRoundsHalfUp) {
    const Layer layer = pool_layer(LayerType::avg_pool, {{2, 2}, {2, 2}, {1, 1}, {1, 1}}, {1, 2, 2});
    // Windows: {1}, {2, 3}, {4, 7}, {5, 6, 8, 9}: means 1, 2.5, 5.5, 7.
    EXPECT_EQ(code_avg_pool(picture({1, 2, 3, 4, 5, 6, 7, 8, 9}, 0), layer).codes.data,
              (std::vector<int32_t>{1, 3, 6, 7}));
    // With zero point 10 the same codes stand for negative values; -7.5 above z rounds up to -7.
    EXPECT_EQ(code_avg_pool(picture({1, 2, 3, 4, 5, 6, 7, 8, 9}, 10), layer).codes.data,
              (std::vector<int32_t>{1, 3, 6, 7}));
}

TEST(CodeLayers, AdditionIsWithinOneCodeOfTheRealSum) {
    CodeTensor a{Tensor<int32_t>({1, 256}), {0.013, -3}, {-128, 127}};
    CodeTensor b{Tensor<int32_t>({1, 256}), {0.07, 11}, {-128, 127}};
    for (int32_t i = 0; i < 256; ++i) {
        a.codes.data[static_cast<size_t>(i)] = i - 128;
        b.codes.data[static_cast<size_t>(i)] = (i * 37) % 256 - 128;
    }
    const QuantParams params{0.06, 5};
    const CodeTensor out = code_add({&a, &b}, params, {-128, 127});
    int clamped = 0;
    for (size_t i = 0; i < 256; ++i) {
        const double real = 0.013 * (a.codes.data[i] + 3) + 0.07 * (b.codes.data[i] - 11);
        const double code = real / params.scale + 5;
        if (code > 127 || code < -128) {
            ++clamped;
            EXPECT_EQ(out.codes.data[i], code > 0 ? 127 : -128);
        } else {
            EXPECT_NEAR(out.codes.data[i], code, 0.51);
        }
    }
    EXPECT_GT(clamped, 0);
}

TEST(CodeLayers, AdditionAddsBeforeItRounds) {
    // 0.4 + 0.4 of an output code is 1, although each alone rounds to 0.
    const CodeTensor a{Tensor<int32_t>({1, 1}, {1}), {0.4, 0}, {-8, 7}};
    EXPECT_EQ(code_add({&a, &a}, {1.0, 0}, {-8, 7}).codes.data[0], 1);
}

TEST(CodeLayers, RealsAndCodesConvertBothWays) {
    const Tensor<float> values({1, 4}, {-1.0f, 0.0f, 0.74f, 9.0f});
    const QuantSpec spec{4, Scheme::affine, Granularity::tensor};
    const CodeTensor codes = quantize_tensor(values, spec, {0.5, 2}, {0, 15});
    EXPECT_EQ(codes.codes.data, (std::vector<int32_t>{0, 2, 3, 15}));
    EXPECT_EQ(dequantize(codes).data, (std::vector<float>{-1.0f, 0.0f, 0.5f, 6.5f}));
}

}  // namespace
}  // namespace concrete::sim

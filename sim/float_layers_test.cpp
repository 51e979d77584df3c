#include "sim/float_layers.h"

#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <random>

#include "sim/error.h"
#include "sim/file.h"

// Tensors hold small integers, so that all sums are exact in fp32 and results are compared for equality, whatever the
// order in which oneDNN adds.
namespace concrete::sim {
namespace {

Network make_network(const std::string& shape, const std::string& layers) {
    TemporaryFolder folder;
    write_file(folder.path() / "net.yaml", "name: net\ninput: {shape: " + shape + "}\nlayers:\n" + layers);
    return load_network(folder.path() / "net.yaml");
}

// None of them 0, which would hide mistakes.
Tensor<float> small_integers(const Shape& shape, std::mt19937& random) {
    Tensor<float> tensor(shape);
    for (float& value : tensor.data) {
        const int drawn = static_cast<int>(random() % 8);
        value = static_cast<float>(drawn < 4 ? drawn - 4 : drawn - 3);
    }
    return tensor;
}

Shape batched(size_t n, const Shape& shape) {
    Shape result{n};
    result.insert(result.end(), shape.begin(), shape.end());
    return result;
}

// Everything that one position of a sliding window touches: calls visit(input index, kernel index) for real positions.
template <typename Visit>
void for_window(const Window& w, size_t rows, size_t columns, size_t out_row, size_t out_column, Visit visit) {
    for (size_t i = 0; i < w.kernel[0]; ++i)
        for (size_t j = 0; j < w.kernel[1]; ++j) {
            const size_t row = out_row * w.stride[0] + i * w.dilation[0];
            const size_t column = out_column * w.stride[1] + j * w.dilation[1];
            if (row < w.padding[0] || row - w.padding[0] >= rows) continue;
            if (column < w.padding[1] || column - w.padding[1] >= columns) continue;
            visit((row - w.padding[0]) * columns + column - w.padding[1], i * w.kernel[1] + j);
        }
}

// One convolution, written as its definition: calls mac(input, weight, output) with the indices of every
// multiply-accumulate.
template <typename Mac>
void for_convolution(const Layer& layer, const Shape& in, const Shape& out, Mac mac) {
    const size_t in_group = in[1] / layer.groups, out_group = out[1] / layer.groups;
    const size_t area = layer.window.kernel[0] * layer.window.kernel[1];
    for (size_t n = 0; n < out[0]; ++n)
        for (size_t o = 0; o < out[1]; ++o)
            for (size_t r = 0; r < out[2]; ++r)
                for (size_t c = 0; c < out[3]; ++c)
                    for (size_t i = 0; i < in_group; ++i)
                        for_window(layer.window, in[2], in[3], r, c, [&](size_t position, size_t tap) {
                            const size_t channel = o / out_group * in_group + i;
                            mac((n * in[1] + channel) * in[2] * in[3] + position, (o * in_group + i) * area + tap,
                                ((n * out[1] + o) * out[2] + r) * out[3] + c);
                        });
}

struct ConvolutionCase {
    const char* shape;
    const char* layer;

    friend std::ostream& operator<<(std::ostream& out, const ConvolutionCase& c) { return out << c.shape << c.layer; }
};

class Convolution : public testing::TestWithParam<ConvolutionCase> {};

TEST_P(Convolution, ForwardAndBackwardEqualTheDefinition) {
    const Network net = make_network(GetParam().shape, GetParam().layer);
    const Layer& layer = net.output();
    std::mt19937 random(1);
    for (const size_t batch : {1, 3})
        for (const int threads : {1, 2}) {
            const Tensor<float> input = small_integers(batched(batch, net.input().output_shape), random);
            const Tensor<float> weight = small_integers(weight_shape(net, layer), random);
            const Tensor<float> bias = small_integers({layer.out_channels}, random);
            const Tensor<float> output =
                forward_layer(net, layer, {&input}, &weight, layer.has_bias ? &bias : nullptr, threads);
            const Tensor<float> d_output = small_integers(output.shape, random);
            const LayerGradients got = backward_layer(net, layer, {&input}, output, &weight, d_output, threads);

            Tensor<float> expected(batched(batch, layer.output_shape)), d_input(input.shape), d_weight(weight.shape);
            Tensor<float> d_bias({layer.out_channels});
            const size_t plane = layer.output_shape[1] * layer.output_shape[2];
            for (size_t i = 0; i < expected.size(); ++i) {
                const size_t channel = i / plane % layer.out_channels;
                if (layer.has_bias) expected.data[i] = bias.data[channel];
                d_bias.data[channel] += d_output.data[i];
            }
            for_convolution(layer, input.shape, expected.shape, [&](size_t a, size_t w, size_t y) {
                expected.data[y] += input.data[a] * weight.data[w];
                d_input.data[a] += d_output.data[y] * weight.data[w];
                d_weight.data[w] += d_output.data[y] * input.data[a];
            });
            EXPECT_EQ(output, expected);
            ASSERT_EQ(got.d_inputs.size(), 1u);
            EXPECT_EQ(got.d_inputs[0], d_input);
            EXPECT_EQ(got.d_weight, d_weight);
            EXPECT_EQ(got.d_bias, layer.has_bias ? d_bias : Tensor<float>());
            EXPECT_TRUE(std::any_of(d_weight.data.begin(), d_weight.data.end(), [](float v) { return v != 0; }));

            const LayerGradients lean = backward_layer(net, layer, {&input}, output, &weight, d_output, threads, false);
            EXPECT_TRUE(lean.d_inputs.empty());
            EXPECT_EQ(lean.d_weight, d_weight);
        }
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, Convolution,
    testing::Values(
        ConvolutionCase{"[1, 12, 12]", "  - {name: c, type: conv2d, out_channels: 6, kernel: 5, padding: 2}"},
        ConvolutionCase{"[6, 9, 9]", "  - {name: c, type: conv2d, out_channels: 16, kernel: 5, bias: false}"},
        ConvolutionCase{"[3, 7, 5]", "  - {name: c, type: conv2d, out_channels: 5, kernel: 1}"},
        ConvolutionCase{"[3, 7, 5]", "  - {name: c, type: conv2d, out_channels: 5, kernel: 1, stride: 2}"},
        ConvolutionCase{"[2, 7, 5]", "  - {name: c, type: conv2d, out_channels: 3, kernel: [7, 5]}"},
        ConvolutionCase{"[2, 4, 3]", "  - {name: c, type: conv2d, out_channels: 3, kernel: [8, 5], padding: [2, 1]}"},
        ConvolutionCase{"[1, 1, 1]", "  - {name: c, type: conv2d, out_channels: 1, kernel: 3, padding: 3}"},
        ConvolutionCase{
            "[2, 11, 13]",
            "  - {name: c, type: conv2d, out_channels: 3, kernel: [3, 2], dilation: [2, 3], stride: [1, 2]}"},
        ConvolutionCase{"[4, 8, 8]", "  - {name: c, type: conv2d, out_channels: 6, kernel: 3, padding: 1, groups: 2}"},
        ConvolutionCase{"[6, 9, 7]",
                        "  - {name: c, type: conv2d, out_channels: 6, kernel: 3, stride: 2, groups: 6, bias: false}"},
        ConvolutionCase{"[3, 9, 9]",
                        "  - {name: c, type: conv2d, out_channels: 6, kernel: 3, padding: 2, dilation: 2, groups: 3}"},
        ConvolutionCase{"[16, 8, 8]", "  - {name: c, type: conv2d, out_channels: 32, kernel: 3, padding: 1}"},
        ConvolutionCase{"[5, 1, 1]", "  - {name: c, type: conv2d, out_channels: 4, kernel: 1}"}),
    [](const auto& c) { return "Case" + std::to_string(c.index); });

class Linear : public testing::TestWithParam<bool> {};

TEST_P(Linear, ForwardAndBackwardEqualTheDefinition) {
    const bool has_bias = GetParam();
    const Network net =
        make_network("[5, 3, 2]", std::string("  - {name: f, type: flatten}\n  - {name: c, type: linear, ") +
                                      "out_features: 17, bias: " + (has_bias ? "true}" : "false}"));
    const Layer& layer = net.output();
    std::mt19937 random(2);
    for (const size_t batch : {1, 2, 33}) {
        const Tensor<float> input = small_integers({batch, 30}, random), weight = small_integers({17, 30}, random);
        const Tensor<float> bias = small_integers({17}, random);
        const Tensor<float> output = forward_layer(net, layer, {&input}, &weight, has_bias ? &bias : nullptr, 2);
        const Tensor<float> d_output = small_integers({batch, 17}, random);
        const LayerGradients got = backward_layer(net, layer, {&input}, output, &weight, d_output, 2);
        Tensor<float> expected({batch, 17}), d_input({batch, 30}), d_weight({17, 30}), d_bias({17});
        for (size_t n = 0; n < batch; ++n)
            for (size_t o = 0; o < 17; ++o) {
                const float d = d_output.data[n * 17 + o];
                expected.data[n * 17 + o] = has_bias ? bias.data[o] : 0;
                d_bias.data[o] += d;
                for (size_t i = 0; i < 30; ++i) {
                    expected.data[n * 17 + o] += input.data[n * 30 + i] * weight.data[o * 30 + i];
                    d_input.data[n * 30 + i] += d * weight.data[o * 30 + i];
                    d_weight.data[o * 30 + i] += d * input.data[n * 30 + i];
                }
            }
        EXPECT_EQ(output, expected);
        EXPECT_EQ(got.d_inputs.at(0), d_input);
        EXPECT_EQ(got.d_weight, d_weight);
        EXPECT_EQ(got.d_bias, has_bias ? d_bias : Tensor<float>());
    }
}

INSTANTIATE_TEST_SUITE_P(Bias, Linear, testing::Bool(), [](const auto& c) { return c.param ? "Yes" : "No"; });

class Pooling : public testing::TestWithParam<const char*> {};

// All inputs are negative, so that padding taken for a zero would win every maximum, and different, so that there are
// no ties.
TEST_P(Pooling, MaxEqualsTheDefinitionAndPaddingNeverWins) {
    const Network net = make_network("[3, 7, 9]", "  - {name: p, type: max_pool, " + std::string(GetParam()) + "}");
    const Layer& layer = net.output();
    std::mt19937 random(3);
    Tensor<float> input({2, 3, 7, 9});
    for (size_t i = 0; i < input.size(); ++i) input.data[i] = -1.0f - static_cast<float>(i);
    std::shuffle(input.data.begin(), input.data.end(), random);
    const Tensor<float> output = forward_layer(net, layer, {&input}, nullptr, nullptr, 2);
    const Tensor<float> d_output = small_integers(output.shape, random);
    const LayerGradients got = backward_layer(net, layer, {&input}, output, nullptr, d_output, 2);

    Tensor<float> expected(batched(2, layer.output_shape)), d_input(input.shape);
    const size_t plane = layer.output_shape[1] * layer.output_shape[2];
    for (size_t y = 0; y < expected.size(); ++y) {
        const size_t base = y / plane * 63;  // of the picture's channel
        size_t best = input.size();
        for_window(layer.window, 7, 9, y % plane / layer.output_shape[2], y % layer.output_shape[2],
                   [&](size_t position, size_t) {
                       if (best == input.size() || input.data[base + position] > input.data[best])
                           best = base + position;
                   });
        expected.data[y] = input.data.at(best);
        d_input.data[best] += d_output.data[y];
    }
    EXPECT_EQ(output, expected);
    EXPECT_EQ(got.d_inputs.at(0), d_input);
}

TEST_P(Pooling, AverageLeavesPaddingOutOfTheCount) {
    const Network net = make_network("[3, 7, 9]", "  - {name: p, type: avg_pool, " + std::string(GetParam()) + "}");
    const Layer& layer = net.output();
    std::mt19937 random(4);
    const Tensor<float> input = small_integers({2, 3, 7, 9}, random);
    const Tensor<float> output = forward_layer(net, layer, {&input}, nullptr, nullptr, 1);
    const Tensor<float> d_output = small_integers(output.shape, random);
    const LayerGradients got = backward_layer(net, layer, {&input}, output, nullptr, d_output, 1);

    ASSERT_EQ(output.shape, batched(2, layer.output_shape));
    std::vector<double> d_input(input.size());
    const size_t plane = layer.output_shape[1] * layer.output_shape[2];
    for (size_t y = 0; y < output.size(); ++y) {
        double sum = 0;
        std::vector<size_t> taken;
        for_window(layer.window, 7, 9, y % plane / layer.output_shape[2], y % layer.output_shape[2],
                   [&](size_t position, size_t) { taken.push_back(y / plane * 63 + position); });
        for (const size_t a : taken) sum += input.data[a];
        for (const size_t a : taken) d_input[a] += d_output.data[y] / static_cast<double>(taken.size());
        EXPECT_NEAR(output.data[y], sum / static_cast<double>(taken.size()), 1e-6) << y;
    }
    for (size_t a = 0; a < input.size(); ++a) EXPECT_NEAR(got.d_inputs.at(0).data[a], d_input[a], 1e-5) << a;
}

INSTANTIATE_TEST_SUITE_P(Windows, Pooling,
                         testing::Values("kernel: 2", "kernel: [7, 9]", "kernel: 3, stride: 2", "kernel: 1, stride: 2",
                                         "kernel: 3, stride: 2, padding: 1",
                                         "kernel: [4, 5], stride: 1, padding: [3, 4]"),
                         [](const auto& c) { return "Case" + std::to_string(c.index); });

TEST(FloatLayers, ReluPassesWhatIsPositive) {
    const Network net = make_network("[1, 2, 3]", "  - {name: r, type: relu}");
    const Tensor<float> input({1, 1, 2, 3}, {-2, -0.5f, 0, 0.5f, 2, 1e30f}), d_output({1, 1, 2, 3}, {1, 2, 3, 4, 5, 6});
    const Tensor<float> output = forward_layer(net, net.output(), {&input}, nullptr, nullptr, 1);
    EXPECT_EQ(output.data, (std::vector<float>{0, 0, 0, 0.5f, 2, 1e30f}));
    const LayerGradients got = backward_layer(net, net.output(), {&input}, output, nullptr, d_output, 1);
    EXPECT_EQ(got.d_inputs.at(0).data, (std::vector<float>{0, 0, 0, 4, 5, 6}));
}

TEST(FloatLayers, FlattenKeepsTheOrderAndItsGradient) {
    const Network net = make_network("[2, 2, 3]", "  - {name: f, type: flatten}");
    std::mt19937 random(5);
    const Tensor<float> input = small_integers({3, 2, 2, 3}, random);
    const Tensor<float> output = forward_layer(net, net.output(), {&input}, nullptr, nullptr, 1);
    EXPECT_EQ(output, Tensor<float>({3, 12}, input.data));
    EXPECT_EQ(backward_layer(net, net.output(), {&input}, output, nullptr, output, 1).d_inputs.at(0), input);
}

TEST(FloatLayers, AddSumsAllItsInputs) {
    const Network net = make_network("[2, 2, 3]",
                                     "  - {name: r, type: relu}\n  - {name: q, type: relu}\n"
                                     "  - {name: s, type: add, in: [input, r, q]}");
    std::mt19937 random(6);
    const Tensor<float> a = small_integers({2, 2, 2, 3}, random), b = small_integers(a.shape, random);
    const Tensor<float> c = small_integers(a.shape, random), d_output = small_integers(a.shape, random);
    const Tensor<float> output = forward_layer(net, net.output(), {&a, &b, &c}, nullptr, nullptr, 1);
    for (size_t i = 0; i < a.size(); ++i) EXPECT_EQ(output.data[i], a.data[i] + b.data[i] + c.data[i]);
    const LayerGradients got = backward_layer(net, net.output(), {&a, &b, &c}, output, nullptr, d_output, 1);
    EXPECT_EQ(got.d_inputs, (std::vector<Tensor<float>>{d_output, d_output, d_output}));
}

TEST(FloatLayers, SoftmaxAndItsGradientEqualTheDefinition) {
    const Network net = make_network("[1, 1, 4]", "  - {name: f, type: flatten}\n  - {name: s, type: softmax}");
    const Tensor<float> input({2, 4}, {1, -2, 0.5f, 3, 1000, 999, -1000, 998}),
        d_output({2, 4}, {1, 2, -3, 4, 0, 1, 5, 2});
    const Tensor<float> output = forward_layer(net, net.output(), {&input}, nullptr, nullptr, 1);
    const LayerGradients got = backward_layer(net, net.output(), {&input}, output, nullptr, d_output, 1);
    for (size_t n = 0; n < 2; ++n) {
        double total = 0, dot = 0;
        std::vector<double> p(4);
        const double top = n == 0 ? 3 : 1000;
        for (size_t i = 0; i < 4; ++i) total += p[i] = std::exp(input.data[n * 4 + i] - top);
        for (size_t i = 0; i < 4; ++i) dot += (p[i] /= total) * d_output.data[n * 4 + i];
        for (size_t i = 0; i < 4; ++i) {
            EXPECT_NEAR(output.data[n * 4 + i], p[i], 1e-6);
            EXPECT_NEAR(got.d_inputs.at(0).data[n * 4 + i], p[i] * (d_output.data[n * 4 + i] - dot), 1e-5);
        }
    }
}

TEST(FloatLayers, ForwardNetworkFollowsTheGraph) {
    const Network net = make_network("[1, 2, 2]",
                                     "  - {name: c, type: conv2d, out_channels: 1, kernel: 1}\n"
                                     "  - {name: r, type: relu}\n"
                                     "  - {name: s, type: add, in: [r, input]}\n"
                                     "  - {name: f, type: flatten}");
    const Weights weights{{"c.weight", Tensor<float>({1, 1, 1, 1}, {2})}, {"c.bias", Tensor<float>({1}, {-3})}};
    const auto outputs = forward_network(net, weights, Tensor<float>({1, 1, 2, 2}, {1, 2, 3, 4}), 1);
    ASSERT_EQ(outputs.size(), 5u);
    EXPECT_EQ(outputs[0].data, (std::vector<float>{1, 2, 3, 4}));
    EXPECT_EQ(outputs[1].data, (std::vector<float>{-1, 1, 3, 5}));
    EXPECT_EQ(outputs[2].data, (std::vector<float>{0, 1, 3, 5}));
    EXPECT_EQ(outputs[3].data, (std::vector<float>{1, 3, 6, 9}));
    EXPECT_EQ(outputs[4], Tensor<float>({1, 4}, {1, 3, 6, 9}));
}

TEST(FloatLayers, ArgumentsThatDoNotFitAreErrors) {
    const Network net = make_network("[1, 2, 2]", "  - {name: c, type: conv2d, out_channels: 1, kernel: 1}");
    const Layer& layer = net.output();
    const Tensor<float> input({1, 1, 2, 2}), weight({1, 1, 1, 1}), bias({1}), wide({1, 1, 2, 3}), none({0, 1, 2, 2});
    EXPECT_NO_THROW(forward_layer(net, layer, {&input}, &weight, &bias, 1));
    EXPECT_THROW(forward_layer(net, layer, {&wide}, &weight, &bias, 1), ShapeError);
    EXPECT_THROW(forward_layer(net, layer, {&none}, &weight, &bias, 1), ShapeError);
    EXPECT_THROW(forward_layer(net, layer, {}, &weight, &bias, 1), ShapeError);
    EXPECT_THROW(forward_layer(net, layer, {&input, &input}, &weight, &bias, 1), ShapeError);
    EXPECT_THROW(forward_layer(net, layer, {&input}, nullptr, &bias, 1), ShapeError);
    EXPECT_THROW(forward_layer(net, layer, {&input}, &bias, &bias, 1), ShapeError);
    EXPECT_THROW(forward_layer(net, layer, {&input}, &weight, nullptr, 1), ShapeError);
    EXPECT_THROW(forward_layer(net, layer, {&input}, &weight, &weight, 1), ShapeError);
    EXPECT_THROW(backward_layer(net, layer, {&input}, input, &weight, wide, 1), ShapeError);
    EXPECT_THROW(backward_layer(net, layer, {&input}, wide, &weight, input, 1), ShapeError);
    EXPECT_THROW(forward_network(net, {}, wide, 1), ShapeError);
    EXPECT_THROW(forward_network(net, {}, input, 1), ShapeError);
}

}  // namespace
}  // namespace concrete::sim

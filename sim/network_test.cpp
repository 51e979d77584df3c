#include "sim/network.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/error.h"
#include "sim/file.h"

namespace concrete::sim {
namespace {

using testing::AllOf;
using testing::HasSubstr;

Network load_text(const std::string& text) {
    TemporaryFolder folder;
    write_file(folder.path() / "net.yaml", text);
    return load_network(folder.path() / "net.yaml");
}

// A network with these layer lines on a [2, 6, 8] picture.
std::string with_layers(const std::string& lines) {
    return "name: net\ninput: {shape: [2, 6, 8]}\nlayers:\n" + lines;
}

std::string error(const std::string& text) {
    try {
        load_text(text);
    } catch (const InputError& e) {
        return e.what();
    }
    return "no error";
}

std::string layer_error(const std::string& lines) {
    return error(with_layers(lines));
}

TEST(Network, InfersShapesOfEveryLayerType) {
    const Network net = load_text(R"(
name: everything
input: {shape: [2, 9, 12], mean: [0.5, 0.25], std: [0.5, 2]}
layers:
  - {name: conv, type: conv2d, out_channels: 4, kernel: [3, 5], stride: [2, 1], padding: [1, 2], dilation: [2, 1], groups: 2, bias: false}
  - {name: relu_1, type: relu}
  - {name: side, type: conv2d, in: conv, out_channels: 4, kernel: 1}
  - {name: sum, type: add, in: [relu_1, side, conv]}
  - {name: pool, type: max_pool, kernel: 2}
  - {name: mean, type: avg_pool, kernel: [2, 3], stride: 1, padding: [1, 0]}
  - {name: flat, type: flatten}
  - {name: fc, type: linear, out_features: 10}
  - {name: prob, type: softmax, in: [fc]}
)");
    EXPECT_EQ(net.name, "everything");
    EXPECT_EQ(net.mean, (std::vector<float>{0.5f, 0.25f}));
    EXPECT_EQ(net.std_dev, (std::vector<float>{0.5f, 2.0f}));
    ASSERT_EQ(net.layers.size(), 10u);
    const std::vector<Shape> shapes = {{2, 9, 12}, {4, 4, 12}, {4, 4, 12}, {4, 4, 12}, {4, 4, 12},
                                       {4, 2, 6},  {4, 3, 4},  {48},       {10},       {10}};
    for (size_t i = 0; i < shapes.size(); ++i) EXPECT_EQ(net.layers[i].output_shape, shapes[i]) << net.layers[i].name;

    const Layer& conv = net.layers[1];
    EXPECT_EQ(conv.window, (Window{{3, 5}, {2, 1}, {1, 2}, {2, 1}}));
    EXPECT_EQ(conv.groups, 2u);
    EXPECT_FALSE(conv.has_bias);
    EXPECT_EQ(weight_shape(net, conv), (Shape{4, 1, 3, 5}));
    EXPECT_EQ(weight_shape(net, net.layers[8]), (Shape{10, 48}));
    EXPECT_EQ(net.layers[4].inputs, (std::vector<size_t>{2, 3, 1}));
    EXPECT_EQ(net.consumers(1), (std::vector<size_t>{2, 3, 4}));
    EXPECT_EQ(net.index_of("pool"), 5u);
    EXPECT_EQ(net.index_of("input"), 0u);
    EXPECT_EQ(net.index_of("nothing"), net.layers.size());
    EXPECT_EQ(net.layers[5].window.stride, (std::array<size_t, 2>{2, 2}));
    EXPECT_EQ(net.output().name, "prob");
}

TEST(Network, MeanAndStdAreZeroAndOneUnlessGiven) {
    const Network net = load_text(with_layers("  - {name: r, type: relu}\n"));
    EXPECT_EQ(net.mean, (std::vector<float>{0, 0}));
    EXPECT_EQ(net.std_dev, (std::vector<float>{1, 1}));
}

TEST(Network, AWindowMayFillItsPaddedInputButNotExceedIt) {
    EXPECT_EQ(load_text(with_layers("  - {name: c, type: conv2d, out_channels: 1, kernel: [8, 12], padding: [1, 2]}\n"))
                  .output()
                  .output_shape,
              (Shape{1, 1, 1}));
    EXPECT_THAT(layer_error("  - {name: c, type: conv2d, out_channels: 1, kernel: [9, 1], padding: [1, 2]}\n"),
                AllOf(HasSubstr("net.yaml:4:"), HasSubstr("window has 9 rows, its padded input only 8")));
    EXPECT_THAT(layer_error("  - {name: c, type: conv2d, out_channels: 1, kernel: [1, 4], dilation: 3}\n"),
                HasSubstr("window has 10 columns, its padded input only 8"));
    EXPECT_THAT(layer_error("  - {name: p, type: max_pool, kernel: 7}\n"), HasSubstr("window has 7 rows"));
}

TEST(Network, BadLayersAreErrors) {
    EXPECT_THAT(layer_error("  - {name: c, type: conv2d, out_channels: 4, kernel: 1, groups: 4}\n"),
                HasSubstr("4 groups must divide the 2 input and the 4 output channels"));
    EXPECT_THAT(layer_error("  - {name: c, type: conv2d, out_channels: 3, kernel: 1, groups: 2}\n"),
                HasSubstr("2 groups must divide"));
    EXPECT_THAT(layer_error("  - {name: f, type: linear, out_features: 3}\n"),
                AllOf(HasSubstr("reads [2, 6, 8]"), HasSubstr("put a flatten layer in between")));
    EXPECT_THAT(layer_error("  - {name: s, type: softmax}\n"), HasSubstr("flatten"));
    EXPECT_THAT(layer_error("  - {name: f, type: flatten}\n  - {name: p, type: max_pool, kernel: 1}\n"),
                HasSubstr("reads [96], expected [channels, rows, columns]"));
    EXPECT_THAT(layer_error("  - {name: p, type: avg_pool, kernel: [2, 3], padding: [1, 3]}\n"),
                HasSubstr("padding 3 must be below the kernel's 3"));
    EXPECT_THAT(layer_error("  - {name: p, type: avg_pool, kernel: 65536, padding: 65535, stride: 65536}\n"),
                HasSubstr("a window of 4294967296 positions, expected at most 65536"));
    EXPECT_THAT(layer_error("  - {name: p, type: max_pool, kernel: 2}\n  - {name: s, type: add, in: [p, input]}\n"),
                HasSubstr("adds 'p' [2, 3, 4] and 'input' [2, 6, 8], expected equal shapes"));
    EXPECT_THAT(layer_error("  - {name: s, type: add, in: [input]}\n"), HasSubstr("1 layers, expected two or more"));
    EXPECT_THAT(layer_error("  - {name: s, type: add}\n"), HasSubstr("in"));
    EXPECT_THAT(layer_error("  - {name: r, type: relu, in: [input, input]}\n"), HasSubstr("2 layers, expected one"));
    EXPECT_THAT(layer_error("  - {name: r, type: relu, in: []}\n"), HasSubstr("0 layers, expected one"));
    EXPECT_THAT(layer_error("  - {name: c, type: conv2d, out_channels: 1, kernel: [1, 2, 3]}\n"),
                HasSubstr("3 elements, expected an integer or [rows, columns]"));
    EXPECT_THAT(layer_error("  - {name: c, type: conv2d, out_channels: 1, kernel: 0}\n"), HasSubstr("layers"));
    EXPECT_THAT(layer_error("  - {name: c, type: conv2d, out_channels: 0, kernel: 1}\n"), HasSubstr("out_channels"));
    EXPECT_THAT(layer_error("  - {name: c, type: conv2d, kernel: 1}\n"), HasSubstr("out_channels"));
    EXPECT_THAT(layer_error("  - {name: c, type: conv2d, out_channels: 1, kernel: 1, stride: 0}\n"),
                HasSubstr("stride"));
}

TEST(Network, UnknownNamesSayTheNearest) {
    EXPECT_THAT(layer_error("  - {name: conv1, type: conv2, out_channels: 1, kernel: 1}\n"), HasSubstr("conv2d"));
    EXPECT_THAT(layer_error("  - {name: conv1, type: input}\n"), HasSubstr("input"));
    EXPECT_THAT(layer_error("  - {name: conv1, type: conv2d, out_channels: 1, kernal: 1}\n"), HasSubstr("kernel"));
    EXPECT_THAT(layer_error("  - {name: relu, type: relu, kernel: 1}\n"), HasSubstr("kernel"));
    EXPECT_THAT(layer_error("  - {name: relu1, type: relu}\n  - {name: r, type: relu, in: relu2}\n"),
                AllOf(HasSubstr("net.yaml:5:"), HasSubstr("no layer 'relu2' above this one; nearest: 'relu1'")));
    EXPECT_THAT(layer_error("  - {name: r, type: relu, in: r}\n"), HasSubstr("no layer 'r' above"));
    EXPECT_THAT(error("name: a\ninput: {shape: [1, 2, 2]}\nlayer: []\n"), HasSubstr("layers"));
    EXPECT_THAT(error("name: a\ninput: {shape: [1, 2, 2], men: [0]}\nlayers: [{name: r, type: relu}]\n"),
                HasSubstr("mean"));
}

TEST(Network, BadNamesAreErrors) {
    for (const std::string name : {"1a", "a-b", "a.b", "''", "'a b'", "'a/b'", "ä"})
        EXPECT_THAT(layer_error("  - {name: " + name + ", type: relu}\n"), HasSubstr("is no layer name")) << name;
    for (const std::string name : {"_", "A9_", "relu_1"})
        EXPECT_EQ(layer_error("  - {name: " + name + ", type: relu}\n"), "no error") << name;
    EXPECT_THAT(layer_error("  - {name: input, type: relu}\n"), HasSubstr("choose another"));
    EXPECT_THAT(layer_error("  - {name: r, type: relu}\n  - {name: r, type: relu}\n"),
                AllOf(HasSubstr("net.yaml:5:"), HasSubstr("a second layer named 'r'")));
}

TEST(Network, LayersNobodyReadsAreErrors) {
    EXPECT_THAT(layer_error("  - {name: a, type: relu}\n  - {name: b, type: relu, in: input}\n"),
                AllOf(HasSubstr("net.yaml:4:"), HasSubstr("nobody reads 'a'")));
}

TEST(Network, BadInputsAreErrors) {
    const auto input_error = [](const std::string& input) {
        return error("name: a\ninput: " + input + "\nlayers: [{name: r, type: relu}]\n");
    };
    EXPECT_THAT(input_error("{shape: [4]}"), HasSubstr("[4], expected [channels, rows, columns]"));
    EXPECT_THAT(input_error("{shape: [1, 0, 4]}"), HasSubstr("shape"));
    EXPECT_THAT(input_error("{shape: [1, 70000, 4]}"), HasSubstr("shape"));
    EXPECT_THAT(input_error("{shape: [65536, 65536, 65536]}"), HasSubstr("larger than"));
    EXPECT_THAT(input_error("{mean: [0]}"), HasSubstr("shape"));
    EXPECT_THAT(input_error("{shape: [2, 3, 3], mean: [0]}"), HasSubstr("1 values, expected one for each of the 2"));
    EXPECT_THAT(input_error("{shape: [1, 3, 3], std: [0]}"), HasSubstr("std"));
    EXPECT_THAT(input_error("{shape: [1, 3, 3], mean: [x]}"), HasSubstr("mean"));
    EXPECT_THAT(error("name: ''\ninput: {shape: [1, 2, 2]}\nlayers: [{name: r, type: relu}]\n"), HasSubstr("empty"));
    EXPECT_THAT(error("name: a\ninput: {shape: [1, 2, 2]}\nlayers: []\n"), HasSubstr("at least one layer"));
}

TEST(Network, SizesAreBounded) {
    EXPECT_THAT(layer_error("  - {name: c, type: conv2d, out_channels: 65536, kernel: 1, padding: 65536}\n"),
                HasSubstr("the output [65536, 131078, 131080] is larger than 268435456 elements"));
    EXPECT_THAT(layer_error("  - {name: f, type: flatten}\n  - {name: g, type: linear, out_features: 65536}\n"
                            "  - {name: h, type: linear, out_features: 65536}\n"),
                HasSubstr("the weight [65536, 65536] is larger"));
}

TEST(Network, LayersAndNamesAreBounded) {
    std::string lines;
    for (int i = 0; i < 4096; ++i) lines += "  - {name: r" + std::to_string(i) + ", type: relu}\n";
    EXPECT_EQ(load_text(with_layers(lines)).layers.size(), 4097u);
    EXPECT_THAT(layer_error(lines + "  - {name: last, type: relu}\n"), HasSubstr("4097 layers, expected at most 4096"));
    EXPECT_EQ(layer_error("  - {name: " + std::string(100, 'x') + ", type: relu}\n"), "no error");
    EXPECT_THAT(layer_error("  - {name: " + std::string(101, 'x') + ", type: relu}\n"),
                HasSubstr("a name of 101 characters"));
}

// The networks this project ships.
TEST(Network, ShippedNetworksLoad) {
    const std::filesystem::path nets = std::filesystem::path(CONCRETE_SOURCE_DIR) / "nets";
    const Network lenet = load_network(nets / "lenet5.yaml");
    EXPECT_EQ(lenet.output().output_shape, (Shape{10}));
    EXPECT_EQ(weight_shape(lenet, lenet.layers.at(lenet.index_of("conv2"))), (Shape{16, 6, 5, 5}));
    EXPECT_EQ(weight_shape(lenet, lenet.layers.at(lenet.index_of("fc1"))), (Shape{120, 400}));
    const Network mlp = load_network(nets / "mlp.yaml");
    EXPECT_EQ(weight_shape(mlp, mlp.layers.at(mlp.index_of("fc1"))), (Shape{512, 784}));
    EXPECT_EQ(mlp.output().output_shape, (Shape{10}));
}

}  // namespace
}  // namespace concrete::sim

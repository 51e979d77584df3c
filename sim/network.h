#pragma once

#include <array>
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "sim/tensor.h"

namespace concrete::sim {

enum class LayerType { input, conv2d, linear, max_pool, avg_pool, relu, flatten, add, softmax };

std::string to_string(LayerType type);

/// Sliding-window geometry of convolution and pooling, rows (h) and columns (w) apart.
struct Window {
    std::array<size_t, 2> kernel{1, 1};
    std::array<size_t, 2> stride{1, 1};
    std::array<size_t, 2> padding{0, 0};   ///< the same on both sides
    std::array<size_t, 2> dilation{1, 1};  ///< convolution only

    bool operator==(const Window&) const = default;
};

/// One named node of the graph.
struct Layer {
    std::string name;
    LayerType type = LayerType::input;
    std::vector<size_t> inputs;  ///< indices of earlier layers; two or more for add, one for the rest, none for input
    Shape output_shape;          ///< of one picture: [c, h, w], or [features] after flatten and linear

    size_t out_channels = 0;  ///< conv2d; features of linear
    size_t groups = 1;        ///< conv2d
    bool has_bias = true;     ///< conv2d, linear
    Window window;            ///< conv2d, max_pool, avg_pool

    /// Convolution or fully connected: the layers that own weights and run on approximate hardware.
    bool is_mac() const { return type == LayerType::conv2d || type == LayerType::linear; }
};

/// A network: a directed acyclic graph of layers in topological order, layer 0 the input, the last one the output.
/// Weights of layer NAME are NAME.weight [out, in / groups, kh, kw] or [out, in], and NAME.bias [out].
struct Network {
    std::string name;
    std::vector<float> mean, std_dev;  ///< per input channel: value = (pixel / 255 - mean) / std
    std::vector<Layer> layers;

    const Layer& input() const { return layers.front(); }
    const Layer& output() const { return layers.back(); }
    /// Index of a layer by name, or layers.size().
    size_t index_of(const std::string& layer_name) const;
    /// Layers that read the output of layer i.
    std::vector<size_t> consumers(size_t i) const;
};

/// Shape of NAME.weight for a MAC layer.
Shape weight_shape(const Network& network, const Layer& layer);

/// Reads a network description (docs/network.md):
///
///     name: lenet5
///     input: {shape: [1, 28, 28], mean: [0.5], std: [0.5]}
///     layers:
///       - {name: conv1, type: conv2d, out_channels: 6, kernel: 5, padding: 2}
///       - {name: relu1, type: relu}                # reads the layer above, unless `in` names another
///       - {name: sum1, type: add, in: [relu1, conv1]}
///
/// kernel, stride, padding, dilation: one integer, or [rows, columns]; the stride of a pool is its kernel unless given.
/// Layers nobody reads, other than the last, are errors, and so is every shape that does not fit.
/// Throws: InputError with file, line and column.
Network load_network(const std::filesystem::path& path);

}  // namespace concrete::sim

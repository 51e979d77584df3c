#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <vector>

#include "sim/mac_layer.h"
#include "sim/testing.h"

/// Layers of every shape, for tests.
namespace concrete::sim::testing {

/// Extents of a layer; output extents follow.
struct LayerCase {
    size_t in_c, h, w, out_c, groups;
    Window window;
};

/// 1x1, kernel = input, depthwise, grouped, dilated, strided, ragged rows and columns, fully connected, padding wider
/// than the picture.
inline std::vector<LayerCase> layer_cases() {
    return {{1, 1, 1, 1, 1, {{1, 1}, {1, 1}, {0, 0}, {1, 1}}}, {3, 5, 5, 2, 1, {{1, 1}, {2, 2}, {0, 0}, {1, 1}}},
            {2, 5, 7, 3, 1, {{5, 7}, {1, 1}, {0, 0}, {1, 1}}}, {4, 6, 6, 4, 4, {{3, 3}, {1, 1}, {1, 1}, {1, 1}}},
            {4, 7, 5, 6, 2, {{3, 2}, {2, 1}, {1, 0}, {2, 1}}}, {13, 1, 1, 11, 1, {{1, 1}, {1, 1}, {0, 0}, {1, 1}}},
            {2, 2, 3, 3, 1, {{3, 3}, {3, 3}, {4, 4}, {1, 1}}}};
}

/// A layer of this shape, and nothing else.
inline MacLayer shaped_layer(const LayerCase& c) {
    MacLayer layer;
    layer.name = "conv";
    layer.in_channels = c.in_c, layer.in_h = c.h, layer.in_w = c.w;
    layer.out_channels = c.out_c, layer.groups = c.groups;
    layer.window = c.window;
    const auto extent = [&](size_t in, size_t axis) {
        const size_t reach = c.window.dilation[axis] * (c.window.kernel[axis] - 1) + 1;
        return (in + 2 * c.window.padding[axis] - reach) / c.window.stride[axis] + 1;
    };
    layer.out_h = extent(c.h, 0), layer.out_w = extent(c.w, 1);
    return layer;
}

/// A layer with random codes, ready to run by gather. Args: zero_points: others than 0.
inline MacLayer make_layer(const LayerCase& c, bool zero_points, PaddingMode padding, const AccumulatorSpec& acc,
                           uint64_t seed,
                           const std::shared_ptr<Operator>& multiplier = random_multiplier(8, 8, 16, true, 77)) {
    std::mt19937_64 random(seed);
    MacLayer layer = shaped_layer(c);
    layer.a_range = layer.w_range = {-128, 127};
    layer.a_used = {-100, 127};  // with skipped positions not more than a byte tells apart
    layer.a_params = {0.5, zero_points ? -37 : 0};
    for (size_t i = 0; i < c.out_c; ++i) {
        layer.w_params.push_back({0.25, zero_points ? static_cast<int64_t>(random() % 41) - 20 : 0});
        layer.bias_codes.push_back(static_cast<int64_t>(random() % 2001) - 1000);
    }
    for (size_t i = 0; i < c.out_c * layer.k(); ++i) {
        layer.w_codes.push_back(static_cast<int32_t>(random() % 256) - 128);
    }
    layer.products = std::make_shared<ProductModel>(multiplier, layer.a_range, layer.w_range, false);
    layer.acc = acc;
    layer.padding = padding;
    prepare(layer, Engine::gather);
    return layer;
}

/// Codes of a batch of pictures that the layer may read.
inline Tensor<int32_t> random_codes(const MacLayer& layer, size_t images, uint64_t seed) {
    Tensor<int32_t> codes({images, layer.in_channels, layer.in_h, layer.in_w});
    std::mt19937_64 random(seed);
    for (int32_t& code : codes.data)
        code = static_cast<int32_t>(layer.a_used.lowest + static_cast<int64_t>(random() % layer.a_used.count()));
    return codes;
}

}  // namespace concrete::sim::testing

#pragma once

#include <array>
#include <cstddef>

/// The layers that bench/layers.cpp times, all of known networks.
namespace concrete::bench {

/// A convolution on square pictures with a square kernel; fully connected: a 1x1 picture and kernel.
struct LayerShape {
    const char* name;
    size_t in_channels, in_size, out_channels, kernel, stride, padding, groups;
    size_t batch;  ///< pictures of one call where throughput is measured

    size_t out_size() const { return (in_size + 2 * padding - kernel) / stride + 1; }
    size_t k() const { return in_channels / groups * kernel * kernel; }
    size_t macs_per_image() const { return out_channels * out_size() * out_size() * k(); }
    bool is_fully_connected() const { return in_size == 1 && kernel == 1; }
};

inline constexpr LayerShape kLenetConv2{"lenet5_conv2", 6, 14, 16, 5, 1, 0, 1, 64};
inline constexpr LayerShape kResnet20Narrow{"resnet20_16x32", 16, 32, 16, 3, 1, 1, 1, 16};
inline constexpr LayerShape kResnet20Deep{"resnet20_64x8", 64, 8, 64, 3, 1, 1, 1, 16};
inline constexpr LayerShape kResnet18Wide{"resnet18_64x56", 64, 56, 64, 3, 1, 1, 1, 1};
inline constexpr LayerShape kResnet18Deep{"resnet18_256x14", 256, 14, 256, 3, 1, 1, 1, 2};
inline constexpr LayerShape kVgg16Deep{"vgg16_512x14", 512, 14, 512, 3, 1, 1, 1, 1};
inline constexpr LayerShape kFullyConnected{"fc_512x1000", 512, 1, 1000, 1, 1, 0, 1, 64};
inline constexpr LayerShape kStrided{"resnet18_stride2", 64, 56, 128, 3, 2, 1, 1, 1};
inline constexpr LayerShape kPointwise{"pointwise_64x28", 64, 28, 256, 1, 1, 0, 1, 4};
inline constexpr LayerShape kDepthwise{"depthwise_64x56", 64, 56, 64, 3, 1, 1, 64, 4};

/// The seven of the targets first, over which geometric means are taken.
inline constexpr std::array<LayerShape, 10> kLayers{kLenetConv2,   kResnet20Narrow, kResnet20Deep,   kResnet18Wide,
                                                    kResnet18Deep, kVgg16Deep,      kFullyConnected, kStrided,
                                                    kPointwise,    kDepthwise};
/// Those on which every operator is timed.
inline constexpr std::array<LayerShape, 3> kFewLayers{kLenetConv2, kResnet20Deep, kResnet18Wide};

}  // namespace concrete::bench

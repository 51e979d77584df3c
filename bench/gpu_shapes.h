#pragma once

#include <array>

#include "bench/layer_shapes.h"

/// The layers that bench/gpu_layers.cpp times: a GPU is filled by 64 pictures.
namespace concrete::bench {

inline constexpr size_t kGpuBatch = 64;

constexpr LayerShape on_gpu(LayerShape shape) {
    shape.batch = kGpuBatch;
    return shape;
}

/// Convolutions first.
inline constexpr std::array<LayerShape, 7> kGpuLayers{
    on_gpu(kLenetConv2),
    on_gpu(kResnet20Narrow),
    on_gpu(kResnet18Wide),
    on_gpu(kResnet18Deep),
    on_gpu(kVgg16Deep),
    {"vgg16_64x224", 64, 224, 64, 3, 1, 1, 1, kGpuBatch},
    {"fc_4096x4096", 4096, 1, 4096, 1, 1, 0, 1, kGpuBatch},
};

}  // namespace concrete::bench

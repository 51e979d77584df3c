#pragma once

#include <cstddef>

#include "sim/network.h"

namespace concrete::sim {

/// Extents of a convolution. A fully connected layer is one of a [features, 1, 1] picture with a 1x1 kernel.
struct MacGeometry {
    size_t in_channels = 0, in_h = 0, in_w = 0;
    size_t out_channels = 0, out_h = 0, out_w = 0, groups = 1;
    Window window;

    /// MACs of one output: channels of a group times the kernel's taps, padding included.
    size_t k() const { return in_channels / groups * window.kernel[0] * window.kernel[1]; }
    size_t outputs_per_image() const { return out_channels * out_h * out_w; }
};

}  // namespace concrete::sim

#pragma once

#include <cstddef>
#include <cstdint>

#include "sim/host_device.h"
#include "sim/mac_geometry.h"

namespace concrete::cuda {

/// sim::MacGeometry for kernels. A *row* of the product is one output pixel of one picture, row = (image, y, x); its
/// *columns* are the output channels. k = (input channel of the group, kernel row, kernel column), the column fastest,
/// where the order counts.
struct ConvShape {
    uint32_t in_channels = 1, in_h = 1, in_w = 1;
    uint32_t out_channels = 1, out_h = 1, out_w = 1, groups = 1;
    uint32_t kernel[2] = {1, 1}, stride[2] = {1, 1}, padding[2] = {0, 0},
             dilation[2] = {1, 1};  ///< vertical, horizontal

    ConvShape() = default;
    explicit ConvShape(const sim::MacGeometry& g)
        : in_channels(narrow(g.in_channels)),
          in_h(narrow(g.in_h)),
          in_w(narrow(g.in_w)),
          out_channels(narrow(g.out_channels)),
          out_h(narrow(g.out_h)),
          out_w(narrow(g.out_w)),
          groups(narrow(g.groups)) {
        for (size_t axis = 0; axis < 2; ++axis) {
            kernel[axis] = narrow(g.window.kernel[axis]);
            stride[axis] = narrow(g.window.stride[axis]);
            padding[axis] = narrow(g.window.padding[axis]);
            dilation[axis] = narrow(g.window.dilation[axis]);
        }
    }

    CONCRETE_HOST_DEVICE uint32_t taps() const { return kernel[0] * kernel[1]; }
    CONCRETE_HOST_DEVICE uint32_t group_inputs() const { return in_channels / groups; }
    CONCRETE_HOST_DEVICE uint32_t group_outputs() const { return out_channels / groups; }
    CONCRETE_HOST_DEVICE uint32_t k() const { return group_inputs() * taps(); }
    CONCRETE_HOST_DEVICE uint32_t pixels() const { return out_h * out_w; }

    /// The input pixel under a tap, counted from the picture's first: y * in_w + x; -1 where it is padding.
    CONCRETE_HOST_DEVICE int32_t source(uint32_t out_y, uint32_t out_x, uint32_t kernel_y, uint32_t kernel_x) const {
        // Unsigned: what lies above or left of the picture becomes huge.
        const uint32_t y = out_y * stride[0] + kernel_y * dilation[0] - padding[0];
        const uint32_t x = out_x * stride[1] + kernel_x * dilation[1] - padding[1];
        return y < in_h && x < in_w ? static_cast<int32_t>(y * in_w + x) : -1;
    }

  private:
    static uint32_t narrow(size_t value) { return static_cast<uint32_t>(value); }
};

}  // namespace concrete::cuda

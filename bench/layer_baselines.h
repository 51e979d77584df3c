#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "bench/layer_shapes.h"
#include "sim/mac_layer.h"
#include "sim/tensor.h"

/// What the engines are held against: oneDNN, and the scalar look-up loop of earlier simulators.
namespace concrete::bench {

enum class DnnlType {
    fp32,
    int8  ///< u8 activations, s8 weights, s32 sums
};

/// A call that computes the layer once for `batch` pictures with oneDNN on `threads` threads; nothing where oneDNN has
/// no such layer. Layouts are those that oneDNN picks, weights are in theirs already and the primitive is made: the
/// call is the convolution (fully connected: inner product) and nothing else.
std::function<void()> dnnl_layer(const LayerShape& shape, size_t batch, DnnlType type, int threads);

/// One 32-bit table look-up a MAC, as AdaPT (Danopoulos et al., 2022) does it, on operands that stand unrolled already:
///
///     out[row, n] = bias[n] + sum_k table[a[row, group of n, k]][w[n, k]]
///
/// Zero points are left out: the sums are the layer's only where all are 0.
class ScalarLoop {
  public:
    /// Requires: operands of at most 8 bits.
    ScalarLoop(const sim::MacLayer& layer, const sim::Tensor<int32_t>& codes);
    void run(int threads);
    /// [n, out_channels, out_h, out_w], as run_mac_layer() has them.
    sim::Tensor<int64_t> result() const;

  private:
    size_t images_, pixels_, channels_, groups_, k_;
    std::vector<int32_t> table_;       // [256][256]
    std::vector<uint8_t> a_, w_;       // [rows][groups][k], [channels][k]
    std::vector<int32_t> bias_, out_;  // [channels], [rows][channels]
};

}  // namespace concrete::bench

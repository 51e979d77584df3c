#pragma once

#include <vector>

#include "sim/network.h"
#include "sim/quantize.h"
#include "sim/requantize.h"
#include "sim/tensor.h"

namespace concrete::sim {

/// A tensor of codes [n, ...] with its format.
struct CodeTensor {
    Tensor<int32_t> codes;
    QuantParams params;
    CodeRange range;
};

/// max(q, z): ReLU on codes.
CodeTensor code_relu(const CodeTensor& in);

/// Largest code in each window; padding never wins. Pictures and channels are shared by the threads, here and below.
CodeTensor code_max_pool(const CodeTensor& in, const Layer& layer, int threads = 1);

/// Mean of each window, padding not counted: requantise(sum of (q - z), 1 / area) with zero point z.
CodeTensor code_avg_pool(const CodeTensor& in, const Layer& layer, int threads = 1);

/// What code_avg_pool() divides sums of (q - z) by their area with: [area of the kernel + 1], by area; 0 does not
/// occur.
std::vector<Requantizer> average_requantizers(const Window& window, const QuantParams& params, const CodeRange& range);

/// Residual addition: each q - z brought to the output scale with 8 extra fraction bits by the requantiser, added in
/// int32, rounded half up, plus the output zero point, clamped. Inputs have the same shape.
CodeTensor code_add(const std::vector<const CodeTensor*>& inputs, const QuantParams& params, const CodeRange& range,
                    int threads = 1);

/// Extra fraction bits of the addends in code_add(), and what brings q - z of an input to the output's scale with them.
inline constexpr int kAddendFractionBits = 8;
Requantizer addend_requantizer(const QuantParams& in, const QuantParams& out);

/// Real values scale * (code - zero_point), in double, rounded to float.
Tensor<float> dequantize(const CodeTensor& in);

/// Codes of real values (activations).
CodeTensor quantize_tensor(const Tensor<float>& values, const QuantSpec& spec, const QuantParams& params,
                           const CodeRange& range, int threads = 1);

}  // namespace concrete::sim

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "sim/tensor.h"

namespace concrete::sim {

enum class Scheme { fixed_point, symmetric, affine };
enum class Granularity { tensor, channel };
enum class CalibrationMethod { max, percentile };

/// Inclusive range of codes.
struct CodeRange {
    int64_t lowest = 0, highest = 0;

    size_t count() const { return static_cast<size_t>(highest - lowest) + 1; }
    bool contains(int64_t code) const { return lowest <= code && code <= highest; }
    bool operator==(const CodeRange&) const = default;
};

/// What the configuration asks of one operand.
struct QuantSpec {
    int bits = 8;  ///< 1 to 16
    Scheme scheme = Scheme::symmetric;
    Granularity per = Granularity::tensor;  ///< weights only; channel = output channel

    bool operator==(const QuantSpec&) const = default;
};

/// value = scale * (code - zero_point).
struct QuantParams {
    double scale = 1;
    int64_t zero_point = 0;

    bool operator==(const QuantParams&) const = default;
};

/// Codes that a scheme uses: symmetric and fixed_point +-(2^(bits-1) - 1); affine [-2^(bits-1), 2^(bits-1) - 1] on a
/// signed port, [0, 2^bits - 1] on an unsigned one. One bit: weights {-1, +1} (given as the range [-1, 1]), activations
/// {0, 1}.
CodeRange code_range(const QuantSpec& spec, bool signed_port, bool is_weight);

/// Scale and zero point that cover [lowest, highest] (made to include 0). fixed_point: the smallest power of two that
/// covers it. An all-zero range gets scale 1. The scale is positive and finite.
QuantParams choose_params(const QuantSpec& spec, const CodeRange& range, double lowest, double highest);

/// clamp(floor(value / scale + 0.5) + zero_point) to the range. Reals are rounded in double, without contraction.
int64_t quantize_value(double value, const QuantParams& params, const CodeRange& range);

/// One-bit activation: value >= scale / 2 -> 1, else 0.
int64_t quantize_activation(double value, const QuantSpec& spec, const QuantParams& params, const CodeRange& range);

/// Codes of a weight tensor [out, ...] and the parameters of each output channel (per tensor: all equal).
/// One bit: value < 0 -> -1, else +1, scale = mean |w| per channel (or over the tensor).
struct QuantizedWeights {
    std::vector<int32_t> codes;       ///< in the order of the tensor
    std::vector<QuantParams> params;  ///< [out]
};
QuantizedWeights quantize_weights(const Tensor<float>& weight, const QuantSpec& spec, bool signed_port);

/// Smallest and largest value that calibration takes from samples: all of them (max), or those at the percentiles
/// 100 - p and p (nearest rank) of the values.
struct ValueRange {
    double lowest = 0, highest = 0;
};
ValueRange percentile_range(std::vector<float> values, double percentile);

}  // namespace concrete::sim

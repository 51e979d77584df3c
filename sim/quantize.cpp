#include "sim/quantize.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "sim/error.h"

namespace concrete::sim {
namespace {

void check_bits(const QuantSpec& spec) {
    if (spec.bits < 1 || spec.bits > 16)
        throw RangeError(fmt::format("quantise: {} bits; expected 1 to 16", spec.bits));
}

/// One-bit weights (Rastegari et al., ECCV 2016, XNOR-Net): the sign, scaled by the mean magnitude.
void binarize(const float* values, size_t count, int32_t* codes, QuantParams& params) {
    double sum = 0;
    for (size_t i = 0; i < count; ++i) {
        sum += std::abs(double{values[i]});
        codes[i] = values[i] < 0 ? -1 : 1;
    }
    const double mean = sum / static_cast<double>(count);
    params = {mean > 0 ? mean : 1.0, 0};
}

}  // namespace

CodeRange code_range(const QuantSpec& spec, bool signed_port, bool is_weight) {
    check_bits(spec);
    if (spec.bits == 1) return is_weight ? CodeRange{-1, 1} : CodeRange{0, 1};
    const int64_t half = int64_t{1} << (spec.bits - 1);
    if (spec.scheme != Scheme::affine) return {-(half - 1), half - 1};
    return signed_port ? CodeRange{-half, half - 1} : CodeRange{0, 2 * half - 1};
}

QuantParams choose_params(const QuantSpec& spec, const CodeRange& range, double lowest, double highest) {
    lowest = std::min(lowest, 0.0);
    highest = std::max(highest, 0.0);
    const double magnitude = std::max(-lowest, highest);
    if (!std::isfinite(magnitude)) throw RangeError("quantise: the values to cover are not finite");
    if (magnitude == 0) return {1.0, spec.bits > 1 && spec.scheme == Scheme::affine ? range.lowest : 0};
    const auto top = static_cast<double>(range.highest);
    double scale = magnitude / top;
    if (spec.bits > 1 && spec.scheme == Scheme::affine) {
        scale = (highest - lowest) / static_cast<double>(range.highest - range.lowest);
    }
    if (spec.scheme == Scheme::fixed_point) {
        int exponent = 0;
        const double mantissa = std::frexp(scale, &exponent);  // scale = mantissa * 2^exponent, mantissa in [0.5, 1)
        scale = std::ldexp(1.0, mantissa == 0.5 ? exponent - 1 : exponent);
    }
    // A range of denormals has no usable quotient; the smallest normal scale then covers it.
    scale = std::max(scale, std::numeric_limits<double>::min());
    if (spec.bits == 1 || spec.scheme != Scheme::affine) return {scale, 0};
    const double zero = std::floor(static_cast<double>(range.lowest) - lowest / scale + 0.5);
    return {scale, std::clamp(static_cast<int64_t>(zero), range.lowest, range.highest)};
}

int64_t quantize_value(double value, const QuantParams& params, const CodeRange& range) {
    const double code = std::floor(value / params.scale + 0.5) + static_cast<double>(params.zero_point);
    // Compared as doubles first: a value far outside would overflow the conversion.
    if (!(code > static_cast<double>(range.lowest))) return range.lowest;
    if (code >= static_cast<double>(range.highest)) return range.highest;
    return static_cast<int64_t>(code);
}

int64_t quantize_activation(double value, const QuantSpec& spec, const QuantParams& params, const CodeRange& range) {
    if (spec.bits == 1) return value >= params.scale / 2 ? 1 : 0;
    return quantize_value(value, params, range);
}

QuantizedWeights quantize_weights(const Tensor<float>& weight, const QuantSpec& spec, bool signed_port) {
    const CodeRange range = code_range(spec, signed_port, true);
    const size_t channels = weight.shape.at(0);
    const size_t blocks = spec.per == Granularity::channel ? channels : 1;
    const size_t block_size = weight.size() / blocks;
    QuantizedWeights result{std::vector<int32_t>(weight.size()), std::vector<QuantParams>(channels)};
    for (size_t block = 0; block < blocks; ++block) {
        const float* values = weight.data.data() + block * block_size;
        int32_t* codes = result.codes.data() + block * block_size;
        QuantParams params;
        if (spec.bits == 1) {
            binarize(values, block_size, codes, params);
        } else {
            const auto [lowest, highest] = std::minmax_element(values, values + block_size);
            params = choose_params(spec, range, *lowest, *highest);
            for (size_t i = 0; i < block_size; ++i) {
                codes[i] = static_cast<int32_t>(quantize_value(values[i], params, range));
            }
        }
        if (blocks == 1) {
            std::fill(result.params.begin(), result.params.end(), params);
        } else {
            result.params[block] = params;
        }
    }
    return result;
}

ValueRange percentile_range(std::vector<float> values, double percentile) {
    if (values.empty()) return {};
    const auto rank = [&](double p) {
        const double position = std::ceil(p / 100 * static_cast<double>(values.size()));
        const size_t index = position < 1 ? 0 : std::min(static_cast<size_t>(position) - 1, values.size() - 1);
        const auto at = values.begin() + static_cast<std::ptrdiff_t>(index);
        std::nth_element(values.begin(), at, values.end());
        return double{*at};
    };
    return {rank(100 - percentile), rank(percentile)};
}

}  // namespace concrete::sim

#include "sim/code_layers.h"

#include <algorithm>
#include <limits>

#include "sim/requantize.h"

namespace concrete::sim {
namespace {

constexpr int kExtraFractionBits = 8;  // of the addends in code_add

/// Calls fold(out index, codes of the window that are no padding) for every output of a pooling layer.
template <typename Fold>
CodeTensor pool(const CodeTensor& in, const Layer& layer, Fold fold) {
    const size_t planes = in.codes.shape[0] * in.codes.shape[1], h = in.codes.shape[2], w = in.codes.shape[3];
    const size_t out_h = layer.output_shape[1], out_w = layer.output_shape[2];
    const Window& window = layer.window;
    CodeTensor out{Tensor<int32_t>({in.codes.shape[0], in.codes.shape[1], out_h, out_w}), in.params, in.range};
    std::vector<int32_t> seen;
    for (size_t plane = 0; plane < planes; ++plane) {
        for (size_t position = 0; position < out_h * out_w; ++position) {
            seen.clear();
            for (size_t ky = 0; ky < window.kernel[0]; ++ky) {
                // Rows above the picture wrap to huge numbers and fail the comparison, as those below do.
                const size_t y = position / out_w * window.stride[0] + ky - window.padding[0];
                if (y >= h) continue;
                for (size_t kx = 0; kx < window.kernel[1]; ++kx) {
                    const size_t x = position % out_w * window.stride[1] + kx - window.padding[1];
                    if (x < w) seen.push_back(in.codes.data[(plane * h + y) * w + x]);
                }
            }
            out.codes.data[plane * out_h * out_w + position] = fold(seen);
        }
    }
    return out;
}

}  // namespace

CodeTensor code_relu(const CodeTensor& in) {
    CodeTensor out = in;
    const auto zero = static_cast<int32_t>(in.params.zero_point);
    for (int32_t& code : out.codes.data) code = std::max(code, zero);
    return out;
}

CodeTensor code_max_pool(const CodeTensor& in, const Layer& layer) {
    return pool(in, layer,
                [](const std::vector<int32_t>& seen) { return *std::max_element(seen.begin(), seen.end()); });
}

CodeTensor code_avg_pool(const CodeTensor& in, const Layer& layer) {
    const size_t largest_area = layer.window.kernel[0] * layer.window.kernel[1];
    std::vector<Requantizer> by_area(largest_area + 1);
    for (size_t area = 1; area <= largest_area; ++area) {
        by_area[area] = make_requantizer(1.0 / static_cast<double>(area), in.params.zero_point, in.range);
    }
    return pool(in, layer, [&](const std::vector<int32_t>& seen) {
        int64_t sum = 0;
        for (const int32_t code : seen) sum += code - in.params.zero_point;
        return static_cast<int32_t>(requantize(by_area[seen.size()], sum));
    });
}

CodeTensor code_add(const std::vector<const CodeTensor*>& inputs, const QuantParams& params, const CodeRange& range) {
    CodeTensor out{Tensor<int32_t>(inputs[0]->codes.shape), params, range};
    constexpr CodeRange kAddend{std::numeric_limits<int32_t>::min() / 4, std::numeric_limits<int32_t>::max() / 4};
    std::vector<Requantizer> to_sum;
    for (const CodeTensor* in : inputs) {
        to_sum.push_back(make_requantizer(in->params.scale / params.scale * (1 << kExtraFractionBits), 0, kAddend));
    }
    for (size_t i = 0; i < out.codes.size(); ++i) {
        int64_t sum = 0;
        for (size_t j = 0; j < inputs.size(); ++j) {
            sum += requantize(to_sum[j], inputs[j]->codes.data[i] - inputs[j]->params.zero_point);
        }
        const int64_t rounded = (sum + (1 << (kExtraFractionBits - 1))) >> kExtraFractionBits;
        out.codes.data[i] = static_cast<int32_t>(std::clamp(rounded + params.zero_point, range.lowest, range.highest));
    }
    return out;
}

Tensor<float> dequantize(const CodeTensor& in) {
    Tensor<float> out(in.codes.shape);
    for (size_t i = 0; i < out.size(); ++i) {
        out.data[i] =
            static_cast<float>(in.params.scale * static_cast<double>(in.codes.data[i] - in.params.zero_point));
    }
    return out;
}

CodeTensor quantize_tensor(const Tensor<float>& values, const QuantSpec& spec, const QuantParams& params,
                           const CodeRange& range) {
    CodeTensor out{Tensor<int32_t>(values.shape), params, range};
    for (size_t i = 0; i < out.codes.size(); ++i) {
        out.codes.data[i] = static_cast<int32_t>(quantize_activation(values.data[i], spec, params, range));
    }
    return out;
}

}  // namespace concrete::sim

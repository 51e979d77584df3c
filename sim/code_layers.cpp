#include "sim/code_layers.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "sim/parallel.h"

namespace concrete::sim {
namespace {

/// A pooling layer: add(sum, code) for the codes of a window that are no padding, from `start` on, then
/// finish(sum, their number).
template <typename Add, typename Finish>
CodeTensor pool(const CodeTensor& in, const Layer& layer, int threads, int32_t start, const Add& add,
                const Finish& finish) {
    const size_t planes = in.codes.shape[0] * in.codes.shape[1], h = in.codes.shape[2], w = in.codes.shape[3];
    const size_t out_h = layer.output_shape[1], out_w = layer.output_shape[2];
    const Window& window = layer.window;
    CodeTensor out{Tensor<int32_t>({in.codes.shape[0], in.codes.shape[1], out_h, out_w}), in.params, in.range};
    // Where the kernel reaches the picture in the direction of an axis: [begin, end) of the input.
    const auto reach = [&](size_t position, size_t axis, size_t extent) {
        const size_t first = position * window.stride[axis], padding = window.padding[axis];
        const size_t end = first + window.kernel[axis];
        return std::pair(first < padding ? 0 : first - padding, end < padding ? 0 : std::min(end - padding, extent));
    };
    parallel_for(planes, threads, [&](size_t begin, size_t end) {
        for (size_t i = begin * out_h * out_w; i < end * out_h * out_w; ++i) {
            const size_t plane = i / (out_h * out_w);
            const auto [top, bottom] = reach(i / out_w % out_h, 0, h);
            const auto [left, right] = reach(i % out_w, 1, w);
            int32_t sum = start;
            for (size_t y = top; y < bottom; ++y) {
                const int32_t* row = in.codes.data.data() + (plane * h + y) * w;
                for (size_t x = left; x < right; ++x) sum = add(sum, row[x]);
            }
            out.codes.data[i] = finish(sum, (bottom - top) * (right - left));
        }
    });
    return out;
}

}  // namespace

CodeTensor code_relu(const CodeTensor& in) {
    CodeTensor out = in;
    const auto zero = static_cast<int32_t>(in.params.zero_point);
    for (int32_t& code : out.codes.data) code = std::max(code, zero);
    return out;
}

CodeTensor code_max_pool(const CodeTensor& in, const Layer& layer, int threads) {
    return pool(
        in, layer, threads, std::numeric_limits<int32_t>::min(),
        [](int32_t best, int32_t code) { return std::max(best, code); }, [](int32_t best, size_t) { return best; });
}

std::vector<Requantizer> average_requantizers(const Window& window, const QuantParams& params, const CodeRange& range) {
    std::vector<Requantizer> by_area(window.kernel[0] * window.kernel[1] + 1);
    for (size_t area = 1; area < by_area.size(); ++area) {
        by_area[area] = make_requantizer(1.0 / static_cast<double>(area), params.zero_point, range);
    }
    return by_area;
}

CodeTensor code_avg_pool(const CodeTensor& in, const Layer& layer, int threads) {
    const std::vector<Requantizer> by_area = average_requantizers(layer.window, in.params, in.range);
    const auto zero = static_cast<int32_t>(in.params.zero_point);
    return pool(
        in, layer, threads, 0, [zero](int32_t sum, int32_t code) { return sum + code - zero; },
        [&](int32_t sum, size_t area) { return static_cast<int32_t>(requantize(by_area[area], sum)); });
}

Requantizer addend_requantizer(const QuantParams& in, const QuantParams& out) {
    constexpr CodeRange kAddend{std::numeric_limits<int32_t>::min() / 4, std::numeric_limits<int32_t>::max() / 4};
    return make_requantizer(in.scale / out.scale * (1 << kAddendFractionBits), 0, kAddend);
}

CodeTensor code_add(const std::vector<const CodeTensor*>& inputs, const QuantParams& params, const CodeRange& range,
                    int threads) {
    CodeTensor out{Tensor<int32_t>(inputs[0]->codes.shape), params, range};
    std::vector<Requantizer> to_sum;
    for (const CodeTensor* in : inputs) to_sum.push_back(addend_requantizer(in->params, params));
    parallel_for(out.codes.size(), threads, [&](size_t begin, size_t end) {
        for (size_t i = begin; i < end; ++i) {
            int64_t sum = 0;
            for (size_t j = 0; j < inputs.size(); ++j) {
                sum += requantize(to_sum[j], inputs[j]->codes.data[i] - inputs[j]->params.zero_point);
            }
            const int64_t rounded = (sum + (1 << (kAddendFractionBits - 1))) >> kAddendFractionBits;
            out.codes.data[i] =
                static_cast<int32_t>(std::clamp(rounded + params.zero_point, range.lowest, range.highest));
        }
    });
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
                           const CodeRange& range, int threads) {
    CodeTensor out{Tensor<int32_t>(values.shape), params, range};
    parallel_for(out.codes.size(), threads, [&](size_t begin, size_t end) {
        for (size_t i = begin; i < end; ++i)
            out.codes.data[i] = static_cast<int32_t>(quantize_activation(values.data[i], spec, params, range));
    });
    return out;
}

}  // namespace concrete::sim

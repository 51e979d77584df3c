#include "sim/mac_layer.h"

#include <algorithm>
#include <optional>

#include "sim/int128.h"
#include "sim/mac_step.h"
#include "sim/parallel.h"

namespace concrete::sim {
namespace {

/// Activation codes unrolled at a time: bounds memory (4 bytes each) whatever the batch.
constexpr size_t kUnrolledCodes = size_t{1} << 22;

/// Input coordinate of a kernel tap, or nothing where it falls on padding.
std::optional<size_t> tap(size_t out, size_t kernel, const Window& window, size_t axis, size_t extent) {
    const size_t padded = out * window.stride[axis] + kernel * window.dilation[axis];
    if (padded < window.padding[axis] || padded - window.padding[axis] >= extent) return std::nullopt;
    return padded - window.padding[axis];
}

/// An exact sum fitted to W: modulo 2^W, or clamped.
int64_t fit_exact(const AccumulatorSpec& acc, Int128 sum) {
    if (acc.overflow == Overflow::wrap) return fit_accumulator(acc, static_cast<int64_t>(sum));
    return static_cast<int64_t>(std::clamp<Int128>(sum, lowest_accumulator(acc.bits), highest_accumulator(acc.bits)));
}

/// acc_0 fitted to W, from the sums over the positions that count.
int64_t initial_accumulator(const MacLayer& layer, size_t channel, int64_t w_sum, int64_t positions) {
    const Int128 za = layer.a_params.zero_point, zw = layer.w_params[channel].zero_point;
    return fit_exact(layer.acc, layer.bias_codes[channel] - za * w_sum + positions * za * zw);
}

/// One group of channels of a layer, unrolled to a product of matrices.
class GroupRun {
  public:
    GroupRun(const MacLayer& layer, const Tensor<int32_t>& codes, size_t group, int threads)
        : layer_(layer), codes_(codes), group_(group), threads_(threads) {
        n_ = layer.out_channels / layer.groups;
        k_ = layer.k();
        pixels_ = layer.out_h * layer.out_w;
        w_.resize(k_ * n_);
        w_sums_.assign(n_, 0);
        for (size_t n = 0; n < n_; ++n) {
            for (size_t k = 0; k < k_; ++k) {
                const int32_t code = layer.w_codes[(first_channel() + n) * k_ + k];
                w_[k * n_ + n] = code;
                w_sums_[n] += code;
            }
        }
    }

    void run(Tensor<int64_t>& out) {
        const size_t rows = codes_.shape[0] * pixels_;  // a row is one output pixel of one picture
        const size_t step = std::clamp<size_t>(kUnrolledCodes / k_, 1, rows);
        for (size_t first = 0; first < rows; first += step) run_rows(first, std::min(step, rows - first), out);
    }

  private:
    size_t first_channel() const { return group_ * n_; }
    bool skips() const { return layer_.padding == PaddingMode::skip; }
    /// Only zero points make the first accumulators of rows differ.
    bool inits_differ() const { return skips() && layer_.a_params.zero_point != 0; }

    void run_rows(size_t first, size_t rows, Tensor<int64_t>& out) {
        std::vector<int32_t> a(rows * k_);
        parallel_for(rows, threads_, [&](size_t begin, size_t end) {
            for (size_t row = begin; row < end; ++row) {
                unroll((first + row) / pixels_, (first + row) % pixels_, a.data() + row * k_);
            }
        });

        MatmulArgs args;
        args.m = rows;
        args.k = k_;
        args.n = n_;
        args.a = a.data();
        args.w = w_.data();
        args.products = layer_.products.get();
        args.acc = layer_.acc;
        const std::vector<int64_t> init = initial_values(a, rows);
        args.init = init.data();
        args.init_per_row = inits_differ();
        std::vector<int64_t> result(rows * n_);
        args.out = result.data();
        matmul(args, layer_.engine, threads_);

        parallel_for(rows, threads_, [&](size_t begin, size_t end) {
            for (size_t row = begin; row < end; ++row) {
                store(first + row, sum_of_codes(a.data() + row * k_), result.data() + row * n_, out);
            }
        });
    }

    /// Corrected accumulators of one row, from [n] to their places in [images, channels, pixels].
    void store(size_t row, int64_t a_sum, const int64_t* accumulated, Tensor<int64_t>& out) const {
        for (size_t n = 0; n < n_; ++n) {
            const size_t channel = first_channel() + n;
            const int64_t correction = -layer_.w_params[channel].zero_point * a_sum;
            out.data[(row / pixels_ * layer_.out_channels + channel) * pixels_ + row % pixels_] =
                apply_correction(layer_.acc, accumulated[n], correction);
        }
    }

    void unroll(size_t image, size_t pixel, int32_t* row) const {
        const size_t channels = layer_.in_channels / layer_.groups;
        const auto padding_code = skips() ? kSkip : static_cast<int32_t>(layer_.a_params.zero_point);
        for (size_t c = 0; c < channels; ++c) {
            const size_t plane = (image * layer_.in_channels + group_ * channels + c) * layer_.in_h;
            for (size_t ky = 0; ky < layer_.window.kernel[0]; ++ky) {
                const auto y = tap(pixel / layer_.out_w, ky, layer_.window, 0, layer_.in_h);
                for (size_t kx = 0; kx < layer_.window.kernel[1]; ++kx) {
                    const auto x = tap(pixel % layer_.out_w, kx, layer_.window, 1, layer_.in_w);
                    *row++ = x && y ? codes_.data[(plane + *y) * layer_.in_w + *x] : padding_code;
                }
            }
        }
    }

    /// [n], or [rows, n] where each position has its own K and sums.
    std::vector<int64_t> initial_values(const std::vector<int32_t>& a, size_t rows) const {
        const size_t sets = inits_differ() ? rows : 1;
        std::vector<int64_t> init(sets * n_);
        parallel_for(sets, threads_, [&](size_t begin, size_t end) {
            for (size_t row = begin; row < end; ++row) {
                for (size_t n = 0; n < n_; ++n) {
                    int64_t w_sum = w_sums_[n], positions = static_cast<int64_t>(k_);
                    for (size_t k = 0; inits_differ() && k < k_; ++k) {
                        if (a[row * k_ + k] != kSkip) continue;
                        w_sum -= w_[k * n_ + n];
                        --positions;
                    }
                    init[row * n_ + n] = initial_accumulator(layer_, first_channel() + n, w_sum, positions);
                }
            }
        });
        return init;
    }

    int64_t sum_of_codes(const int32_t* row) const {
        int64_t sum = 0;
        for (size_t k = 0; k < k_; ++k) sum += row[k] == kSkip ? 0 : row[k];
        return sum;
    }

    const MacLayer& layer_;
    const Tensor<int32_t>& codes_;
    size_t group_, n_ = 0, k_ = 0, pixels_ = 0;
    int threads_;
    std::vector<int32_t> w_;  // [k, n]
    std::vector<int64_t> w_sums_;
};

}  // namespace

int64_t apply_correction(const AccumulatorSpec& acc, int64_t accumulated, int64_t correction) {
    return fit_exact(acc, static_cast<Int128>(accumulated) + correction);
}

size_t MacLayer::macs_per_image() const {
    if (padding == PaddingMode::code) return outputs_per_image() * k();
    // Taps on the picture, over all output rows and columns: a window's real taps are a product of the two.
    const auto real_taps = [&](size_t axis, size_t outputs, size_t extent) {
        size_t count = 0;
        for (size_t out = 0; out < outputs; ++out) {
            for (size_t kernel = 0; kernel < window.kernel[axis]; ++kernel) {
                count += tap(out, kernel, window, axis, extent).has_value();
            }
        }
        return count;
    };
    return out_channels * (in_channels / groups) * real_taps(0, out_h, in_h) * real_taps(1, out_w, in_w);
}

Tensor<int64_t> run_mac_layer(const MacLayer& layer, const Tensor<int32_t>& codes, int threads) {
    Tensor<int64_t> out({codes.shape[0], layer.out_channels, layer.out_h, layer.out_w});
    for (size_t group = 0; group < layer.groups; ++group) GroupRun(layer, codes, group, threads).run(out);
    return out;
}

NeuronTrace trace_neuron(const MacLayer& layer, const int32_t* input_codes, size_t channel, size_t row, size_t column) {
    const auto signed_of = [](size_t value) { return static_cast<int64_t>(value); };
    const int64_t top = signed_of(row * layer.window.stride[0]) - signed_of(layer.window.padding[0]);
    const int64_t left = signed_of(column * layer.window.stride[1]) - signed_of(layer.window.padding[1]);
    const int64_t za = layer.a_params.zero_point, zw = layer.w_params[channel].zero_point;
    const size_t channels = layer.in_channels / layer.groups;
    const size_t first_channel = channel * layer.groups / layer.out_channels * channels;

    NeuronTrace trace;
    Int128 init = layer.bias_codes[channel];
    for (size_t k = 0; k < layer.k(); ++k) {
        const size_t kx = k % layer.window.kernel[1], ky = k / layer.window.kernel[1] % layer.window.kernel[0];
        const size_t c = first_channel + k / layer.window.kernel[1] / layer.window.kernel[0];
        const int64_t y = top + signed_of(ky * layer.window.dilation[0]);
        const int64_t x = left + signed_of(kx * layer.window.dilation[1]);
        const bool inside = 0 <= y && y < signed_of(layer.in_h) && 0 <= x && x < signed_of(layer.in_w);
        if (!inside && layer.padding == PaddingMode::skip) continue;
        const int64_t plane = signed_of(c * layer.in_h);
        const int32_t a = inside ? input_codes[(plane + y) * signed_of(layer.in_w) + x] : static_cast<int32_t>(za);
        const int32_t w = layer.w_codes[channel * layer.k() + k];
        trace.a.push_back(a);
        trace.w.push_back(w);
        init += Int128{za} * (zw - w);
        trace.correction -= zw * a;
    }
    const AccumulatorStart start = accumulator_start(*layer.products, fit_exact(layer.acc, init));
    trace.init = start.start;
    // MAC units wrap, so that this sum counts modulo 2^64 only.
    trace.correction =
        static_cast<int64_t>(static_cast<uint64_t>(trace.correction) + static_cast<uint64_t>(start.added));
    return trace;
}

}  // namespace concrete::sim

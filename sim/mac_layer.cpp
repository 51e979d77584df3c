#include "sim/mac_layer.h"

#include <algorithm>
#include <optional>
#include <stdexcept>

#include "sim/int128.h"
#include "sim/mac_step.h"
#include "sim/matmul.h"
#include "sim/parallel.h"

namespace concrete::sim {
namespace {

/// A thread is not worth starting for fewer MACs by tables: about ten microseconds.
constexpr size_t kMacsPerThread = size_t{1} << 20;

/// Activation codes unrolled at a time: bounds memory (4 bytes each) whatever the batch.
constexpr size_t kUnrolledCodes = size_t{1} << 22;

/// Rows are unrolled in multiples of the accumulators that netlists work on at once.
constexpr size_t kRowStep = 512;

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

/// True if some window reaches beyond the picture.
bool has_padding(const MacLayer& layer) {
    return layer.window.padding[0] + layer.window.padding[1] > 0;
}

/// Rows of an output tensor [images, channels, pixels].
class Output {
  public:
    Output(const MacLayer& layer, Tensor<int64_t>& out)
        : layer_(layer), pixels_(layer.out_h * layer.out_w), out_(out.data.data()) {}

    /// Stores accumulators of a channel for rows (image, pixel) from `first` on, corrected by the codes' sums.
    void store(size_t channel, size_t first, size_t count, const int64_t* accumulated, const int64_t* code_sums) {
        const int64_t zero_point = layer_.w_params[channel].zero_point;
        if (zero_point == 0) return put(channel, first, count, [=](size_t i) { return accumulated[i]; });
        if (layer_.acc.overflow == Overflow::saturate) {
            return put(channel, first, count, [=, this](size_t i) {
                return apply_correction(layer_.acc, accumulated[i], -zero_point * code_sums[i]);
            });
        }
        const int shift = 64 - layer_.acc.bits;
        put(channel, first, count, [=](size_t i) {
            const auto sum = static_cast<uint64_t>(accumulated[i]) - static_cast<uint64_t>(zero_point * code_sums[i]);
            return static_cast<int64_t>(sum << shift) >> shift;
        });
    }

  private:
    template <typename Value>
    void put(size_t channel, size_t first, size_t count, const Value& value) {
        if (pixels_ == 1) {
            for (size_t i = 0; i < count; ++i) out_[(first + i) * layer_.out_channels + channel] = value(i);
            return;
        }
        for (size_t i = 0; i < count;) {
            const size_t image = (first + i) / pixels_, pixel = (first + i) % pixels_;
            const size_t run = std::min(pixels_ - pixel, count - i);
            int64_t* to = out_ + (image * layer_.out_channels + channel) * pixels_ + pixel;
            for (size_t j = 0; j < run; ++j) to[j] = value(i + j);
            i += run;
        }
    }

    const MacLayer& layer_;
    size_t pixels_;
    int64_t* out_;
};

bool needs_code_sums(const MacLayer& layer) {
    return std::any_of(layer.w_params.begin(), layer.w_params.end(),
                       [](const QuantParams& params) { return params.zero_point != 0; });
}

void run_sums(const MacLayer& layer, const Tensor<int32_t>& codes, int threads, Tensor<int64_t>& out) {
    const size_t useful_threads = 1 + codes.shape[0] * layer.outputs_per_image() * layer.k() / kMacsPerThread;
    threads = static_cast<int>(std::min(static_cast<size_t>(threads), useful_threads));
    const TableProduct& product = *layer.prepared.sums;
    const CodePositions& positions = product.positions();
    const auto padding = static_cast<uint8_t>(positions.skips ? positions.skip_position()
                                                              : layer.a_params.zero_point - positions.codes.lowest);
    const PictureRows rows(layer, codes.data.data(), codes.shape[0], positions, padding, threads);
    Output output(layer, out);
    const size_t n = layer.out_channels / layer.groups;
    product.run(rows, {layer.initial.data(), layer.initial.size() / layer.out_channels}, needs_code_sums(layer),
                threads, [&](const TableProduct::Column& column) {
                    output.store(column.group * n + column.n, column.first_row, column.count, column.accumulators,
                                 column.code_sums);
                });
}

/// One group of channels of a layer, unrolled to a product of matrices of codes: for engines without tiles.
class GroupRun {
  public:
    GroupRun(const MacLayer& layer, const Tensor<int32_t>& codes, size_t group, int threads)
        : layer_(layer), codes_(codes), group_(group), threads_(threads) {
        n_ = layer.out_channels / layer.groups;
        k_ = layer.k();
        pixels_ = layer.out_h * layer.out_w;
    }

    void run(Tensor<int64_t>& out) {
        const size_t rows = codes_.shape[0] * pixels_;  // a row is one output pixel of one picture
        const size_t whole = kUnrolledCodes / k_ / kRowStep * kRowStep;
        const size_t step = std::max<size_t>(whole > 0 ? whole : kUnrolledCodes / k_, 1);
        for (size_t first = 0; first < rows; first += step) run_rows(first, std::min(step, rows - first), out);
    }

  private:
    size_t first_channel() const { return group_ * n_; }
    bool skips() const { return layer_.padding == PaddingMode::skip; }

    void run_rows(size_t first, size_t rows, Tensor<int64_t>& out) {
        std::vector<int32_t> a(rows * k_);
        std::vector<int64_t> code_sums(rows);
        parallel_for(rows, threads_, [&](size_t begin, size_t end) {
            for (size_t row = begin; row < end; ++row) {
                unroll((first + row) / pixels_, (first + row) % pixels_, a.data() + row * k_);
                code_sums[row] = sum_of_codes(a.data() + row * k_);
            }
        });

        MatmulArgs args;
        args.m = rows;
        args.k = k_;
        args.n = n_;
        args.a = a.data();
        args.w = layer_.w_columns.data() + group_ * k_ * n_;
        args.products = layer_.products.get();
        args.acc = layer_.acc;
        const std::vector<int64_t> init = initial_values(first, rows);
        args.init = init.data();
        args.init_per_row = init.size() != n_;
        std::vector<int64_t> result(rows * n_);
        args.out = result.data();
        matmul(args, layer_.prepared, threads_);

        Output output(layer_, out);
        std::vector<int64_t> column(rows);
        for (size_t n = 0; n < n_; ++n) {
            for (size_t row = 0; row < rows; ++row) column[row] = result[row * n_ + n];
            output.store(first_channel() + n, first, rows, column.data(), code_sums.data());
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

    /// This group's part of the layer's: [n], or [rows, n] where each position has its own.
    std::vector<int64_t> initial_values(size_t first, size_t rows) const {
        const size_t period = layer_.initial.size() / layer_.out_channels, sets = period == 1 ? 1 : rows;
        std::vector<int64_t> init;
        init.reserve(sets * n_);
        for (size_t row = 0; row < sets; ++row) {
            const auto at = layer_.initial.begin() +
                            static_cast<std::ptrdiff_t>((first + row) % period * layer_.out_channels + first_channel());
            init.insert(init.end(), at, at + static_cast<std::ptrdiff_t>(n_));
        }
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
};

}  // namespace

std::vector<int64_t> initial_accumulators(const MacLayer& layer) {
    const bool differ = layer.padding == PaddingMode::skip && layer.a_params.zero_point != 0;
    const size_t k_count = layer.k(), taps = layer.window.kernel[0] * layer.window.kernel[1];
    std::vector<int64_t> sums(layer.out_channels * taps, 0);  // of the weights of a tap, over the channels
    for (size_t channel = 0; channel < layer.out_channels; ++channel)
        for (size_t k = 0; k < k_count; ++k) sums[channel * taps + k % taps] += layer.w_codes[channel * k_count + k];
    const size_t pixels = differ ? layer.out_h * layer.out_w : 1;
    std::vector<int64_t> initial;
    initial.reserve(pixels * layer.out_channels);
    for (size_t pixel = 0; pixel < pixels; ++pixel) {
        std::vector<bool> counts(taps, true);
        for (size_t i = 0; differ && i < taps; ++i) {
            counts[i] = tap(pixel / layer.out_w, i / layer.window.kernel[1], layer.window, 0, layer.in_h) &&
                        tap(pixel % layer.out_w, i % layer.window.kernel[1], layer.window, 1, layer.in_w);
        }
        const auto positions = static_cast<int64_t>(k_count / taps) * std::count(counts.begin(), counts.end(), true);
        for (size_t channel = 0; channel < layer.out_channels; ++channel) {
            int64_t w_sum = 0;
            for (size_t i = 0; i < taps; ++i) w_sum += counts[i] ? sums[channel * taps + i] : 0;
            initial.push_back(initial_accumulator(layer, channel, w_sum, positions));
        }
    }
    return initial;
}

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

ProductTask product_task(const MacLayer& layer) {
    ProductTask task;
    task.products = layer.products;
    task.acc = layer.acc;
    task.positions = {layer.a_used, layer.padding == PaddingMode::skip && has_padding(layer)};
    if (!task.positions.skips && has_padding(layer)) {
        task.positions.codes.lowest = std::min(task.positions.codes.lowest, layer.a_params.zero_point);
        task.positions.codes.highest = std::max(task.positions.codes.highest, layer.a_params.zero_point);
    }
    task.groups = layer.groups;
    task.k = layer.k();
    task.n = layer.out_channels / layer.groups;
    task.w = layer.w_codes.data();
    for (const int64_t init : initial_accumulators(layer))
        task.largest_init = std::max(task.largest_init, init < 0 ? -(init + 1) : init);
    return task;
}

void prepare(MacLayer& layer, PreparedProduct prepared) {
    layer.prepared = std::move(prepared);
    layer.initial = initial_accumulators(layer);
    layer.w_columns.clear();
    if (layer.prepared.sums) return;
    const size_t n_count = layer.out_channels / layer.groups, k_count = layer.k();
    layer.w_columns.resize(layer.w_codes.size());
    for (size_t i = 0; i < layer.w_codes.size(); ++i) {
        const size_t channel = i / k_count, group = channel / n_count;
        layer.w_columns[(group * k_count + i % k_count) * n_count + channel % n_count] = layer.w_codes[i];
    }
}

void prepare(MacLayer& layer, Engine engine, SumMethod method) {
    prepare(layer, prepare(product_task(layer), engine, method));
}

Tensor<int64_t> run_mac_layer(const MacLayer& layer, const Tensor<int32_t>& codes, int threads) {
    if (layer.initial.empty()) throw std::logic_error("layer '" + layer.name + "' is not prepared");
    Tensor<int64_t> out({codes.shape[0], layer.out_channels, layer.out_h, layer.out_w});
    if (layer.prepared.sums) {
        run_sums(layer, codes, threads, out);
        return out;
    }
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

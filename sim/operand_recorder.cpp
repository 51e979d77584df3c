#include "sim/operand_recorder.h"

#include <algorithm>
#include <fmt/format.h>
#include <limits>

#include "sim/error.h"
#include "sim/parallel.h"

namespace concrete::sim {
namespace {

/// Counters kept between batches: 64 MiB. Layers with more are counted in blocks of channels, flushed at every batch.
constexpr size_t kMaxCounters = size_t{1} << 24;

/// Codes a thread: below, starting threads takes longer than counting.
constexpr size_t kCodesPerThread = size_t{1} << 20;

/// Raw port code of every code of a range.
std::vector<size_t> port_codes(const CodeRange& range, const Port& port, bool sign_magnitude) {
    std::vector<size_t> codes;
    for (int64_t code = range.lowest; code <= range.highest; ++code) {
        codes.push_back(encode(sign_magnitude && code < 0 ? -code : code, port.bits));
    }
    return codes;
}

}  // namespace

LayerOperandRecorder::Axis LayerOperandRecorder::make_axis(const MacLayer& layer, size_t axis, size_t outputs,
                                                           size_t extent) {
    const Window& window = layer.window;
    std::vector<std::vector<size_t>> readers(extent);
    Axis result;
    result.real_taps.resize(window.kernel[axis]);
    for (size_t kernel = 0; kernel < window.kernel[axis]; ++kernel) {
        for (size_t out = 0; out < outputs; ++out) {
            const size_t padded = out * window.stride[axis] + kernel * window.dilation[axis];
            if (padded < window.padding[axis] || padded - window.padding[axis] >= extent) continue;
            readers[padded - window.padding[axis]].push_back(kernel);
            ++result.real_taps[kernel];
        }
    }
    for (const std::vector<size_t>& taps : readers) {
        const auto known = std::find(result.taps.begin(), result.taps.end(), taps);
        result.kind.push_back(taps.empty() ? kUnread : static_cast<size_t>(known - result.taps.begin()));
        if (!taps.empty() && known == result.taps.end()) result.taps.push_back(taps);
    }
    return result;
}

LayerOperandRecorder::LayerOperandRecorder(const MacLayer& layer, bool with_joint)
    : layer_(layer),
      y_(make_axis(layer, 0, layer.out_h, layer.in_h)),
      x_(make_axis(layer, 1, layer.out_w, layer.in_w)),
      places_(y_.taps.size() * x_.taps.size()) {
    const Operator& multiplier = layer.products->multiplier();
    counts_.a = multiplier.a;
    counts_.b = multiplier.b;
    counts_.a_counts.resize(size_t{1} << counts_.a.bits);
    counts_.b_counts.resize(size_t{1} << counts_.b.bits);
    if (with_joint) counts_.joint.resize(counts_.a_counts.size() * counts_.b_counts.size());
    a_port_ = port_codes(layer.a_range, counts_.a, layer.products->sign_magnitude());
    w_port_ = port_codes(layer.w_range, counts_.b, layer.products->sign_magnitude());
    a_codes_ = a_port_.size();
    const size_t of_channel = std::max<size_t>(1, places_ * a_codes_);
    block_channels_ = std::clamp<size_t>(kMaxCounters / of_channel, 1, layer.in_channels);
    histograms_.resize(block_channels_ * of_channel);
}

void LayerOperandRecorder::add(const Tensor<int32_t>& codes, int threads) {
    constexpr uint64_t kMost = std::numeric_limits<uint32_t>::max();  // of a counter
    const uint64_t picture = layer_.in_h * layer_.in_w, images = codes.shape[0];
    if (images * picture > kMost) throw ShapeError(layer_.name + ": a batch of 2^32 input pixels or more");
    if ((images_ + images) * picture > kMost) flush(0, layer_.in_channels);  // else no block is left from before
    const int used =
        static_cast<int>(std::clamp<size_t>(codes.size() / kCodesPerThread, 1, static_cast<size_t>(threads)));
    for (size_t first = 0; first < layer_.in_channels; first += block_channels_) {
        const size_t channels = std::min(block_channels_, layer_.in_channels - first);
        parallel_for(channels, used, [&](size_t begin, size_t end) {
            for (size_t i = begin; i < end; ++i)
                count_channel(codes, first + i, histograms_.data() + i * places_ * a_codes_);
        });
        if (channels == layer_.in_channels) {
            images_ += images;
            return;
        }
        images_ = images;
        flush(first, channels);
    }
}

void LayerOperandRecorder::count_channel(const Tensor<int32_t>& codes, size_t channel, uint32_t* histograms) const {
    const int64_t lowest = layer_.a_range.lowest;
    for (size_t image = 0; image < codes.shape[0]; ++image) {
        const int32_t* line = codes.data.data() + (image * layer_.in_channels + channel) * layer_.in_h * layer_.in_w;
        for (size_t y = 0; y < layer_.in_h; ++y, line += layer_.in_w) {
            if (y_.kind[y] == kUnread) continue;
            uint32_t* row = histograms + y_.kind[y] * x_.taps.size() * a_codes_;
            for (size_t x = 0; x < layer_.in_w; ++x) {
                if (x_.kind[x] != kUnread) ++row[x_.kind[x] * a_codes_ + static_cast<size_t>(line[x] - lowest)];
            }
        }
    }
}

/// Turns the histograms of a block of channels, over images_ pictures, into operand counts, and clears them.
void LayerOperandRecorder::flush(size_t first_channel, size_t channels) {
    for (size_t i = 0; i < channels; ++i) {
        uint32_t* histograms = histograms_.data() + i * places_ * a_codes_;
        flush_channel(first_channel + i, histograms);
        std::fill_n(histograms, places_ * a_codes_, 0);
    }
    images_ = 0;
}

void LayerOperandRecorder::flush_channel(size_t channel, uint32_t* histograms) {
    const size_t kernel_h = layer_.window.kernel[0], kernel_w = layer_.window.kernel[1];
    std::vector<std::vector<int64_t>> taps(kernel_h * kernel_w, std::vector<int64_t>(a_codes_));
    for (size_t place = 0; place < places_; ++place) {
        const uint32_t* counts = histograms + place * a_codes_;
        for (const size_t ky : y_.taps[place / x_.taps.size()]) {
            for (const size_t kx : x_.taps[place % x_.taps.size()]) {
                for (size_t code = 0; code < a_codes_; ++code) taps[ky * kernel_w + kx][code] += counts[code];
            }
        }
    }
    const size_t of_group = layer_.in_channels / layer_.groups;
    for (size_t tap = 0; tap < taps.size(); ++tap) {
        if (layer_.padding == PaddingMode::code) {
            const auto zero = static_cast<size_t>(layer_.a_params.zero_point - layer_.a_range.lowest);
            const size_t real = y_.real_taps[tap / kernel_w] * x_.real_taps[tap % kernel_w];
            taps[tap][zero] += static_cast<int64_t>(images_ * (layer_.out_h * layer_.out_w - real));
        }
        add_products(channel / of_group, channel % of_group * taps.size() + tap, taps[tap]);
    }
}

/// Adds hist_a[k] x hist_w[k].
void LayerOperandRecorder::add_products(size_t group, size_t k, const std::vector<int64_t>& a_histogram) {
    const size_t channels = layer_.out_channels / layer_.groups;
    std::vector<int64_t> w_histogram(w_port_.size());
    for (size_t n = group * channels; n < (group + 1) * channels; ++n) {
        ++w_histogram[static_cast<size_t>(layer_.w_codes[n * layer_.k() + k] - layer_.w_range.lowest)];
    }
    struct Seen {
        size_t raw;
        int64_t count;
    };
    std::vector<Seen> w_seen;
    for (size_t code = 0; code < w_histogram.size(); ++code) {
        if (w_histogram[code] > 0) w_seen.push_back({w_port_[code], w_histogram[code]});
    }
    int64_t positions = 0;
    for (size_t code = 0; code < a_codes_; ++code) {
        const int64_t count = a_histogram[code];
        if (count == 0) continue;
        positions += count;
        counts_.a_counts[a_port_[code]] += count * static_cast<int64_t>(channels);
        if (counts_.joint.empty()) continue;
        int64_t* line = counts_.joint.data() + a_port_[code] * counts_.b_counts.size();
        for (const Seen& w : w_seen) line[w.raw] += count * w.count;
    }
    for (const Seen& w : w_seen) counts_.b_counts[w.raw] += w.count * positions;
}

OperandCounts LayerOperandRecorder::result() {
    if (block_channels_ == layer_.in_channels) flush(0, layer_.in_channels);
    histograms_ = {};
    return std::move(counts_);
}

OperandRecorder::OperandRecorder(const QuantizedNetwork& network, int threads) : network_(network), threads_(threads) {
    if (network.mac_layers().empty()) {
        throw InputError(network.network().name +
                         ": every layer is `mode: float`, so that there are no operands to record");
    }
    uint64_t joint_counts = 0;
    for (const MacLayer& layer : network.mac_layers()) {
        const Operator& multiplier = layer.products->multiplier();
        const int bits = multiplier.a.bits + multiplier.b.bits;
        if (std::max(multiplier.a.bits, multiplier.b.bits) > kMaxMarginalBits) {
            throw InputError(fmt::format("layer '{}': {} has operands of {} bits, expected at most {} to record them",
                                         layer.name, multiplier.name, std::max(multiplier.a.bits, multiplier.b.bits),
                                         kMaxMarginalBits));
        }
        std::string absence;
        if (bits > kMaxJointBits) {
            absence = fmt::format("{} + {} operand bits; joint histograms go up to {}", multiplier.a.bits,
                                  multiplier.b.bits, kMaxJointBits);
        } else if (joint_counts + (uint64_t{2} << bits) > kMaxJointCounts) {  // its own, and that of the total
            absence = fmt::format("the joint histograms of a file go up to {} counts", kMaxJointCounts);
        } else {
            joint_counts += uint64_t{1} << bits;
        }
        recorders_.push_back(std::make_unique<LayerOperandRecorder>(layer, absence.empty()));
        absences_.push_back(std::move(absence));
    }
}

void OperandRecorder::observe(const MacLayerRecord& record) {
    const auto number = static_cast<size_t>(record.layer - network_.mac_layers().data());
    recorders_.at(number)->add(*record.input_codes, threads_);
    if (number == 0) images_ += record.images;
}

OperandDistribution OperandRecorder::result(std::string config, std::string calibration_sha256) {
    OperandDistribution distribution;
    distribution.network = network_.network().name;
    distribution.config = std::move(config);
    distribution.calibration_sha256 = std::move(calibration_sha256);
    distribution.images = images_;
    for (size_t i = 0; i < recorders_.size(); ++i) {
        OperandCounts counts = recorders_[i]->result();
        counts.joint_absence = absences_[i];
        distribution.layers[network_.mac_layers()[i].name] = std::move(counts);
    }
    distribution.total = total_counts(distribution.layers);
    return distribution;
}

}  // namespace concrete::sim

#pragma once

#include <memory>
#include <vector>

#include "sim/operand_distribution.h"
#include "sim/quantized_network.h"

namespace concrete::sim {

/// Counts the operands of one layer's multiplier without visiting every multiply-accumulate.
///
/// At kernel position k (of a group of channels) every activation code meets every weight of that position once, so
///
///     joint[a][w] = sum over k of hist_a[k][a] * hist_w[k][w],
///
/// an integer identity. hist_a[k] counts the codes that position k sees over pictures and output pixels; padding counts
/// as code z_a, or not at all where it is skipped. Rows of a picture that the same kernel rows read are alike, and so
/// are columns: each input code is counted once, in the histogram of its channel and its *place* (kind of row, kind of
/// column), and hist_a[k] is the sum over the places that k reads. The work is one count per input code of a picture.
class LayerOperandRecorder {
  public:
    /// with_joint: keep the joint histogram. The layer must outlive the recorder.
    LayerOperandRecorder(const MacLayer& layer, bool with_joint);

    /// Counts a batch of input codes [n, in_channels, in_h, in_w].
    void add(const Tensor<int32_t>& codes, int threads);

    /// All that was counted; the recorder is spent afterwards. joint_absence is left to the caller.
    OperandCounts result();

  private:
    static constexpr size_t kUnread = ~size_t{0};
    /// Coordinates of one axis, by the kernel taps that read them.
    struct Axis {
        std::vector<size_t> kind;               // by coordinate; kUnread where no tap falls on it
        std::vector<std::vector<size_t>> taps;  // by kind: kernel coordinates
        std::vector<size_t> real_taps;          // by kernel coordinate: outputs for which it falls on the picture
    };
    static Axis make_axis(const MacLayer& layer, size_t axis, size_t outputs, size_t extent);

    void count_channel(const Tensor<int32_t>& codes, size_t channel, uint32_t* histograms) const;
    void flush(size_t first_channel, size_t channels);
    void flush_channel(size_t channel, uint32_t* histograms);
    void add_products(size_t group, size_t k, const std::vector<int64_t>& a_histogram);

    const MacLayer& layer_;
    OperandCounts counts_;
    std::vector<size_t> a_port_, w_port_;  // raw port code of each code of a_range and w_range
    Axis y_, x_;
    size_t places_, a_codes_, block_channels_;
    std::vector<uint32_t> histograms_;  // [block_channels_, places_, a_codes_]
    uint64_t images_ = 0;               // counted and not yet flushed
};

/// Records what the multipliers of a run's quantized layers are fed; observe() is the observer of a run
/// (sim/network_runner.h).
class OperandRecorder {
  public:
    /// The network must outlive the recorder. Layers beyond kMaxJointBits, or beyond kMaxJointCounts in all, are
    /// recorded without a joint histogram. Throws: InputError if the network has no quantized layer.
    OperandRecorder(const QuantizedNetwork& network, int threads);

    void observe(const MacLayerRecord& record);

    /// Layers and total; the recorder is spent afterwards. Args: config: name of the configuration.
    OperandDistribution result(std::string config, std::string calibration_sha256);

  private:
    const QuantizedNetwork& network_;
    int threads_;
    std::vector<std::unique_ptr<LayerOperandRecorder>> recorders_;  // by MAC layer
    std::vector<std::string> absences_;
    uint64_t images_ = 0;
};

}  // namespace concrete::sim

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sim/config.h"
#include "sim/gather.h"
#include "sim/network.h"
#include "sim/product_model.h"
#include "sim/quantize.h"
#include "sim/requantize.h"
#include "sim/tensor.h"
#include "sim/weights.h"

namespace concrete::sim {

/// Scales and zero points of the codes between layers: computed once from calibration pictures, kept as a file, and
/// read by every run. Key: the layer whose output carries the codes ("input" for the picture).
struct Calibration {
    std::map<std::string, QuantParams> activations;
    std::string hash;  ///< SHA-256 over network, weights, calibration pictures, quantisation settings and version

    bool operator==(const Calibration&) const = default;
};

/// One convolution or fully connected layer as the hardware sees it (a fully connected layer is a convolution of a
/// [features, 1, 1] picture with a 1x1 kernel). k runs over (input channel of the group, kernel row, kernel column),
/// the column fastest.
struct MacLayer {
    std::string name;
    size_t layer_index = 0;
    size_t in_channels = 0, in_h = 0, in_w = 0;
    size_t out_channels = 0, out_h = 0, out_w = 0, groups = 1;
    Window window;

    QuantSpec a_spec, w_spec;
    CodeRange a_range, w_range;
    QuantParams a_params;
    std::vector<QuantParams> w_params;  ///< [out_channels]
    std::vector<int32_t> w_codes;       ///< [out_channels][k]
    std::vector<int64_t> bias_codes;    ///< [out_channels]

    std::shared_ptr<const ProductModel> products;
    AccumulatorSpec acc;
    PaddingMode padding = PaddingMode::code;

    /// Of the output codes, one a channel; empty where the output is real (logits, or read by float layers only).
    std::vector<Requantizer> requantizers;

    size_t k() const { return in_channels / groups * window.kernel[0] * window.kernel[1]; }
    size_t outputs_per_image() const { return out_channels * out_h * out_w; }
};

/// The operand stream of one output neuron: what the MAC unit of rtl/ is fed.
struct NeuronTrace {
    int64_t init = 0;           ///< acc_0, zero-point corrections included
    std::vector<int32_t> a, w;  ///< codes, MAC by MAC; skipped positions left out
    int64_t correction = 0;     ///< added exactly after the last MAC (-z_w * sum qa)
};

/// Operand stream of output (channel, row, column) for input codes [c, h, w] of one picture.
NeuronTrace trace_neuron(const MacLayer& layer, const int32_t* input_codes, size_t channel, size_t row, size_t column);

/// acc_K after the last MAC plus the correction: wrap modulo 2^W, or clamped once.
int64_t apply_correction(const AccumulatorSpec& acc, int64_t accumulated, int64_t correction);

/// What one MAC layer did for one batch.
struct MacLayerRecord {
    const MacLayer* layer = nullptr;
    size_t first_image = 0, images = 0;
    const Tensor<int32_t>* input_codes = nullptr;   ///< [n, c, h, w]
    const Tensor<int64_t>* accumulators = nullptr;  ///< [n, out_c, out_h, out_w], correction included
    const Tensor<int32_t>* output_codes = nullptr;  ///< same shape; null where the layer has no requantisers
};
using MacObserver = std::function<void(const MacLayerRecord&)>;

/// A network bound to operators and quantisation settings.
class QuantizedNetwork {
  public:
    /// Throws: InputError naming layer and reason (a code wider than the port, a bias outside the accumulator, layers
    /// that read one tensor with different activation settings, a missing or wrong operator).
    QuantizedNetwork(const RunConfig& config, const Weights& weights, const Calibration& calibration,
                     const OperatorProvider& operators);

    /// Logits [n, classes] for a batch of normalised pictures. first_image is handed to the observer.
    Tensor<double> run(const Tensor<float>& batch, int threads, const MacObserver& observer = {},
                       size_t first_image = 0) const;

    const std::vector<MacLayer>& mac_layers() const { return mac_layers_; }
    /// Multiply-accumulates of one picture in quantised layers.
    uint64_t macs_per_image() const;

  private:
    const Network network_;
    const Weights weights_;
    std::vector<MacLayer> mac_layers_;
    std::vector<int> mac_of_layer_;    // index into mac_layers_, or -1
    std::vector<bool> carries_codes_;  // by layer: the output is codes, not reals
    std::vector<QuantParams> params_;  // of those codes
    std::vector<CodeRange> ranges_;

    struct Value;
    Value run_layer(size_t index, const std::vector<Value>& values, int threads, const MacObserver& observer,
                    size_t first_image) const;
};

/// Computes the scales for a configuration from the first pictures of the training split of its data set.
Calibration calibrate(const RunConfig& config, const Weights& weights, const OperatorProvider& operators, int threads);

/// The calibration of a configuration, from the cache or computed and stored there (JSON, hexadecimal floats).
Calibration load_or_calibrate(const RunConfig& config, const Weights& weights, const OperatorProvider& operators,
                              int threads);

}  // namespace concrete::sim

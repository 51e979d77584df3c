#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sim/calibration.h"
#include "sim/code_layers.h"
#include "sim/code_plan.h"
#include "sim/config.h"
#include "sim/mac_layer.h"
#include "sim/network.h"
#include "sim/tensor.h"
#include "sim/weights.h"

namespace concrete::sim {

/// What one MAC layer did for one batch.
struct MacLayerRecord {
    const MacLayer* layer = nullptr;  ///< of QuantizedNetwork::mac_layers()
    size_t first_image = 0, images = 0;
    const Tensor<int32_t>* input_codes = nullptr;   ///< [n, in_channels, in_h, in_w]
    const Tensor<int64_t>* accumulators = nullptr;  ///< [n, out_channels, out_h, out_w], correction included
    const Tensor<int32_t>* output_codes = nullptr;  ///< same shape; null where the layer has no requantisers
};
using MacObserver = std::function<void(const MacLayerRecord&)>;

/// Makes a layer whose fields are set ready for the back end that will run it. May leave it as it is; then
/// QuantizedNetwork::run() cannot compute it. Throws: InputError for a layer that the back end cannot compute.
using LayerPreparer = std::function<void(MacLayer&)>;

/// Preparer for the CPU. Args: engine: that of all layers; chosen for each if not given.
LayerPreparer cpu_preparer(std::optional<Engine> engine = {});

/// A network bound to operators and quantisation settings: what `concrete run` and `concrete verify` execute.
class QuantizedNetwork {
  public:
    /// Throws: InputError naming layer and reason: codes that do not fit a port, a bias code outside the accumulator,
    /// or what `prepare` says.
    QuantizedNetwork(const RunConfig& config, const Weights& weights,
                     const std::map<std::string, LayerOperators>& operators, const CodePlan& plan,
                     const Calibration& calibration, const LayerPreparer& prepare = cpu_preparer());

    /// Output of the last layer, [n, classes], for a batch of normalised pictures. A last layer that is quantised gives
    /// logits double(acc) * s_a * s_w[c]. first_image is handed to the observer, which sees the quantised layers in
    /// order. layer_seconds: where given, [mac_layers]; the time spent in each layer's multiply-accumulates is added.
    Tensor<double> run(const Tensor<float>& batch, int threads, const MacObserver& observer = {},
                       size_t first_image = 0, std::span<double> layer_seconds = {}) const;

    const std::vector<MacLayer>& mac_layers() const { return mac_layers_; }
    const Network& network() const { return network_; }

    /// For those who run it elsewhere: which tensors are codes; the scale and zero point of one that has a format; a
    /// layer's index into mac_layers(), or -1.
    const CodePlan& plan() const { return plan_; }
    const QuantParams& params(size_t layer) const { return params_[layer]; }
    int mac_number(size_t layer) const { return mac_of_layer_[layer]; }
    /// A layer that computes on reals, in fp32.
    Tensor<float> run_real_layer(size_t layer, const std::vector<const Tensor<float>*>& inputs, int threads) const;

    /// Multiply-accumulates of one picture in quantised layers.
    uint64_t macs_per_image() const;

  private:
    /// Output of a layer: codes where the plan says so, else reals.
    struct Value {
        CodeTensor coded;
        Tensor<float> real;
        bool is_coded = false;
    };
    struct Batch {
        std::vector<Value> values;  // by layer
        int threads;
        const MacObserver& observer;
        size_t first_image;
        std::span<double> layer_seconds;
    };

    MacLayer make_mac_layer(const RunConfig& config, size_t index, const LayerOperators& operators,
                            const LayerPreparer& prepare) const;
    void set_requantizers(MacLayer& layer) const;
    Tensor<int64_t> run_mac(const MacLayer& layer, Batch& batch) const;
    Value run_on_codes(size_t index, const Batch& batch) const;
    Value run_on_reals(size_t index, const Batch& batch) const;
    CodeTensor codes_for(const MacLayer& layer, const Batch& batch) const;

    Network network_;
    Weights weights_;
    CodePlan plan_;
    std::vector<QuantParams> params_;  // by layer, of its output codes
    std::vector<MacLayer> mac_layers_;
    std::vector<int> mac_of_layer_;  // index into mac_layers_, or -1
};

/// Real outputs double(acc) * s_a * s_w[c] of a layer without requantisers, rounded to Real. Args: acc: what
/// run_mac_layer() gives. shape: of the result. Real: float, as other layers read them, or double, logits.
template <typename Real>
Tensor<Real> real_outputs(const MacLayer& layer, const Tensor<int64_t>& acc, Shape shape, int threads);

/// Everything a run needs, loaded and bound.
struct PreparedRun {
    RunConfig config;
    std::map<std::string, LayerOperators> operators;
    Calibration calibration;
    QuantizedNetwork network;
};

/// Configuration -> weights, operators, calibration, network. Throws: InputError, MissingError.
PreparedRun prepare_run(RunConfig config, const OperatorProvider& provider, int threads,
                        const LayerPreparer& prepare = cpu_preparer());

/// Index of the largest value in each row; ties go to the lowest index. [n, classes] -> [n]
std::vector<size_t> argmax_rows(const Tensor<double>& logits);

}  // namespace concrete::sim

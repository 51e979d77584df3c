#include "sim/quantized_network.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fmt/format.h>

#include "sim/error.h"
#include "sim/float_layers.h"
#include "sim/parallel.h"
#include "sim/planner.h"

namespace concrete::sim {
namespace {

/// Extents of a picture [c, h, w]; features [f] count as [f, 1, 1].
std::array<size_t, 3> picture_shape(const Shape& shape) {
    return {shape[0], shape.size() > 1 ? shape[1] : 1, shape.size() > 2 ? shape[2] : 1};
}

const Tensor<float>* find_tensor(const Weights& weights, const std::string& name) {
    const auto at = weights.find(name);
    return at == weights.end() ? nullptr : &at->second;
}

/// round(bias / (s_a * s_w[c])). Throws: InputError naming the channel whose code does not fit the accumulator.
std::vector<int64_t> bias_codes(const MacLayer& layer, const Tensor<float>* bias) {
    std::vector<int64_t> codes(layer.out_channels, 0);
    for (size_t c = 0; bias && c < codes.size(); ++c) {
        const double code = std::floor(bias->data[c] / (layer.a_params.scale * layer.w_params[c].scale) + 0.5);
        const auto limit = std::ldexp(1.0, layer.acc.bits - 1);
        if (!(-limit <= code && code < limit)) {
            throw InputError(
                fmt::format("layer '{}': the bias of channel {} is {:.0f} accumulator LSBs, outside {} bits; "
                            "use a wider accumulator",
                            layer.name, c, code, layer.acc.bits));
        }
        codes[c] = static_cast<int64_t>(code);
    }
    return codes;
}

/// Calls body(channel, first, count) for every channel of every picture of [images, channels, pixels].
template <typename Body>
void each_plane(const MacLayer& layer, size_t images, int threads, const Body& body) {
    const size_t pixels = layer.out_h * layer.out_w;
    parallel_for(images * layer.out_channels, threads, [&](size_t begin, size_t end) {
        for (size_t plane = begin; plane < end; ++plane) body(plane % layer.out_channels, plane * pixels, pixels);
    });
}

Tensor<int32_t> requantized(const MacLayer& layer, const Tensor<int64_t>& acc, int threads) {
    Tensor<int32_t> out(acc.shape);
    each_plane(layer, acc.shape[0], threads, [&](size_t channel, size_t first, size_t count) {
        requantize(layer.requantizers[channel], acc.data.data() + first, count, out.data.data() + first);
    });
    return out;
}

/// For each layer, whether the values of its output are never below 0, so that its codes are never below the zero
/// point.
std::vector<bool> without_negatives(const Network& network) {
    std::vector<bool> result;
    for (const Layer& layer : network.layers) {
        switch (layer.type) {
            case LayerType::relu:
            case LayerType::softmax:
                result.push_back(true);
                break;
            case LayerType::max_pool:
            case LayerType::avg_pool:
            case LayerType::flatten:
            case LayerType::add:
                result.push_back(
                    std::all_of(layer.inputs.begin(), layer.inputs.end(), [&](size_t input) { return result[input]; }));
                break;
            default:
                result.push_back(false);
        }
    }
    return result;
}

Shape batch_shape(size_t images, const Shape& picture) {
    Shape shape{images};
    shape.insert(shape.end(), picture.begin(), picture.end());
    return shape;
}

}  // namespace

template <typename Real>
Tensor<Real> real_outputs(const MacLayer& layer, const Tensor<int64_t>& acc, Shape shape, int threads) {
    Tensor<Real> out(std::move(shape));
    each_plane(layer, acc.shape[0], threads, [&](size_t channel, size_t first, size_t count) {
        for (size_t i = first; i < first + count; ++i)
            out.data[i] = static_cast<Real>(static_cast<double>(acc.data[i]) * layer.a_params.scale *
                                            layer.w_params[channel].scale);
    });
    return out;
}
template Tensor<float> real_outputs(const MacLayer&, const Tensor<int64_t>&, Shape, int);
template Tensor<double> real_outputs(const MacLayer&, const Tensor<int64_t>&, Shape, int);

LayerPreparer cpu_preparer(std::optional<Engine> engine) {
    return [engine](MacLayer& layer) { prepare_planned(layer, kPlannedImages, engine); };
}

QuantizedNetwork::QuantizedNetwork(const RunConfig& config, const Weights& weights,
                                   const std::map<std::string, LayerOperators>& operators, const CodePlan& plan,
                                   const Calibration& calibration, const LayerPreparer& prepare)
    : network_(config.network), weights_(weights), plan_(plan) {
    const size_t count = network_.layers.size();
    params_.resize(count);
    for (size_t i = 0; i < count; ++i) {
        if (!plan_.tensors[i].has_format) continue;
        const auto at = calibration.activations.find(network_.layers[i].name);
        if (at == calibration.activations.end()) {
            throw InputError(
                fmt::format("calibration {}: no scale for layer '{}'", calibration.hash, network_.layers[i].name));
        }
        params_[i] = at->second;
    }
    mac_of_layer_.assign(count, -1);
    for (size_t i = 0; i < count; ++i) {
        const auto bound = operators.find(network_.layers[i].name);
        if (bound == operators.end()) continue;
        mac_of_layer_[i] = static_cast<int>(mac_layers_.size());
        mac_layers_.push_back(make_mac_layer(config, i, bound->second, prepare));
    }
}

MacLayer QuantizedNetwork::make_mac_layer(const RunConfig& config, size_t index, const LayerOperators& operators,
                                          const LayerPreparer& prepare) const {
    const Layer& layer = network_.layers[index];
    const LayerConfig& settings = config.layers.at(layer.name);
    const size_t input = layer.inputs[0];
    const CodeFormat& format = plan_.formats.at(plan_.tensors[input].group);

    MacLayer mac;
    mac.name = layer.name;
    mac.layer_index = index;
    const auto [in_c, in_h, in_w] = picture_shape(network_.layers[input].output_shape);
    const auto [out_c, out_h, out_w] = picture_shape(layer.output_shape);
    mac.in_channels = in_c, mac.in_h = in_h, mac.in_w = in_w;
    mac.out_channels = out_c, mac.out_h = out_h, mac.out_w = out_w;
    if (layer.type == LayerType::conv2d) {
        mac.groups = layer.groups;
        mac.window = layer.window;
    }

    mac.a_spec = format.spec;
    mac.a_range = format.range;
    mac.a_params = params_[input];
    mac.w_spec = settings.weights;
    const bool signed_weights = operators.multiplier->b.is_signed || settings.sign_magnitude;
    mac.w_range = code_range(mac.w_spec, signed_weights, true);
    QuantizedWeights w = quantize_weights(weights_.at(layer.name + ".weight"), mac.w_spec, signed_weights);
    mac.w_codes = std::move(w.codes);
    mac.w_params = std::move(w.params);
    mac.acc = operators.acc;
    mac.adder = operators.adder;
    mac.padding = settings.padding;
    try {
        mac.products = std::make_shared<const ProductModel>(operators.multiplier, mac.a_range, mac.w_range,
                                                            settings.sign_magnitude);
    } catch (const InputError& error) {
        throw InputError(fmt::format("layer '{}': {}", layer.name, error.what()));
    }
    mac.bias_codes = bias_codes(mac, find_tensor(weights_, layer.name + ".bias"));
    set_requantizers(mac);
    mac.a_used = mac.a_range;
    if (without_negatives(network_)[input]) mac.a_used.lowest = std::max(mac.a_range.lowest, mac.a_params.zero_point);
    try {
        prepare(mac);
    } catch (const InputError& error) {
        throw InputError(fmt::format("layer '{}': {}", layer.name, error.what()));
    }
    return mac;
}

void QuantizedNetwork::set_requantizers(MacLayer& layer) const {
    const CodePlan::Entry& entry = plan_.tensors[layer.layer_index];
    if (!entry.carries_codes) return;
    const QuantParams& out = params_[layer.layer_index];
    CodeRange range = plan_.formats.at(entry.group).range;
    if (entry.relu_follows) range.lowest = std::max(range.lowest, out.zero_point);
    for (size_t c = 0; c < layer.out_channels; ++c) {
        const double factor = layer.a_params.scale * layer.w_params[c].scale / out.scale;
        try {
            layer.requantizers.push_back(make_requantizer(factor, out.zero_point, range));
        } catch (const RangeError& error) {
            throw InputError(fmt::format("layer '{}', channel {}: {}", layer.name, c, error.what()));
        }
    }
}

CodeTensor QuantizedNetwork::codes_for(const MacLayer& layer, const Batch& batch) const {
    const Value& in = batch.values[network_.layers[layer.layer_index].inputs[0]];
    if (in.is_coded) return in.coded;
    return quantize_tensor(in.real, layer.a_spec, layer.a_params, layer.a_range, batch.threads);
}

Tensor<int64_t> QuantizedNetwork::run_mac(const MacLayer& layer, Batch& batch) const {
    CodeTensor in = codes_for(layer, batch);
    in.codes.shape = {in.codes.shape[0], layer.in_channels, layer.in_h, layer.in_w};
    const auto start = std::chrono::steady_clock::now();
    Tensor<int64_t> acc = run_mac_layer(layer, in.codes, batch.threads);
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    if (!batch.layer_seconds.empty())
        batch.layer_seconds[static_cast<size_t>(mac_of_layer_[layer.layer_index])] += elapsed.count();

    Value& out = batch.values[layer.layer_index];
    const Shape shape = batch_shape(in.codes.shape[0], network_.layers[layer.layer_index].output_shape);
    out.is_coded = !layer.requantizers.empty();
    Tensor<int32_t> codes;
    if (out.is_coded) codes = requantized(layer, acc, batch.threads);
    if (batch.observer) {
        batch.observer(
            {&layer, batch.first_image, in.codes.shape[0], &in.codes, &acc, out.is_coded ? &codes : nullptr});
    }
    if (out.is_coded) {
        codes.shape = shape;
        const CodeRange& range = plan_.formats.at(plan_.tensors[layer.layer_index].group).range;
        out.coded = {std::move(codes), params_[layer.layer_index], range};
    } else {
        out.real = real_outputs<float>(layer, acc, shape, batch.threads);
    }
    return acc;
}

QuantizedNetwork::Value QuantizedNetwork::run_on_codes(size_t index, const Batch& batch) const {
    const Layer& layer = network_.layers[index];
    const CodeTensor& in = batch.values[layer.inputs[0]].coded;
    Value out;
    out.is_coded = true;
    switch (layer.type) {
        case LayerType::relu:
            out.coded = code_relu(in);
            break;
        case LayerType::max_pool:
            out.coded = code_max_pool(in, layer, batch.threads);
            break;
        case LayerType::avg_pool:
            out.coded = code_avg_pool(in, layer, batch.threads);
            break;
        case LayerType::flatten:
            out.coded = in;
            out.coded.codes.shape = batch_shape(in.codes.shape[0], layer.output_shape);
            break;
        case LayerType::add: {
            std::vector<const CodeTensor*> inputs;
            for (const size_t i : layer.inputs) inputs.push_back(&batch.values[i].coded);
            out.coded =
                code_add(inputs, params_[index], plan_.formats.at(plan_.tensors[index].group).range, batch.threads);
            break;
        }
        default:
            throw std::logic_error("layer '" + layer.name + "' cannot put out codes");
    }
    return out;
}

QuantizedNetwork::Value QuantizedNetwork::run_on_reals(size_t index, const Batch& batch) const {
    const Layer& layer = network_.layers[index];
    std::vector<Tensor<float>> decoded;
    decoded.reserve(layer.inputs.size());
    std::vector<const Tensor<float>*> inputs;
    for (const size_t i : layer.inputs) {
        const Value& in = batch.values[i];
        if (in.is_coded) decoded.push_back(dequantize(in.coded));
        inputs.push_back(in.is_coded ? &decoded.back() : &in.real);
    }
    Value out;
    out.real = run_real_layer(index, inputs, batch.threads);
    return out;
}

Tensor<float> QuantizedNetwork::run_real_layer(size_t index, const std::vector<const Tensor<float>*>& inputs,
                                               int threads) const {
    const Layer& layer = network_.layers[index];
    return forward_layer(network_, layer, inputs, find_tensor(weights_, layer.name + ".weight"),
                         find_tensor(weights_, layer.name + ".bias"), threads);
}

Tensor<double> QuantizedNetwork::run(const Tensor<float>& images, int threads, const MacObserver& observer,
                                     size_t first_image, std::span<double> layer_seconds) const {
    const size_t count = network_.layers.size();
    Batch batch{std::vector<Value>(count), threads, observer, first_image, layer_seconds};
    batch.values[0].real = images;
    for (size_t i = 1; i < count; ++i) {
        if (mac_of_layer_[i] >= 0) {
            const MacLayer& layer = mac_layers_[static_cast<size_t>(mac_of_layer_[i])];
            const Tensor<int64_t> acc = run_mac(layer, batch);
            if (i + 1 == count)
                return real_outputs<double>(layer, acc, {images.shape[0], acc.size() / images.shape[0]}, threads);
        } else {
            batch.values[i] = plan_.tensors[i].carries_codes ? run_on_codes(i, batch) : run_on_reals(i, batch);
        }
    }
    const Tensor<float>& last = batch.values.back().real;
    return {{images.shape[0], last.size() / images.shape[0]}, {last.data.begin(), last.data.end()}};
}

uint64_t QuantizedNetwork::macs_per_image() const {
    uint64_t macs = 0;
    for (const MacLayer& layer : mac_layers_) macs += layer.macs_per_image();
    return macs;
}

PreparedRun prepare_run(RunConfig config, const OperatorProvider& provider, int threads, const LayerPreparer& prepare) {
    const Weights weights = load_weights(config.weights_path, config.network);
    auto operators = bind_operators(config, provider);
    const CodePlan plan = plan_codes(config, operators);
    Calibration calibration = load_or_calibrate(config, plan, weights, threads);
    QuantizedNetwork network(config, weights, operators, plan, calibration, prepare);
    return {std::move(config), std::move(operators), std::move(calibration), std::move(network)};
}

std::vector<size_t> argmax_rows(const Tensor<double>& logits) {
    const size_t classes = logits.shape[1];
    std::vector<size_t> result(logits.shape[0]);
    for (size_t n = 0; n < result.size(); ++n) {
        const auto row = logits.data.begin() + static_cast<std::ptrdiff_t>(n * classes);
        result[n] = static_cast<size_t>(std::max_element(row, row + static_cast<std::ptrdiff_t>(classes)) - row);
    }
    return result;
}

}  // namespace concrete::sim

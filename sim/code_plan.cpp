#include "sim/code_plan.h"

#include <algorithm>
#include <fmt/format.h>
#include <numeric>

#include "sim/error.h"

namespace concrete::sim {
namespace {

/// Layers that compute on codes without a scale of their own.
bool passes_codes(LayerType type) {
    return type == LayerType::relu || type == LayerType::max_pool || type == LayerType::avg_pool ||
           type == LayerType::flatten || type == LayerType::add;
}

bool keeps_format(LayerType type) {
    return passes_codes(type) && type != LayerType::add;
}

class Planner {
  public:
    Planner(const RunConfig& config, const std::map<std::string, LayerOperators>& operators)
        : config_(config), network_(config.network), operators_(operators), plan_{} {
        plan_.tensors.resize(network_.layers.size());
    }

    CodePlan run() {
        find_codes();
        join_groups();
        for (size_t i = 0; i < network_.layers.size(); ++i) set_format_from_readers(i);
        for (size_t i = 0; i < network_.layers.size(); ++i) inherit_format(i);
        return std::move(plan_);
    }

  private:
    bool is_quantized(size_t i) const { return operators_.count(network_.layers[i].name) > 0; }

    void find_codes() {
        const size_t count = network_.layers.size();
        std::vector<bool> wanted(count,
                                 false);  // a quantised layer reads it, at once or through layers that pass codes
        for (size_t i = count; i-- > 0;) {
            const Layer& layer = network_.layers[i];
            const bool passes_on = is_quantized(i) || (passes_codes(layer.type) && wanted[i]);
            for (const size_t input : layer.inputs) wanted[input] = wanted[input] || passes_on;
        }
        for (size_t i = 0; i < count; ++i) {
            const Layer& layer = network_.layers[i];
            const bool inputs_carry = std::all_of(layer.inputs.begin(), layer.inputs.end(),
                                                  [&](size_t in) { return plan_.tensors[in].carries_codes; });
            CodePlan::Entry& entry = plan_.tensors[i];
            entry.carries_codes = wanted[i] && (is_quantized(i) || (passes_codes(layer.type) && inputs_carry));
            const std::vector<size_t> readers = network_.consumers(i);
            entry.has_format = entry.carries_codes ||
                               std::any_of(readers.begin(), readers.end(), [&](size_t r) { return is_quantized(r); });
            entry.relu_follows = !readers.empty() && std::all_of(readers.begin(), readers.end(), [&](size_t r) {
                return network_.layers[r].type == LayerType::relu;
            });
            entry.calibrates = entry.has_format && !(entry.carries_codes && entry.relu_follows);
        }
    }

    void join_groups() {
        for (size_t i = 0; i < network_.layers.size(); ++i) {
            CodePlan::Entry& entry = plan_.tensors[i];
            entry.group = i;
            if (entry.carries_codes && keeps_format(network_.layers[i].type)) {
                entry.group = plan_.tensors[network_.layers[i].inputs[0]].group;
            }
        }
    }

    void set_format_from_readers(size_t i) {
        if (!plan_.tensors[i].has_format) return;
        const size_t group = plan_.tensors[i].group;
        for (const size_t reader : network_.consumers(i)) {
            if (!is_quantized(reader)) continue;
            const std::string& name = network_.layers[reader].name;
            const CodeFormat format = format_of(config_.layers.at(name), operators_.at(name));
            const auto [at, is_new] = plan_.formats.emplace(group, format);
            if (is_new) {
                decided_by_[group] = name;
            } else if (at->second != format) {
                config_.layers.at(name).node.fail(fmt::format(
                    "layers '{}' and '{}' read the same codes (of '{}') with different activation settings; "
                    "make them equal",
                    decided_by_[group], name, network_.layers[group].name));
            }
        }
    }

    /// Codes that only an addition reads: the settings of the layer that makes them.
    void inherit_format(size_t i) {
        const CodePlan::Entry& entry = plan_.tensors[i];
        if (!entry.carries_codes || entry.group != i || plan_.formats.count(i)) return;
        const Layer& layer = network_.layers[i];
        plan_.formats.emplace(i, layer.is_mac() ? format_of(config_.layers.at(layer.name), operators_.at(layer.name))
                                                : plan_.formats.at(plan_.tensors[layer.inputs[0]].group));
    }

    static CodeFormat format_of(const LayerConfig& layer, const LayerOperators& operators) {
        const bool signed_port = operators.multiplier->a.is_signed || layer.sign_magnitude;
        const bool percentile = layer.calibration_method == CalibrationMethod::percentile;
        return {layer.activations, code_range(layer.activations, signed_port, false), layer.calibration_images,
                layer.calibration_method, percentile ? layer.calibration_percentile : 100.0};
    }

    const RunConfig& config_;
    const Network& network_;
    const std::map<std::string, LayerOperators>& operators_;
    CodePlan plan_;
    std::map<size_t, std::string> decided_by_;
};

/// Throws: InputError for a MAC unit as multiplier or the other way round, and for a width that is not the unit's.
void check_kind(const Operator& op, const LayerConfig& layer) {
    if (!layer.mac && op.kind == OperatorKind::mac) {
        throw InputError(fmt::format("{}: a MAC unit where a multiplier is expected; name it with `mac:`", op.name));
    }
    if (!layer.mac) return;
    if (op.kind != OperatorKind::mac) {
        throw InputError(fmt::format("{}: `mac:` names {} {}, expected a MAC unit", op.name,
                                     op.kind == OperatorKind::adder ? "an" : "a", to_string(op.kind)));
    }
    if (layer.acc_bits_given && layer.acc_bits != op.y.bits) {
        throw InputError(
            fmt::format("{}: the accumulator of this MAC unit has {} bits, but `accumulator: bits` says {}; "
                        "leave it out",
                        op.name, op.y.bits, layer.acc_bits));
    }
}

}  // namespace

std::map<std::string, LayerOperators> bind_operators(const RunConfig& config, const OperatorProvider& provider) {
    std::map<std::string, LayerOperators> result;
    for (const auto& [name, layer] : config.layers) {
        if (layer.is_float) continue;
        LayerOperators operators;
        operators.multiplier = provider(layer.mac ? *layer.mac : layer.multiplier);
        try {
            check_kind(*operators.multiplier, layer);
            if (layer.mac) {
                operators.acc = {operators.multiplier->y.bits, Overflow::wrap, 0, nullptr};
                check(operators.acc);
            } else if (layer.adder.op) {
                operators.adder = provider(*layer.adder.op);
                operators.acc = make_accumulator(layer.acc_bits, layer.overflow, operators.adder);
            } else {
                operators.acc = {layer.acc_bits, layer.overflow, layer.adder.or_bits, nullptr};
                check(operators.acc);
            }
        } catch (const InputError& error) {
            throw InputError(fmt::format("layer '{}': {}", name, error.what()));
        }
        result.emplace(name, std::move(operators));
    }
    return result;
}

CodePlan plan_codes(const RunConfig& config, const std::map<std::string, LayerOperators>& operators) {
    return Planner(config, operators).run();
}

}  // namespace concrete::sim

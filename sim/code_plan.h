#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sim/config.h"
#include "sim/quantize.h"

namespace concrete::sim {

/// Operators of one quantised layer.
struct LayerOperators {
    std::shared_ptr<const Operator> multiplier;  ///< or the MAC unit
    AccumulatorSpec acc;                         ///< of a MAC unit: its width, wrapping
    std::shared_ptr<const Operator> adder;  ///< the operator file named as adder, also where acc has its closed form
};

/// Fetches the operators of every quantised MAC layer, by layer name. Throws: InputError naming layer and reason.
std::map<std::string, LayerOperators> bind_operators(const RunConfig& config, const OperatorProvider& provider);

/// How the codes of a tensor are chosen.
struct CodeFormat {
    QuantSpec spec;
    CodeRange range;
    size_t calibration_images = 0;
    CalibrationMethod method = CalibrationMethod::max;
    double percentile = 100;

    bool operator==(const CodeFormat&) const = default;
};

/// Which tensors of a network are codes. Tensor i is the output of layer i.
///
/// Codes begin at the output of a quantised MAC layer and pass through ReLU, pooling, flattening and addition for as
/// long as a quantised MAC layer reads them in the end; all else is real. ReLU, pooling and flattening keep the format,
/// so the tensors they join form a group with one scale. A real tensor that a quantised layer reads is quantised there.
struct CodePlan {
    struct Entry {
        bool carries_codes = false;  ///< the layer itself puts out codes
        bool has_format = false;     ///< carries_codes, or a quantised MAC layer reads it
        size_t group = 0;            ///< tensors of equal group share scale and zero point
        bool calibrates = false;     ///< its values count for the group's range: not so before a fused ReLU
        bool relu_follows = false;   ///< every reader is a ReLU, which the requantiser's lower bound performs
    };
    std::vector<Entry> tensors;
    std::map<size_t, CodeFormat> formats;  ///< by group
};

/// Throws: InputError naming two layers that read one tensor (or group) with different activation settings.
CodePlan plan_codes(const RunConfig& config, const std::map<std::string, LayerOperators>& operators);

}  // namespace concrete::sim

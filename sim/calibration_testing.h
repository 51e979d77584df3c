#pragma once

#include <algorithm>
#include <map>

#include "sim/calibration.h"
#include "sim/code_plan.h"
#include "sim/float_layers.h"
#include "sim/network.h"

/// Scales without files, for tests.
namespace concrete::sim::testing {

/// Scales of all tensors that have codes, from what the float network makes of these normalized pictures.
inline Calibration calibrate_on(const Network& network, const Weights& weights, const CodePlan& plan,
                                const Tensor<float>& images) {
    const auto outputs = forward_network(network, weights, images, 1);
    std::map<size_t, ValueRange> ranges;
    for (size_t i = 0; i < outputs.size(); ++i) {
        if (!plan.tensors[i].calibrates) continue;
        const auto [low, high] = std::minmax_element(outputs[i].data.begin(), outputs[i].data.end());
        ValueRange& range = ranges[plan.tensors[i].group];
        range = {std::min(range.lowest, double{*low}), std::max(range.highest, double{*high})};
    }
    Calibration result{{}, "test"};
    for (size_t i = 0; i < outputs.size(); ++i) {
        if (!plan.tensors[i].has_format) continue;
        const CodeFormat& format = plan.formats.at(plan.tensors[i].group);
        const ValueRange& range = ranges[plan.tensors[i].group];
        result.activations[network.layers[i].name] =
            choose_params(format.spec, format.range, range.lowest, range.highest);
    }
    return result;
}

}  // namespace concrete::sim::testing

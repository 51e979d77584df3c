#pragma once

#include <map>
#include <string>

#include "sim/code_plan.h"
#include "sim/config.h"
#include "sim/quantize.h"
#include "sim/weights.h"

namespace concrete::sim {

/// Scales and zero points of all codes between layers. They are an artefact: computed once from calibration pictures,
/// kept as a file, and read by every run and back end, so that no rounding of a float kernel can change a run.
struct Calibration {
    std::map<std::string, QuantParams> activations;  ///< by the layer that puts the codes out ("input": the picture)
    std::string hash;  ///< SHA-256 over network, weights, calibration pictures, quantisation settings and version

    bool operator==(const Calibration&) const = default;
};

/// The calibration of a configuration: from the cache, or computed from the first pictures of the training split of
/// its data set (fp32 forward passes) and stored there as JSON with hexadecimal floats. Ranges are rounded outward to
/// 12 significant bits, so that machines whose float kernels round differently find the same scales. A damaged file is
/// made again.
/// Throws: InputError if the training split is missing.
Calibration load_or_calibrate(const RunConfig& config, const CodePlan& plan, const Weights& weights, int threads);

}  // namespace concrete::sim

#pragma once

#include <string>

#include "app/backend.h"
#include "app/command.h"
#include "sim/quantized_network.h"

namespace concrete::app {

/// Prints for each layer the engine it has on the back end, and what all engines would need by the planner's cost
/// model; the same into context.result["layers"]. Of several GPUs it is about the first. Args: network: prepared for
/// the back end. engine: as --engine names it.
void explain(Context& context, const sim::QuantizedNetwork& network, const Backend& backend, const std::string& engine);

}  // namespace concrete::app

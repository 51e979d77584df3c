#pragma once

#include "app/command.h"
#include "sim/quantized_network.h"

namespace concrete::app {

/// Prints for each layer the engine it has, and what all engines would need by the planner's cost model; the same into
/// context.result["layers"].
void explain(Context& context, const sim::QuantizedNetwork& network);

}  // namespace concrete::app

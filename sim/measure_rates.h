#pragma once

#include "sim/machine_rates.h"

namespace concrete::sim {

/// Measures this machine with the kernels of default_isa(); takes about half a second.
MachineRates measure_rates();

}  // namespace concrete::sim

#pragma once

#include "verify/neuron_program.h"
#include "verify/replay.h"

namespace concrete::verify {

/// The patterns that rtl/neuron.v is fed for a neuron of a run. A layer without requantiser gets the multiplier 0.
NeuronStimulus stimulus_of(const NeuronCase& neuron);

}  // namespace concrete::verify

#include "verify/stimulus.h"

#include "verify/hardware.h"

namespace concrete::verify {

NeuronStimulus stimulus_of(const NeuronCase& neuron) {
    const sim::MacLayer& layer = *neuron.layer;
    const NeuronHardware hardware = hardware_of(layer);
    NeuronStimulus stimulus;
    stimulus.init = sim::encode(neuron.trace.init, layer.acc.bits);
    stimulus.correction = static_cast<uint64_t>(neuron.trace.correction);
    for (const int32_t a : neuron.trace.a)
        stimulus.a.push_back(static_cast<uint32_t>(sim::encode(a, hardware.a_bits())));
    for (const int32_t w : neuron.trace.w)
        stimulus.b.push_back(static_cast<uint32_t>(sim::encode(w, hardware.b_bits())));
    if (!layer.requantizers.empty()) stimulus.requantizer = layer.requantizers[neuron.channel];
    return stimulus;
}

}  // namespace concrete::verify

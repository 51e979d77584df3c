#include "sim/step_circuit.h"

namespace concrete::sim {

StepCircuit step_circuit(const ProductModel& products, const AccumulatorSpec& spec, LaneSide side,
                         const MacSteps& steps) {
    using From = StepCircuit::From;
    MacNetlist mac = mac_netlist(products, spec, steps);
    const auto a_bits = static_cast<uint32_t>(mac.a_bits), w_bits = static_cast<uint32_t>(mac.w_bits);
    StepCircuit circuit;
    circuit.netlist = std::move(mac.netlist);
    circuit.steps = steps.count;
    circuit.lane_planes = (side == LaneSide::a ? a_bits : w_bits) + (steps.may_skip ? 1 : 0);
    circuit.other_bits = side == LaneSide::a ? w_bits : a_bits;
    circuit.acc_bits = static_cast<uint32_t>(mac.acc_bits);
    const From a = side == LaneSide::a ? From::lane : From::other, w = side == LaneSide::a ? From::other : From::lane;
    const auto place_word = [&](From from, uint32_t first, uint32_t bits) {
        for (uint32_t bit = 0; bit < bits; ++bit) circuit.inputs.push_back({from, first + bit});
    };
    for (uint32_t step = 0; step < steps.count; ++step) {
        const auto first = [&](From from) {
            return step * (from == From::lane ? circuit.lane_planes : circuit.other_bits);
        };
        place_word(a, first(a), a_bits);
        place_word(w, first(w), w_bits);
        if (steps.may_skip) place_word(From::lane, first(From::lane) + circuit.lane_planes - 1, 1);
    }
    place_word(From::accumulator, 0, circuit.acc_bits);
    return circuit;
}

}  // namespace concrete::sim

#pragma once

#include <cstdint>
#include <vector>

#include "sim/mac_step.h"
#include "sim/netlist.h"

namespace concrete::sim {

/// Which operand lies along the lanes; the *other* one is the same for all lanes.
enum class LaneSide : uint8_t { a, w };

/// Some MACs of a block of lanes in a row as a circuit, and where its inputs come from: planes of the lanes' own codes,
/// each a bit of every lane, and bits of the other codes.
struct StepCircuit {
    enum class From : uint8_t { lane, other, accumulator };
    struct Place {
        From from;
        uint32_t index;
    };

    Netlist netlist;            ///< outputs: the accumulator after the steps
    std::vector<Place> inputs;  ///< of each input
    uint32_t steps = 1;
    uint32_t lane_planes = 0;  ///< of a step: the bits of a code; with skips, then 1 where the MAC happens
    uint32_t other_bits = 0;   ///< of a step
    uint32_t acc_bits = 0;
};

/// Throws: as mac_netlist().
StepCircuit step_circuit(const ProductModel& products, const AccumulatorSpec& spec, LaneSide side,
                         const MacSteps& steps);

}  // namespace concrete::sim

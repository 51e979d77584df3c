#pragma once

#include <string>

#include "gen/clocked_circuit.h"

namespace concrete::gen {

/// Which port of a MAC unit is which. Absent: an empty name.
struct MacPorts {
    std::string a, b, y, clock, clear, enable, init;
    bool clear_low = false;
};

/// A MAC unit as a function: what is left of it once clear is inactive and enable active for good.
struct MacModel {
    sim::Netlist step;  ///< inputs: bits of a, of b, of the accumulator; outputs: the accumulator after the step
    int latency = 1;    ///< as MacInterface has them
    int clear_overlap = 0;
    int64_t clear_value = 0;
};

/// Finds the accumulator among the registers and its next-state function.
///
/// Accumulator: the registers that y shows, at once or through registers that copy them. Registers in front of it that
/// form a pipeline (no way back) are seen through; every way of an operand into the accumulator must have equally many.
/// Registers that clear and enable settle for good (a valid bit that travels along) are constants. Anything else that
/// remembers is hidden state: the accumulator would not be all that the next step depends on.
///
/// clear_value, clear_overlap, and that enable holds, come from simulating the netlist with seeded operands.
///
/// Throws: InputError starting with `name`, naming the registers, for hidden state, ways of different length, an output
/// that is no register, a latency beyond 8, an accumulator that clear does not bring to init or to one value, and
/// one that moves while enable is inactive.
MacModel extract_mac(const ClockedCircuit& circuit, const MacPorts& ports, const std::string& name);

}  // namespace concrete::gen

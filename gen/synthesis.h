#pragma once

#include <string>
#include <vector>

#include "gen/yosys.h"
#include "sim/operator.h"

namespace concrete::gen {

/// What logic synthesis makes of an operator's Verilog.
struct Synthesis {
    sim::Netlist netlist;  ///< as sim::Operator::netlist has it, simplified
    double gates = 0;      ///< two-input AND/XOR gates of the same circuit, inverters free
    /// The elaborated circuit before any optimization by ABC, as AIGER: what the netlist is proven against
    /// (gen/formal.h). Its inputs and outputs are named "a[0]", ..., "b[0]", ..., "y[0]", ....
    std::string source_aiger;
};

/// Synthesizes a multiplier or adder with Yosys and yosys-abc, from op.sources with the ports op.a, op.b and op.y. The
/// result depends on them and on the tools' versions only. Unknown (x) values may be taken for 0 or 1 as suits: callers
/// compare the netlist with the Verilated model.
///
/// Yosys and ABC may use 30 s of CPU time and 2 GiB each: a random table of 16 input bits is beyond that.
///
/// Throws: SynthesisRefused "mul.v:7: ..." where Yosys refuses, with its message; likewise for latches, flip-flops,
/// memories, loops and undriven signals it finds, and for circuits beyond its limits of time and memory or
/// sim::kMaxNetlistNodes; MissingError without Yosys or yosys-abc; InputError for a MAC unit and what check_sources()
/// refuses.
Synthesis synthesize(const sim::Operator& op);

namespace detail {

/// Names of the bits of a, then b, and of y, in the files of Yosys and ABC: "a[0]", ...; of a port of one bit "a".
std::vector<std::string> input_names(const sim::Operator& op);
std::vector<std::string> output_names(const sim::Operator& op);

}  // namespace detail

}  // namespace concrete::gen

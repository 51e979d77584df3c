#pragma once

#include <string>
#include <vector>

#include "gen/sources.h"
#include "sim/operator.h"

namespace concrete::gen {

/// A module's interface after elaboration.
struct Design {
    std::vector<sim::Port> inputs, outputs;  ///< in the order of the port list
    bool has_signed_ports = false;           ///< at least one port is declared signed
    /// What is doubtful without being wrong in itself ("add.v:7: Signal is not driven: 'c'"): unknown values, undriven
    /// signals inside, circular logic. Quoted where the sweep finds that such a thing reaches the output.
    std::vector<std::string> doubts;

    bool operator==(const Design&) const = default;
};

/// Whether clocked processes are in order.
enum class CircuitKind { combinational, clocked };

/// Elaborates with Verilator and looks at every node of the result: only node kinds known to be harmless are allowed,
/// so nothing that passes can reach outside its simulation. Nothing is compiled or run here.
///
/// A combinational circuit has no clocked process, no latch, no initial value, and no always block whose sensitivity
/// list lacks a signal that it reads. A loop that settles nowhere, or state hidden in gates, shows in the sweep only
/// (gen/sweep.h).
/// Throws: InputError with file, line and the message that matters for Verilog that does not parse or elaborate
/// (unknown module or parameter, port connection of another width), for what no combinational circuit has, for undriven
/// output bits and signals with several drivers, for in-out or unpacked ports and ports above 64 bits, for delays in
/// processes, and for anything that reaches outside the simulation ($system, $c, $fopen, $readmemh, DPI, ...).
Design elaborate(const sim::Sources& sources, CircuitKind kind = CircuitKind::combinational);

/// As elaborate(), of the combinational module called `top` instead of sources.top. It may need a backslash in Verilog;
/// here it stands without. For callers who have looked at the name.
Design elaborate_module(const sim::Sources& sources, const std::string& top);

}  // namespace concrete::gen

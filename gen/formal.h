#pragma once

#include <cstdint>
#include <string>

#include "sim/operator.h"

namespace concrete::gen {

/// Outcome of a combinational equivalence check.
struct FormalResult {
    enum class Outcome { proven, different, undecided } outcome = Outcome::undecided;
    uint64_t a = 0, b = 0;  ///< raw codes on which they differ; meaningful if different
    std::string reason;     ///< why it is undecided ("the limit of 60 s of CPU time")
};

/// Proves with ABC's cec that a netlist is the circuit of a source, or finds operands on which they differ.
///
/// Multipliers are hard where netlist and source have nothing in common; one that synthesize() made of its own source
/// takes a second at 16 x 16 bits.
///
/// Args: source_aiger: Synthesis::source_aiger. op: its ports a, b, y are used. cpu_s: limit of CPU time; wall-clock
/// time may be three times that.
/// Throws: MissingError without yosys-abc; ShapeError if netlist and ports differ in their numbers of bits; InputError
/// where ABC cannot read the source.
FormalResult prove_equal(const std::string& source_aiger, const sim::Netlist& netlist, const sim::Operator& op,
                         double cpu_s = 60);

}  // namespace concrete::gen

#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "sim/operator.h"

namespace concrete::gen {

/// A clocked module, bit by bit: what its outputs and its registers become, from its inputs and its registers.
struct ClockedCircuit {
    std::vector<sim::Port> inputs, outputs;  ///< without the clock
    std::vector<std::string> registers;      ///< their names in the Verilog, one a bit ("stage.p[3]")
    /// Inputs: the bits of all inputs, then the registers. Outputs: the bits of all outputs, then what the registers
    /// become at the rising edge.
    sim::Netlist netlist;

    size_t input_bits() const;
    size_t output_bits() const;
    /// First bit of an input, among the netlist's inputs. Requires: there is one of that name.
    size_t input_at(const std::string& port) const;
    size_t output_at(const std::string& port) const;
};

/// Synthesizes a clocked module with Yosys: enables and synchronous resets become logic in front of plain registers, an
/// asynchronous reset becomes a synchronous one (its effect between two edges is nobody's input here).
///
/// Throws: SynthesisRefused (gen/yosys.h) where Yosys refuses, and for latches, memories that do not become
/// registers, loops and undriven signals; InputError for registers that are not clocked by the rising edge of `clock`
/// itself; MissingError without Yosys.
ClockedCircuit synthesize_clocked(const sim::Sources& sources, std::span<const sim::Port> inputs,
                                  std::span<const sim::Port> outputs, const std::string& clock);

}  // namespace concrete::gen

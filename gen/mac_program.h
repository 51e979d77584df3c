#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "sim/operator.h"

namespace concrete::gen {

/// One accumulation from clear to the last product, as raw patterns.
struct MacSequence {
    uint64_t init = 0;           ///< driven at the init port, where there is one, during clear
    std::vector<uint64_t> a, b;  ///< operands, product by product
    /// Products in front of which enable is inactive for a clock, with their operands and others inverted; only where
    /// the latency is 1. Rising.
    std::vector<size_t> gaps;
};

/// What the unit shows.
struct MacAnswer {
    std::vector<uint64_t> acc;   ///< before the first product, then after every one: one more than there are products
    std::vector<uint64_t> gaps;  ///< after each gap
    uint64_t held = 0;  ///< last of acc if the unit holds without enable, else its complement; nothing without enable
};

/// A MAC unit's own Verilog, Verilated, driven by its MacInterface:
///
///     clear for `latency` clocks and more, with enable and other operands;  then one pair of operands a clock;
///     the accumulator that holds product k shows latency - 1 clocks after the edge that took its operands
class MacProgram {
  public:
    /// Builds the program, or finds it in the cache. Requires: op.mac, ports and sources.
    /// Throws: as build_verilated.
    explicit MacProgram(const sim::Operator& op);

    struct Result {
        std::vector<MacAnswer> answers;
        double seconds = 0;  ///< inside the simulation
    };
    /// Args: unknown_ones: unknown (x) values and registers at power-on are 1, else 0.
    Result run(std::span<const MacSequence> sequences, bool unknown_ones = false) const;

  private:
    int latency_;
    std::filesystem::path program_;
};

}  // namespace concrete::gen

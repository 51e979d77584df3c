#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "sim/operator.h"

namespace concrete::verify {

/// Outcome of setting an operator's table and closed form against its Verilog.
struct OperatorCheck {
    std::string name;
    uint64_t pairs = 0;        ///< compared
    uint64_t differences = 0;  ///< of those
    bool exhaustive = false;   ///< all pairs were compared
    /// "booth8_m4: RTL and table differ at a=0x3f b=0x02: RTL 0x007c, table 0x007e (first of 12 in 65536 pairs)"; empty
    /// where nothing differs.
    std::string report;
};

/// Evaluates the Verilated modules of operators and compares: with the table on all pairs, and with the closed form on
/// the same pairs; without a table on 2^16 seeded pairs and all pairs of corner codes. `threads` share the building of
/// the models.
/// Throws: InputError if an operator has neither table nor closed form, or no sources.
std::vector<OperatorCheck> check_operators(std::span<const sim::Operator> operators, int threads);

}  // namespace concrete::verify

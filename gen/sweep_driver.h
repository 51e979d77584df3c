#pragma once

#include <span>
#include <string>

#include "gen/verilated.h"
#include "sim/operator.h"

namespace concrete::gen::detail {

/// Model of an operator under a wrapper with ports a, b and y, so that names in the user's Verilog never meet C++.
/// Throws: InputError if a port's name is no plain identifier.
Model wrapped_model(const sim::Operator& op, const std::string& prefix);

/// C++ program that evaluates the models "V0", "V1", ... of these operators:
///
///     PROGRAM INDEX OUT range FIRST COUNT    pairs FIRST.. in row-major order
///     PROGRAM INDEX OUT pairs IN             pairs of IN: uint64 a, uint64 b each
///
/// OUT receives y as uint32 (y_bits <= 32) or uint64. Exit status 3 and a line "A B Y0 Y1" where the outcome depends on
/// unknown or remembered values.
std::string driver_text(std::span<const sim::Operator> operators);

}  // namespace concrete::gen::detail

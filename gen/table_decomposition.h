#pragma once

#include "sim/operator.h"

namespace concrete::gen {

/// Terms beyond which a decomposition is not kept: each is a matrix product, and looking entries up is faster by then.
inline constexpr size_t kMostTerms = 128;

/// Sets the decomposition of a multiplier's table with the bound, or why there is none (sim/decompose.h); nothing of
/// operators that have none by their kind and ports.
void add_decomposition(sim::Operator& op);

}  // namespace concrete::gen

#pragma once

#include <cstddef>
#include <memory>

#include "sim/decomposition.h"
#include "sim/isa.h"
#include "sim/table_sums.h"

namespace concrete::sim {

/// Sums over a table by its decomposition, rows for positions of lanes and columns for those of others: an int8 matrix
/// product a term, whose operands are looked up, for the lanes in each call, for the others in prepare():
///
///     sum_k table = sum_k f[lane] + sum_k g[other] + sum_t 2^shift_t sum_k u_t[lane] v_t[other]      modulo 2^32
///
/// Nothing saturates, so sums are right in 32 bits if their true values fit, whatever the terms do on the way.
/// Throws: ShapeError if there are not 1 to 256 rows and columns, or a term has other numbers of them; RangeError if a
/// span or shift is not as Decomposition says.
std::unique_ptr<TableSums> decomposed_sums(const Decomposition& decomposition, Isa isa = default_isa());

/// The int8 products that it takes: the terms except those whose u or v is constant, which cost nothing.
size_t decomposed_passes(const Decomposition& decomposition);

}  // namespace concrete::sim

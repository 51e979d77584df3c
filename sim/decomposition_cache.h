#pragma once

#include <cstddef>
#include <optional>

#include "sim/decomposition.h"
#include "sim/table_sums.h"

namespace concrete::sim {

/// A decomposition of at most most_terms terms of a layer's table, whose rows are the lanes: that of the codes that
/// occur in it, which can take fewer terms than the operator's whole table.
///
/// Searches are made only where the rank leaves room for fewer terms than known ones, and are remembered, in memory and
/// in the cache folder under the table's hash, those without result too. What stands there is checked before use; a
/// damaged entry is made again. May be called by several threads.
///
/// Args:
///     table: 1 to 256 lanes and others.
///     most_terms: how many are of use.
///     known: null, or a decomposition of this table, such as the operator's own, restricted.
/// Returns: nullopt if none was found. Depends on nothing but the arguments.
std::optional<Decomposition> find_decomposition(const SumTable& table, size_t most_terms, const Decomposition* known);

/// The same decomposition without terms of which an operand is constant: f and g take them over, where they fit.
Decomposition without_constant_terms(Decomposition decomposition);

namespace detail {

/// Forgets what find_decomposition() remembers in memory, as a new process would.
void forget_decompositions();

}  // namespace detail
}  // namespace concrete::sim

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "sim/decomposition.h"

namespace concrete::sim {

/// Fewest terms that any decomposition of a table can have:
///
///     rank of core[a, b] = table[a, b] - table[a, 0] - table[0, b] + table[0, 0]
///
/// f and g vanish in the core, and a term adds a matrix of rank 1, whatever its shift. The rank is taken modulo a
/// prime, which can only make it smaller. Args: table: [rows][columns], each 1 to 256. Throws: ShapeError if sizes are
/// others.
size_t decomposition_bound(std::span<const int32_t> table, size_t rows, size_t columns);

struct DecomposeOptions {
    /// Decompositions of more terms are of no use; where the bound is above it, no search is made.
    size_t most_terms = 512;
};

/// Searches for a decomposition of few terms: short bases of the lattices that rows and columns of the core generate
/// (sim/lattice.h), then narrower operands (sim/term_search.h).
///
/// The result is checked by re-multiplying and depends on nothing but the arguments. Different tables take from below a
/// millisecond to a few seconds; those of many terms take longest, and are not always given as few as possible.
///
/// Args: table: [rows][columns], each 1 to 256, any values.
/// Returns: nullopt if none was found, as with entries of the core beyond 24 bits.
/// Throws: ShapeError if sizes are others.
std::optional<Decomposition> decompose(std::span<const int32_t> table, size_t rows, size_t columns,
                                       const DecomposeOptions& options = {});

}  // namespace concrete::sim

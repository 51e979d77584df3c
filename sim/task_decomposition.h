#pragma once

#include <cstddef>
#include <optional>

#include "sim/decomposition.h"
#include "sim/table_product.h"

namespace concrete::sim {

/// Most terms that are searched for: beyond it, other engines are faster on every machine seen.
inline constexpr size_t kMostPasses = 32;

/// A decomposition into at most so many terms of what the task sums: of summed_table(task) in the columns of the
/// weights that it has. That of the operator's file where it holds there, or one found for these codes, which may need
/// fewer terms (sim/decomposition_cache.h). Nothing if there is none.
std::optional<Decomposition> task_decomposition(const ProductTask& task, size_t most_terms = kMostPasses);

/// Fewest terms that a decomposition of what the task sums can have.
size_t fewest_terms(const ProductTask& task);

}  // namespace concrete::sim

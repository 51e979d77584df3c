#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "sim/accumulator.h"
#include "sim/code_positions.h"
#include "sim/product_model.h"
#include "sim/table_sums.h"

namespace concrete::sim {

/// What a product of code matrices computes, beside the activations: the same for every call.
struct ProductTask {
    std::shared_ptr<const ProductModel> products;
    AccumulatorSpec acc;
    CodePositions positions;  ///< of activations: those that occur, a part of products->a_range()
    size_t groups = 1, k = 0, n = 0;
    const int32_t* w = nullptr;  ///< [groups][n][k] weight codes; read while an object is made, not kept
    int64_t largest_init = 0;    ///< of |init|, for the proof that a saturating accumulator never does
};

/// Products that can occur: lanes are positions of activations (a skipped one gives zeros, which no sum and no
/// reduction notices), others those of w_range(). Throws: InputError where there is no table, or more than 256 of
/// either.
SumTable product_table(const ProductTask& task);

/// Largest magnitude of an entry.
int64_t largest_entry(const SumTable& table);

/// Why sums over a table cannot compute the task ("add_gear has no closed form"); nothing if they can.
std::optional<std::string> table_product_problem(const ProductTask& task);

/// The table that is summed: LogicAccumulator::term() of product_table(). Throws: InputError with
/// table_product_problem().
SumTable summed_table(const ProductTask& task);

/// The accumulator of a task; where no sum can ever reach its limits, as one that wraps instead of saturating.
AccumulatorSpec effective_accumulator(const ProductTask& task);

}  // namespace concrete::sim

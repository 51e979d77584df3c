#pragma once

#include <memory>
#include <optional>
#include <string>

#include "cuda/product.h"
#include "sim/decomposition.h"

namespace concrete::cuda {

/// Why sums over a decomposed table cannot compute a task on a device; nothing if they can. Beside
/// sim::table_product_problem(): codes take one byte, and all sums fit 32 bits where the accumulator has more.
std::optional<std::string> decomposed_problem(const sim::ProductTask& task);

/// The table as an exact sum of int8 products on the tensor cores: sim/decomposed_sums.h on a device. A part of it also
/// for accumulators with a lower part, whose low bits Finish gets from elsewhere.
///
/// Args: decomposition: of sim::summed_table(task); null: sim::task_decomposition().
/// Throws: InputError with decomposed_problem(), or where no decomposition was found; ShapeError if it has other sizes;
/// OutOfDeviceMemory.
std::unique_ptr<DeviceProduct> make_decomposed(const ProductSetup& setup,
                                               std::shared_ptr<const sim::Decomposition> decomposition = nullptr);

}  // namespace concrete::cuda

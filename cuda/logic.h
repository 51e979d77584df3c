#pragma once

#include <memory>
#include <optional>

#include "cuda/permute_rows.h"
#include "cuda/product.h"

namespace concrete::cuda {

/// Accumulators that are no plain sums but have a closed form (sim/logic_accumulator.h): the low parts of products are
/// reduced, where the form asks for it, and their upper parts summed by another engine.
/// Args: sums: of sim::summed_table(setup.task), by permute or decomposed. cut: as in cuda/or_sums.h.
/// Throws: InputError with sim::table_product_problem(); OutOfDeviceMemory.
std::unique_ptr<DeviceProduct> make_logic(const ProductSetup& setup, std::unique_ptr<DeviceProduct> sums,
                                          std::optional<PermuteCut> cut = std::nullopt);

}  // namespace concrete::cuda

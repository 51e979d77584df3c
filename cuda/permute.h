#pragma once

#include <memory>
#include <optional>

#include "cuda/permute_rows.h"
#include "cuda/product.h"

namespace concrete::cuda {

/// Sums over any table of at most 256 activation and 256 weight codes, its rows in shared memory: the engine permute,
/// and the sums of logic. Throws: InputError with sim::table_product_problem(); OutOfDeviceMemory.
/// Args: cut: instead of the best known, for tests.
std::unique_ptr<DeviceProduct> make_permute(const ProductSetup& setup, std::optional<PermuteCut> cut = std::nullopt);

}  // namespace concrete::cuda

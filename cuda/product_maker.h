#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "cuda/product.h"

namespace concrete::cuda {

/// Makes a layer ready for batches of so many pictures. Throws: InputError where no engine can compute it;
/// OutOfDeviceMemory.
using ProductMaker = std::function<std::unique_ptr<DeviceProduct>(const ProductSetup& setup, size_t images)>;

/// Args: engine: that of all layers; chosen for each if not given.
ProductMaker product_maker(std::optional<sim::Engine> engine = {});

}  // namespace concrete::cuda

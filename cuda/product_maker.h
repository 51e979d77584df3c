#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "cuda/product.h"

namespace concrete::cuda {

/// Makes a layer ready for batches of so many pictures. Throws: InputError where no engine can compute it;
/// OutOfDeviceMemory.
using ProductMaker = std::function<std::unique_ptr<DeviceProduct>(const ProductSetup& setup, size_t images)>;

/// The engines that there are on devices.
std::vector<sim::Engine> device_engines();

/// Args: engine: that of all layers; chosen for each if not given.
ProductMaker product_maker(std::optional<sim::Engine> engine = {});

}  // namespace concrete::cuda

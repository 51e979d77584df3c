#pragma once

#include <memory>
#include <optional>
#include <string>

#include "cuda/product.h"

namespace concrete::cuda {

/// Why gather cannot compute a task on a device ("add_gear has no table"); nothing if it can.
std::optional<std::string> gather_problem(const sim::ProductTask& task);

/// One table look-up a MAC: sim/gather.h on a device, for every operator and adder with a table or closed form. Throws:
/// InputError with gather_problem(); OutOfDeviceMemory.
std::unique_ptr<DeviceProduct> make_gather(const ProductSetup& setup);

}  // namespace concrete::cuda

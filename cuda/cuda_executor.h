#pragma once

#include <memory>

#include "cuda/device.h"
#include "cuda/executor.h"

namespace concrete::cuda {

/// A GPU that list_devices() gave. Throws: DeviceError if it cannot be used.
std::unique_ptr<Executor> make_cuda_executor(const Device& device);

}  // namespace concrete::cuda

// What CUDA answers; included by sources of the CUDA build only.
#pragma once

#include <cuda_runtime_api.h>
#include <string>

namespace concrete::cuda {

/// Throws: DeviceError with what was done, on which device, and CUDA's reason, unless status is cudaSuccess.
void check(cudaError_t status, const std::string& what);

}  // namespace concrete::cuda

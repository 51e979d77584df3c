// Block programs as kernels; included by .cu files only.
#pragma once

#include <cuda_runtime_api.h>

#include "cuda/check.cuh"
#include "cuda/device_block.cuh"
#include "cuda/launch.h"

namespace concrete::cuda {

template <typename Program>
__global__ void __launch_bounds__(Program::kThreads) block_kernel(const __grid_constant__ typename Program::Args args) {
    DeviceBlock block;
    Program::run(block, args);
}

/// Lets a program have as much shared memory as the current device has for a block. Always that much: the limit belongs
/// to the kernel on the device, and another thread may be about to launch it with more than this one.
template <typename Program>
void allow_shared_memory(const std::string& what) {
    int device = 0, most_bytes = 0;
    check(cudaGetDevice(&device), what);
    check(cudaDeviceGetAttribute(&most_bytes, cudaDevAttrMaxSharedMemoryPerBlockOptin, device), what);
    check(cudaFuncSetAttribute(block_kernel<Program>, cudaFuncAttributeMaxDynamicSharedMemorySize, most_bytes), what);
}

template <typename Program>
void launch_on_gpu(CUstream_st* stream, const std::string& what, const Launch& launch,
                   const typename Program::Args& args) {
    constexpr size_t kUsualSharedBytes = 48 << 10;  // more has to be asked for
    if (launch.shared_bytes > kUsualSharedBytes) allow_shared_memory<Program>(what);
    block_kernel<Program>
        <<<dim3(launch.x, launch.y, launch.z), Program::kThreads, launch.shared_bytes, stream>>>(args);
    check(cudaGetLastError(), what);
}

}  // namespace concrete::cuda

/// Compiles a program for the GPU. Use: once for each program, in a .cu file, in namespace concrete::cuda. A program
/// with commas in its name needs an alias.
#define CONCRETE_KERNEL(Program)                                                                  \
    template void launch_on_gpu<Program>(CUstream_st * stream, const std::string&, const Launch&, \
                                         const typename Program::Args&)

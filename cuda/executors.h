#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cuda/executor.h"

namespace concrete::cuda {

/// Why this process can use no GPU, one clause; empty where it can. Kernels are compiled for compute capability 7.5 and
/// later.
std::string gpu_problem();

/// True where the environment variable CONCRETE_CUDA_EMULATE is 1: the host executor then stands in for GPUs that are
/// asked for, slowly. For tests.
bool is_emulated();

/// All GPUs that this process can use (CUDA_VISIBLE_DEVICES chooses), or the host executor where is_emulated().
/// Throws: DeviceError with gpu_problem() if there are none, or for one that cannot be used.
std::vector<std::unique_ptr<Executor>> make_executors();

}  // namespace concrete::cuda

#pragma once

#include "cuda/permute_block.h"

namespace concrete::cuda {

/// 4096 lanes: building eight copies of a row pays, and nothing meets in a bank. One block a multiprocessor, of compute
/// capability 8.0 on: 144 KiB of shared memory.
template <typename Reduction>
using LargePermute = PermuteProgram<Reduction, 1024, 4, 8>;

/// 512 lanes, and one copy of a row: for layers that are too small to fill a device with the others. 18 KiB.
template <typename Reduction>
using SmallPermute = PermuteProgram<Reduction, 256, 2, 1>;

}  // namespace concrete::cuda

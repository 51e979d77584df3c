#include "bench/gpu_ceilings_block.h"
#include "cuda/launch.cuh"

namespace concrete::cuda {

CONCRETE_KERNEL(bench::CopyProgram);
CONCRETE_KERNEL(bench::LookupProgram);
CONCRETE_KERNEL(bench::LogicProgram);

}  // namespace concrete::cuda

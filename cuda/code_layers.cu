#include "cuda/code_layers_block.h"
#include "cuda/launch.cuh"

namespace concrete::cuda {

using MaxPoolOfOne = PoolProgram<false, 1>;
using MaxPoolOf16 = PoolProgram<false, 16>;
using AveragePoolOfOne = PoolProgram<true, 1>;
using AveragePoolOf16 = PoolProgram<true, 16>;

CONCRETE_KERNEL(ReluProgram<1>);
CONCRETE_KERNEL(ReluProgram<16>);
CONCRETE_KERNEL(MaxPoolOfOne);
CONCRETE_KERNEL(MaxPoolOf16);
CONCRETE_KERNEL(AveragePoolOfOne);
CONCRETE_KERNEL(AveragePoolOf16);
CONCRETE_KERNEL(AddProgram<1>);
CONCRETE_KERNEL(AddProgram<16>);
CONCRETE_KERNEL(FlattenProgram);
CONCRETE_KERNEL(PixelsProgram);

}  // namespace concrete::cuda

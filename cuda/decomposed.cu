#include "cuda/decomposed_block.h"
#include "cuda/launch.cuh"

namespace concrete::cuda {

using LargeDecomposed = DecomposedProgram<128, 64>;
using NarrowDecomposed = DecomposedProgram<128, 32>;
using SmallDecomposed = DecomposedProgram<32, 32>;

CONCRETE_KERNEL(LargeDecomposed);
CONCRETE_KERNEL(NarrowDecomposed);
CONCRETE_KERNEL(SmallDecomposed);

}  // namespace concrete::cuda

#include "cuda/launch.cuh"
#include "cuda/permute_depthwise_block.h"

namespace concrete::cuda {

CONCRETE_KERNEL(DepthwiseProgram);

}  // namespace concrete::cuda

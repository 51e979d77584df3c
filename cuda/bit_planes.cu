#include "cuda/bit_planes_block.h"
#include "cuda/launch.cuh"

namespace concrete::cuda {

CONCRETE_KERNEL(SlicePlanesProgram);
CONCRETE_KERNEL(StartAccumulatorsProgram);
CONCRETE_KERNEL(StoreAccumulatorsProgram);

}  // namespace concrete::cuda

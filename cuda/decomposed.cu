#include "cuda/decomposed_block.h"
#include "cuda/launch.cuh"

namespace concrete::cuda {

CONCRETE_KERNEL(DecomposedLarge);
CONCRETE_KERNEL(DecomposedMedium);
CONCRETE_KERNEL(DecomposedNarrow);
CONCRETE_KERNEL(DecomposedSmall);

}  // namespace concrete::cuda

#include "cuda/launch.cuh"
#include "cuda/window_sums_block.h"

namespace concrete::cuda {

CONCRETE_KERNEL(PixelSumsProgram);
CONCRETE_KERNEL(WindowSumsProgram);

}  // namespace concrete::cuda

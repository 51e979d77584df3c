#include "cuda/launch.cuh"
#include "cuda/permute_tiles.h"

namespace concrete::cuda {

CONCRETE_KERNEL(LargePermute<OrReduction>);
CONCRETE_KERNEL(SmallPermute<OrReduction>);
CONCRETE_KERNEL(MergePartsProgram<OrReduction>);
CONCRETE_KERNEL(LargePermute<PairReduction>);
CONCRETE_KERNEL(SmallPermute<PairReduction>);
CONCRETE_KERNEL(MergePartsProgram<PairReduction>);

}  // namespace concrete::cuda

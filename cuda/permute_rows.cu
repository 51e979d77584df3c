#include "cuda/launch.cuh"
#include "cuda/permute_pack_block.h"
#include "cuda/permute_tiles.h"

namespace concrete::cuda {

using LargeSums = LargePermute<SumReduction>;
using SmallSums = SmallPermute<SumReduction>;
CONCRETE_KERNEL(LargeSums);
CONCRETE_KERNEL(SmallSums);
CONCRETE_KERNEL(MergePartsProgram<SumReduction>);
CONCRETE_KERNEL(PackWordsProgram);
CONCRETE_KERNEL(PackRowsProgram);

}  // namespace concrete::cuda

#include "cuda/gather_block.h"
#include "cuda/launch.cuh"

namespace concrete::cuda {

CONCRETE_KERNEL(GatherProgram<GatherAdder::modular>);
CONCRETE_KERNEL(GatherProgram<GatherAdder::closed_form>);
CONCRETE_KERNEL(GatherProgram<GatherAdder::table>);

}  // namespace concrete::cuda

// The kernels of sim/bitslice.h in 128-bit vectors of the compiler, which every 64-bit processor has.
#include "sim/bitslice_steps.h"

namespace concrete::sim::detail {
namespace {

struct Portable : BitwiseLut {
    using Vector = uint64_t __attribute__((vector_size(16), may_alias));
};

}  // namespace

constinit const BitsliceKernels kBitslicePortable{StepKernel<Portable, 8>::kernel(), StepKernel<Portable, 1>::kernel()};

}  // namespace concrete::sim::detail

// The kernels of sim/bitslice.h for AVX2; compiled with the flags of that set.
#if defined(__x86_64__)
#include "sim/bitslice_steps.h"

namespace concrete::sim::detail {
namespace {

struct Avx2 : BitwiseLut {
    using Vector = uint64_t __attribute__((vector_size(32), may_alias));
};

}  // namespace

constinit const BitsliceKernels kBitsliceAvx2{StepKernel<Avx2, 8>::kernel(), StepKernel<Avx2, 1>::kernel()};

}  // namespace concrete::sim::detail
#endif

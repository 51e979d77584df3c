// The kernels of sim/bitslice.h for AVX-512, whose vpternlog takes the table of a node as its immediate operand;
// compiled with the flags of that set.
#if defined(__x86_64__)
#include <immintrin.h>

#include "sim/bitslice_steps.h"

namespace concrete::sim::detail {
namespace {

struct Avx512 {
    using Vector = __m512i;
    template <int kTable>
    [[gnu::always_inline]] static inline __m512i lut(__m512i f0, __m512i f1, __m512i f2) {
        return _mm512_ternarylogic_epi64(f0, f1, f2, kTable);
    }
};

}  // namespace

constinit const BitsliceKernels kBitsliceAvx512{StepKernel<Avx512, 8>::kernel(), StepKernel<Avx512, 1>::kernel()};

}  // namespace concrete::sim::detail
#endif

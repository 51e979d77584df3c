// The kernels of sim/or_sums.h for AVX-512 without byte permutations; compiled with the flags of that set.
#if defined(__x86_64__)
#include "sim/or_sums_steps.h"
#include "sim/or_sums_zmm.h"

namespace concrete::sim::detail {
namespace {

struct OrShuffle : OrZmm {
    /// As in or_sums_avx2.cpp.
    template <int kLines>
    struct Row {
        explicit Row(const uint8_t* row) : row_(row) {}
        Bytes at(const uint8_t* positions) const {
            const __m512i index = load(positions).lanes;
            __m512i result = _mm512_setzero_si512();
#pragma GCC unroll 16
            for (size_t t = 0; t < size_t{4} * kLines; ++t) {
                const __m512i table =
                    _mm512_broadcast_i32x4(_mm_loadu_si128(reinterpret_cast<const __m128i*>(row_ + 16 * t)));
                const __m512i relative = _mm512_sub_epi8(index, _mm512_set1_epi8(static_cast<char>(16 * t)));
                const __m512i only_t = _mm512_adds_epu8(relative, _mm512_set1_epi8(0x70));
                result = _mm512_or_si512(result, _mm512_shuffle_epi8(table, only_t));
            }
            return {result};
        }

      private:
        const uint8_t* row_;
    };
};

}  // namespace

constinit const OrKernels kOrAvx512 = kOrKernels<OrShuffle>;

}  // namespace concrete::sim::detail
#endif

// The kernels of sim/or_sums.h with the byte permutations of AVX-512 VBMI; compiled with the flags of that set.
#if defined(__x86_64__)
#include "sim/or_sums_steps.h"
#include "sim/or_sums_zmm.h"

namespace concrete::sim::detail {
namespace {

struct OrPermute : OrZmm {
    /// A permutation chooses from 64 or 128 bytes by the low bits of the index; bit 7 chooses between two of them.
    template <int kLines>
    struct Row {
        explicit Row(const uint8_t* row) {
#pragma GCC unroll 4
            for (size_t i = 0; i < size_t{kLines}; ++i) lines_[i] = load(row + 64 * i).lanes;
        }
        Bytes at(const uint8_t* positions) const {
            const __m512i index = load(positions).lanes;
            if constexpr (kLines == 1) return {_mm512_permutexvar_epi8(index, lines_[0])};
            if constexpr (kLines == 2) return {_mm512_permutex2var_epi8(lines_[0], index, lines_[1])};
            if constexpr (kLines == 4) {
                const __m512i low = _mm512_permutex2var_epi8(lines_[0], index, lines_[1]);
                const __m512i high = _mm512_permutex2var_epi8(lines_[2], index, lines_[3]);
                return {_mm512_mask_blend_epi8(_mm512_movepi8_mask(index), low, high)};
            }
        }

      private:
        __m512i lines_[kLines];
    };
};

}  // namespace

constinit const OrKernels kOrAvx512Vbmi = kOrKernels<OrPermute>;

}  // namespace concrete::sim::detail
#endif

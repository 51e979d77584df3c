// The kernels of sim/permute_sums.h for AVX2; compiled with the flags of that set.
#if defined(__x86_64__)
#include <immintrin.h>

#include "sim/permute_sums_nibbles.h"

namespace concrete::sim::detail {
namespace {

struct Avx2 {
    using Bytes = uint8_t __attribute__((vector_size(32), may_alias));
    using Words = uint16_t __attribute__((vector_size(32)));

    [[gnu::always_inline]] static inline Bytes all(int byte) {
        return reinterpret_cast<Bytes>(_mm256_set1_epi8(static_cast<char>(byte)));
    }
    [[gnu::always_inline]] static inline Bytes add_saturated(Bytes a, Bytes b) {
        return reinterpret_cast<Bytes>(_mm256_adds_epu8(reinterpret_cast<__m256i>(a), reinterpret_cast<__m256i>(b)));
    }
    /// 16 entries, in all lanes of the shuffle.
    [[gnu::always_inline]] static inline Bytes block(const uint8_t* entries) {
        return reinterpret_cast<Bytes>(
            _mm256_broadcastsi128_si256(_mm_load_si128(reinterpret_cast<const __m128i*>(entries))));
    }
    [[gnu::always_inline]] static inline Bytes look_up(Bytes entries, Bytes positions) {
        return reinterpret_cast<Bytes>(
            _mm256_shuffle_epi8(reinterpret_cast<__m256i>(entries), reinterpret_cast<__m256i>(positions)));
    }
};

}  // namespace

constinit const PermuteKernels kPermuteAvx2 = all_kernels<Avx2>();

}  // namespace concrete::sim::detail
#endif

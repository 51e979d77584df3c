// The kernels of sim/permute_sums.h for AVX-512 without VBMI; compiled with the flags of that set.
#if defined(__x86_64__)
#ifndef __clang__  // g++ 12 sees values that its own intrinsics leave undefined on purpose (GCC bug 105593)
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>

#include "sim/permute_sums_nibbles.h"

namespace concrete::sim::detail {
namespace {

struct Avx512 {
    using Bytes = uint8_t __attribute__((vector_size(64), may_alias));
    using Words = uint16_t __attribute__((vector_size(64)));

    [[gnu::always_inline]] static inline Bytes all(int byte) {
        return reinterpret_cast<Bytes>(_mm512_set1_epi8(static_cast<char>(byte)));
    }
    [[gnu::always_inline]] static inline Bytes add_saturated(Bytes a, Bytes b) {
        return reinterpret_cast<Bytes>(_mm512_adds_epu8(reinterpret_cast<__m512i>(a), reinterpret_cast<__m512i>(b)));
    }
    /// 16 entries, in all lanes of the shuffle.
    [[gnu::always_inline]] static inline Bytes block(const uint8_t* entries) {
        return reinterpret_cast<Bytes>(
            _mm512_broadcast_i32x4(_mm_load_si128(reinterpret_cast<const __m128i*>(entries))));
    }
    [[gnu::always_inline]] static inline Bytes look_up(Bytes entries, Bytes positions) {
        return reinterpret_cast<Bytes>(
            _mm512_shuffle_epi8(reinterpret_cast<__m512i>(entries), reinterpret_cast<__m512i>(positions)));
    }
};

}  // namespace

constinit const PermuteKernels kPermuteAvx512 = all_kernels<Avx512>();

}  // namespace concrete::sim::detail
#endif

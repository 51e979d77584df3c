// The kernels of sim/decomposed_sums.h for AVX-512 without VNNI; compiled with the flags of that set.
#if defined(__x86_64__)
// g++ 12 takes the undefined vectors in its own <immintrin.h> for mistakes (GCC bug 105593).
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#include <immintrin.h>

#include "sim/decomposed_sums_words.h"

namespace concrete::sim::detail {
namespace {

struct Avx512 {
    using Vector = __m512i;
    static constexpr size_t kVectors = 4;  // 24 of 32 registers are sums

    static Vector load(const void* from) { return _mm512_load_si512(from); }
    static void store(void* to, Vector x) { _mm512_store_si512(to, x); }
    static Vector zero() { return _mm512_setzero_si512(); }
    static Vector bytes(int x) { return _mm512_set1_epi8(static_cast<char>(x)); }
    static Vector sums(uint32_t x) { return _mm512_set1_epi32(static_cast<int>(x)); }
    static Vector repeat(__m128i x) { return _mm512_broadcast_i32x4(x); }
    static Vector flip(Vector x, Vector y) { return _mm512_xor_si512(x, y); }
    static Vector shuffle(Vector row, Vector at) { return _mm512_shuffle_epi8(row, at); }
    static Vector subtract(Vector x, Vector y) { return _mm512_subs_epi8(x, y); }
    static Vector low_words(Vector x) { return _mm512_cvtepu8_epi16(_mm512_castsi512_si256(x)); }
    static Vector high_words(Vector x) { return _mm512_cvtepu8_epi16(_mm512_extracti64x4_epi64(x, 1)); }
    static Vector add(Vector x, Vector y) { return _mm512_add_epi32(x, y); }
    static Vector multiply(Vector x, Vector y) { return _mm512_mullo_epi32(x, y); }
    static Vector shift_left(Vector x, int by) { return _mm512_sll_epi32(x, _mm_cvtsi32_si128(by)); }
    static Vector add_products(Vector total, Vector x, Vector y) { return add(total, _mm512_madd_epi16(x, y)); }
};

}  // namespace

constinit const DecomposedKernels kDecomposedAvx512 = WordKernels<Avx512>::kernels();

}  // namespace concrete::sim::detail
#endif

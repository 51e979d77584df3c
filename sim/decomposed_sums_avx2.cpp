// The kernels of sim/decomposed_sums.h for AVX2; compiled with the flags of that set.
#if defined(__x86_64__)
#include <immintrin.h>

#include "sim/decomposed_sums_words.h"

namespace concrete::sim::detail {
namespace {

struct Avx2 {
    using Vector = __m256i;
    static constexpr size_t kVectors = 2;  // 12 of 16 registers are sums

    static Vector load(const void* from) { return _mm256_load_si256(static_cast<const __m256i*>(from)); }
    static void store(void* to, Vector x) { _mm256_store_si256(static_cast<__m256i*>(to), x); }
    static Vector zero() { return _mm256_setzero_si256(); }
    static Vector bytes(int x) { return _mm256_set1_epi8(static_cast<char>(x)); }
    static Vector sums(uint32_t x) { return _mm256_set1_epi32(static_cast<int>(x)); }
    static Vector repeat(__m128i x) { return _mm256_broadcastsi128_si256(x); }
    static Vector flip(Vector x, Vector y) { return _mm256_xor_si256(x, y); }
    static Vector shuffle(Vector row, Vector at) { return _mm256_shuffle_epi8(row, at); }
    static Vector subtract(Vector x, Vector y) { return _mm256_subs_epi8(x, y); }
    static Vector low_words(Vector x) { return _mm256_cvtepu8_epi16(_mm256_castsi256_si128(x)); }
    static Vector high_words(Vector x) { return _mm256_cvtepu8_epi16(_mm256_extracti128_si256(x, 1)); }
    static Vector add(Vector x, Vector y) { return _mm256_add_epi32(x, y); }
    static Vector multiply(Vector x, Vector y) { return _mm256_mullo_epi32(x, y); }
    static Vector shift_left(Vector x, int by) { return _mm256_sll_epi32(x, _mm_cvtsi32_si128(by)); }
    static Vector add_products(Vector total, Vector x, Vector y) { return add(total, _mm256_madd_epi16(x, y)); }
};

}  // namespace

constinit const DecomposedKernels kDecomposedAvx2 = WordKernels<Avx2>::kernels();

}  // namespace concrete::sim::detail
#endif

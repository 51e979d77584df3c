#pragma once

#if defined(__AVX512BW__)  // empty in sources for other sets
#include <cstddef>
#include <cstdint>
#include <immintrin.h>

// g++ 12 calls the undefined operands inside of its own intrinsics uninitialized (GCC bug 105593).
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"

/// What the two kinds of AVX-512 kernels of sim/or_sums_steps.h have in common. In an unnamed namespace, as there.
namespace concrete::sim::detail {
namespace {

struct OrZmmBytes {
    __m512i lanes;

    friend OrZmmBytes operator|(OrZmmBytes a, OrZmmBytes b) { return {_mm512_or_si512(a.lanes, b.lanes)}; }
    friend OrZmmBytes operator&(OrZmmBytes a, OrZmmBytes b) { return {_mm512_and_si512(a.lanes, b.lanes)}; }
};

struct OrZmm {
    using Bytes = OrZmmBytes;

    static Bytes zero() { return {_mm512_setzero_si512()}; }
    static Bytes load(const uint8_t* bytes) { return {_mm512_loadu_si512(bytes)}; }
    static Bytes all(uint8_t byte) { return {_mm512_set1_epi8(static_cast<char>(byte))}; }
    static __m256i low_bytes32(const uint16_t* words, int shift) {
        return _mm512_cvtepi16_epi8(_mm512_srl_epi16(_mm512_loadu_si512(words), _mm_cvtsi32_si128(shift)));
    }
    static Bytes low_bytes(const uint16_t* words, int shift) {
        return {
            _mm512_inserti64x4(_mm512_castsi256_si512(low_bytes32(words, shift)), low_bytes32(words + 32, shift), 1)};
    }
    static void merge32(__m256i bytes, int shift, uint16_t* words) {
        const __m512i wide = _mm512_sll_epi16(_mm512_cvtepu8_epi16(bytes), _mm_cvtsi32_si128(shift));
        _mm512_storeu_si512(words, _mm512_or_si512(_mm512_loadu_si512(words), wide));
    }
    static void merge(Bytes bytes, int shift, uint16_t* words) {
        merge32(_mm512_castsi512_si256(bytes.lanes), shift, words);
        merge32(_mm512_extracti64x4_epi64(bytes.lanes, 1), shift, words + 32);
    }
    static bool lacks(Bytes wanted, Bytes bytes) {
        const __m512i missing = _mm512_andnot_si512(bytes.lanes, wanted.lanes);
        return _mm512_test_epi64_mask(missing, missing) != 0;
    }
};

}  // namespace
}  // namespace concrete::sim::detail
#endif

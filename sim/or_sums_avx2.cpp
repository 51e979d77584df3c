// The kernels of sim/or_sums.h for AVX2; compiled with the flags of that set.
#if defined(__x86_64__)
#include <immintrin.h>

#include "sim/or_sums_steps.h"

namespace concrete::sim::detail {
namespace {

struct OrAvx2 {
    struct Bytes {
        __m256i low, high;

        friend Bytes operator|(const Bytes& a, const Bytes& b) {
            return {_mm256_or_si256(a.low, b.low), _mm256_or_si256(a.high, b.high)};
        }
        friend Bytes operator&(const Bytes& a, const Bytes& b) {
            return {_mm256_and_si256(a.low, b.low), _mm256_and_si256(a.high, b.high)};
        }
    };

    /// 16 entries are one byte shuffle, which gives 0 where bit 7 of the index is set. An index less 16 t, raised by
    /// 0x70 with saturation, has bit 7 set unless it is one of table t; its low 4 bits stay.
    template <int kLines>
    struct Row {
        explicit Row(const uint8_t* row) : row_(row) {}
        Bytes at(const uint8_t* positions) const {
            const Bytes index = load(positions);
            Bytes result = zero();
#pragma GCC unroll 16
            for (size_t t = 0; t < size_t{4} * kLines; ++t) {
                const __m256i table = _mm256_broadcastsi128_si256(load16(row_ + 16 * t));
                result.low = _mm256_or_si256(result.low, from_table(table, index.low, t));
                result.high = _mm256_or_si256(result.high, from_table(table, index.high, t));
            }
            return result;
        }

      private:
        static __m128i load16(const uint8_t* bytes) {
            return _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes));
        }
        static __m256i from_table(__m256i table, __m256i index, size_t t) {
            const __m256i relative = _mm256_sub_epi8(index, _mm256_set1_epi8(static_cast<char>(16 * t)));
            return _mm256_shuffle_epi8(table, _mm256_adds_epu8(relative, _mm256_set1_epi8(0x70)));
        }

        const uint8_t* row_;
    };

    static Bytes zero() {
        return {_mm256_setzero_si256(), _mm256_setzero_si256()};
    }
    static __m256i load32(const void* bytes) {
        return _mm256_loadu_si256(static_cast<const __m256i*>(bytes));
    }
    static Bytes load(const uint8_t* bytes) {
        return {load32(bytes), load32(bytes + 32)};
    }
    static Bytes all(uint8_t byte) {
        const __m256i value = _mm256_set1_epi8(static_cast<char>(byte));
        return {value, value};
    }
    static __m256i low_bytes32(const uint16_t* words, int shift) {
        const __m128i count = _mm_cvtsi32_si128(shift);
        const __m256i mask = _mm256_set1_epi16(0xff);
        const __m256i first = _mm256_and_si256(_mm256_srl_epi16(load32(words), count), mask);
        const __m256i second = _mm256_and_si256(_mm256_srl_epi16(load32(words + 16), count), mask);
        // Packing interleaves halves; 0, 2, 1, 3 puts them in order.
        return _mm256_permute4x64_epi64(_mm256_packus_epi16(first, second), 0xd8);
    }
    static Bytes low_bytes(const uint16_t* words, int shift) {
        return {low_bytes32(words, shift), low_bytes32(words + 32, shift)};
    }
    static void merge16(__m128i bytes, int shift, uint16_t* words) {
        const __m256i wide = _mm256_sll_epi16(_mm256_cvtepu8_epi16(bytes), _mm_cvtsi32_si128(shift));
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(words), _mm256_or_si256(load32(words), wide));
    }
    static void merge(const Bytes& bytes, int shift, uint16_t* words) {
        merge16(_mm256_castsi256_si128(bytes.low), shift, words);
        merge16(_mm256_extracti128_si256(bytes.low, 1), shift, words + 16);
        merge16(_mm256_castsi256_si128(bytes.high), shift, words + 32);
        merge16(_mm256_extracti128_si256(bytes.high, 1), shift, words + 48);
    }
    static bool lacks(const Bytes& wanted, const Bytes& bytes) {
        return _mm256_testc_si256(bytes.low, wanted.low) == 0 || _mm256_testc_si256(bytes.high, wanted.high) == 0;
    }
};

}  // namespace

constinit const OrKernels kOrAvx2 = kOrKernels<OrAvx2>;

}  // namespace concrete::sim::detail
#endif

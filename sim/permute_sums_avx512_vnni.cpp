// The kernels of sim/permute_sums.h for AVX-512 with VBMI, whose byte permutes look up 64 lanes in up to 128 entries;
// compiled with the flags of that set.
#if defined(__x86_64__)
#ifndef __clang__  // g++ 12 sees values that its own intrinsics leave undefined on purpose (GCC bug 105593)
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>

#include "sim/permute_sums_kernels.h"

namespace concrete::sim::detail {
namespace {

/// A row of a plane: entries by lane position.
template <int kRegisters>
struct Row {
    __m512i parts[kRegisters];

    [[gnu::always_inline]] void load(const uint8_t* row) {
#pragma GCC unroll 4
        for (int i = 0; i < kRegisters; ++i) parts[i] = _mm512_load_si512(row + kPermuteLanes * static_cast<size_t>(i));
    }

    /// Entries of 64 positions. upper: which are 128 or more.
    [[gnu::always_inline]] __m512i at(__m512i positions, __mmask64 upper) const {
        if constexpr (kRegisters == 1) return _mm512_permutexvar_epi8(positions, parts[0]);
        if constexpr (kRegisters >= 2) {
            const __m512i low = _mm512_permutex2var_epi8(parts[0], positions, parts[1]);
            if constexpr (kRegisters == 2) return low;
            if constexpr (kRegisters == 4)
                return _mm512_mask_blend_epi8(upper, low, _mm512_permutex2var_epi8(parts[2], positions, parts[3]));
        }
    }
};

/// Sums of bytes in two registers of 16-bit words, without shuffles: `all` adds pairs of bytes as words, modulo 2^16,
/// and `odd` the upper bytes alone, so that the lower bytes sum to all - 256 odd.
struct ByteSums {
    __m512i all = _mm512_setzero_si512(), odd = _mm512_setzero_si512();

    [[gnu::always_inline]] void add(__m512i bytes) {
        all = _mm512_add_epi16(all, bytes);
        odd = _mm512_add_epi16(odd, _mm512_srli_epi16(bytes, 8));
    }

    /// sums[64] += offset + (these << shift).
    [[gnu::always_inline]] void add_to(uint32_t* sums, __m128i shift, __m512i offset) const {
        // Words of two registers in turn: lanes 0 to 31, and from there on.
        alignas(64) static constexpr uint16_t kInterleaved[64] = {
            0,  32, 1,  33, 2,  34, 3,  35, 4,  36, 5,  37, 6,  38, 7,  39, 8,  40, 9,  41, 10, 42,
            11, 43, 12, 44, 13, 45, 14, 46, 15, 47, 16, 48, 17, 49, 18, 50, 19, 51, 20, 52, 21, 53,
            22, 54, 23, 55, 24, 56, 25, 57, 26, 58, 27, 59, 28, 60, 29, 61, 30, 62, 31, 63};
        const __m512i even = _mm512_sub_epi16(all, _mm512_slli_epi16(odd, 8));
#pragma GCC unroll 2
        for (size_t half = 0; half < 2; ++half) {
            const __m512i order = _mm512_load_si512(kInterleaved + 32 * half);
            const __m512i words = _mm512_permutex2var_epi16(even, order, odd);
            const __m256i quarters[2] = {_mm512_castsi512_si256(words), _mm512_extracti64x4_epi64(words, 1)};
#pragma GCC unroll 2
            for (size_t i = 0; i < 2; ++i) {
                uint32_t* to = sums + 32 * half + 16 * i;
                const __m512i shifted = _mm512_sll_epi32(_mm512_cvtepu16_epi32(quarters[i]), shift);
                _mm512_store_si512(to, _mm512_add_epi32(_mm512_load_si512(to), _mm512_add_epi32(shifted, offset)));
            }
        }
    }
};

/// kGroup steps, whose bytes of one lane sum to at most 255. Each vector of positions, and what tells its upper ones,
/// serves all others. Empty statements keep the order of the source, which the registers suffice for: g++ would load
/// rows of later steps early and regroup sums, and spill.
template <int kOthers, int kVectors, int kRegisters, int kGroup>
[[gnu::always_inline]] inline void add_group(const PermuteTask& task, size_t k, ByteSums (&sums)[kOthers][kVectors]) {
    __m512i bytes[kOthers][kVectors];
#pragma GCC unroll 4
    for (size_t step = 0; step < kGroup; ++step) {
        Row<kRegisters> rows[kOthers];
#pragma GCC unroll 2
        for (size_t other = 0; other < kOthers; ++other) {
            const uint8_t position = task.others[other * task.others_stride + k + step];
            const uint8_t* row = task.rows + kPermuteLanes * kRegisters * position;
            asm volatile("" : "+r"(row));
            rows[other].load(row);
        }
#pragma GCC unroll 4
        for (size_t v = 0; v < kVectors; ++v) {
            __m512i positions = _mm512_load_si512(task.positions + (k + step) * kPermuteStride + kPermuteLanes * v);
            asm volatile("" : "+v"(positions));  // permutes overwrite an operand: copy it, do not load it again
            const __mmask64 upper = kRegisters == 4 ? _mm512_movepi8_mask(positions) : 0;
#pragma GCC unroll 2
            for (size_t other = 0; other < kOthers; ++other) {
                const __m512i found = rows[other].at(positions, upper);
                bytes[other][v] = step == 0 ? found : _mm512_add_epi8(bytes[other][v], found);
                asm volatile("" : "+v"(bytes[other][v]));
            }
        }
    }
#pragma GCC unroll 2
    for (int other = 0; other < kOthers; ++other)
#pragma GCC unroll 4
        for (int v = 0; v < kVectors; ++v) sums[other][v].add(bytes[other][v]);
}

template <int kOthers, int kVectors, int kRegisters, int kGroup>
void add_plane(const PermuteTask& task) {
    ByteSums sums[kOthers][kVectors];
    size_t k = 0;
    for (; k + kGroup <= task.steps; k += kGroup) add_group<kOthers, kVectors, kRegisters, kGroup>(task, k, sums);
    if constexpr (kGroup > 1)
        for (; k < task.steps; ++k) add_group<kOthers, kVectors, kRegisters, 1>(task, k, sums);
    const __m128i shift = _mm_cvtsi32_si128(task.shift);
#pragma GCC unroll 2
    for (size_t other = 0; other < kOthers; ++other) {
        const __m512i offset = _mm512_set1_epi32(static_cast<int>(task.offsets[other]));
#pragma GCC unroll 4
        for (size_t v = 0; v < kVectors; ++v)
            sums[other][v].add_to(task.sums + other * kPermuteStride + kPermuteLanes * v, shift, offset);
    }
}

template <int kOthers, int kVectors, int kRegisters>
constexpr void fill(PermuteKernel (&of)[3]) {
    of[0] = add_plane<kOthers, kVectors, kRegisters, 1>;
    of[1] = add_plane<kOthers, kVectors, kRegisters, 2>;
    of[2] = add_plane<kOthers, kVectors, kRegisters, 4>;
}

template <int kOthers, int kVectors>
constexpr void fill(PermuteKernel (&of)[3][3]) {
    fill<kOthers, kVectors, 1>(of[0]);
    fill<kOthers, kVectors, 2>(of[1]);
    fill<kOthers, kVectors, 4>(of[2]);
}

template <int kOthers>
constexpr void fill(PermuteKernel (&of)[4][3][3]) {
    fill<kOthers, 1>(of[0]);
    fill<kOthers, 2>(of[1]);
    fill<kOthers, 3>(of[2]);
    fill<kOthers, 4>(of[3]);
}

constexpr PermuteKernels all_kernels() {
    PermuteKernels kernels{};
    fill<1>(kernels.of[0]);
    fill<2>(kernels.of[1]);
    kernels.chained = false;
    return kernels;
}

}  // namespace

constinit const PermuteKernels kPermuteAvx512Vnni = all_kernels();

}  // namespace concrete::sim::detail
#endif

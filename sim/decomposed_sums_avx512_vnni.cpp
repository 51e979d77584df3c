// The kernels of sim/decomposed_sums.h for AVX-512 with VNNI and VBMI: bytes in groups of four, which vpdpbusd
// multiplies and adds up without saturating; tables by byte permutes. Compiled with the flags of that set.
#if defined(__x86_64__)
// g++ 12 takes the undefined vectors in its own <immintrin.h> for mistakes (GCC bug 105593).
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#include <immintrin.h>

#include "sim/decomposed_sums_kernels.h"
#include "sim/table_sums.h"

namespace concrete::sim::detail {
namespace {

constexpr size_t kGroup = 4;
constexpr size_t kVectors = kBlockLanes / 16;    // of one group each
constexpr size_t kBlock = 6;                     // with 4 vectors: 24 of 32 registers are accumulators
constexpr size_t kStep = kBlockLanes * kGroup;   // bytes of a panel for one group
constexpr size_t kOtherBytes = kBlock * kGroup;  // bytes of v for one group

[[gnu::always_inline]] inline __m512i load(const void* bytes) {
    return _mm512_load_si512(bytes);
}

/// Four bytes, for every lane.
[[gnu::always_inline]] inline __m512i broadcast(const uint8_t* bytes) {
    int group = 0;
    __builtin_memcpy(&group, bytes, sizeof group);
    return _mm512_set1_epi32(group);
}

/// Four rows of bytes, one a k, to groups of the four k; lanes stay in order.
[[gnu::always_inline]] inline void regroup_rows(const __m512i (&rows)[kGroup], uint8_t* raw) {
    // Unpacking works in quarters of a vector; so that quarter q of result i gets lanes 16 i + 4 q and on, each row
    // first brings these four to place i of quarter q.
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    const __m512i first = _mm512_permutexvar_epi32(order, rows[0]), second = _mm512_permutexvar_epi32(order, rows[1]);
    const __m512i third = _mm512_permutexvar_epi32(order, rows[2]), fourth = _mm512_permutexvar_epi32(order, rows[3]);
    const __m512i low = _mm512_unpacklo_epi8(first, second), next_low = _mm512_unpacklo_epi8(third, fourth);
    const __m512i high = _mm512_unpackhi_epi8(first, second), next_high = _mm512_unpackhi_epi8(third, fourth);
    _mm512_store_si512(raw, _mm512_unpacklo_epi16(low, next_low));
    _mm512_store_si512(raw + 64, _mm512_unpackhi_epi16(low, next_low));
    _mm512_store_si512(raw + 128, _mm512_unpacklo_epi16(high, next_high));
    _mm512_store_si512(raw + 192, _mm512_unpackhi_epi16(high, next_high));
}

void regroup(const uint8_t* positions, size_t k, uint8_t* raw) {
    for (size_t at = 0; at < k; at += kGroup, raw += kStep) {
        __m512i rows[kGroup];
        for (size_t i = 0; i < kGroup; ++i)
            rows[i] = at + i < k ? load(positions + (at + i) * kTileLanes) : _mm512_setzero_si512();
        regroup_rows(rows, raw);
    }
}

/// Calls body(look), where look(positions) gives the table's entries at 64 of them.
template <typename Body>
[[gnu::always_inline]] inline void with_table(const uint8_t* table, size_t size, const Body& body) {
    const __m512i t0 = _mm512_loadu_si512(table), t1 = _mm512_loadu_si512(table + 64);
    const __m512i t2 = _mm512_loadu_si512(table + 128), t3 = _mm512_loadu_si512(table + 192);
    if (size <= 64) {
        body([=](__m512i at) { return _mm512_permutexvar_epi8(at, t0); });
    } else if (size <= 128) {
        body([=](__m512i at) { return _mm512_permutex2var_epi8(t0, at, t1); });
    } else {
        body([=](__m512i at) {
            return _mm512_mask_blend_epi8(_mm512_movepi8_mask(at), _mm512_permutex2var_epi8(t0, at, t1),
                                          _mm512_permutex2var_epi8(t2, at, t3));
        });
    }
}

void look_up(const uint8_t* table, size_t size, const uint8_t* raw, size_t depth, void* panel) {
    auto* const out = static_cast<uint8_t*>(panel);
    with_table(table, size, [=](const auto& look) {
        for (size_t at = 0; at < depth / kGroup * kStep; at += kStep) {
#pragma GCC unroll 4
            for (size_t i = at; i < at + kStep; i += 64) _mm512_store_si512(out + i, look(load(raw + i)));
        }
    });
}

/// sums[lane] += factor sum_k element, where look() turns vectors of bytes into elements.
template <typename Look>
[[gnu::always_inline]] inline void sum_bytes(const uint8_t* bytes, size_t k, uint32_t factor, uint32_t* sums,
                                             const Look& look) {
    __m512i total[kVectors] = {};
    const auto add = [&](__m512i ones) {
#pragma GCC unroll 4
        for (size_t i = 0; i < kVectors; ++i)
            total[i] = _mm512_dpbusd_epi32(total[i], look(load(bytes + 64 * i)), ones);
        bytes += kStep;
    };
    for (size_t group = 0; group < k / kGroup; ++group) add(_mm512_set1_epi8(1));
    if (k % kGroup != 0) add(_mm512_set1_epi32(0x01010101 >> (8 * (kGroup - k % kGroup))));
#pragma GCC unroll 4
    for (size_t i = 0; i < kVectors; ++i) {
        const __m512i scaled = _mm512_mullo_epi32(total[i], _mm512_set1_epi32(static_cast<int>(factor)));
        _mm512_store_si512(sums + 16 * i, _mm512_add_epi32(load(sums + 16 * i), scaled));
    }
}

void sum(const void* panel, size_t k, uint32_t factor, uint32_t* sums) {
    sum_bytes(static_cast<const uint8_t*>(panel), k, factor, sums, [](__m512i elements) { return elements; });
}

void sum_looked_up(const uint8_t* table, size_t size, const uint8_t* raw, size_t k, uint32_t factor, uint32_t* sums) {
    with_table(table, size, [=](const auto& look) { sum_bytes(raw, k, factor, sums, look); });
}

/// total += the products of each lane's group with weights. Written out because g++ 12 copies every total around the
/// instruction of the intrinsic, through memory, where loops are nested.
[[gnu::always_inline]] inline void multiply_add(__m512i& total, __m512i lanes, __m512i weights) {
    asm("vpdpbusd %2, %1, %0" : "+v"(total) : "v"(lanes), "v"(weights));
}

/// The product for kOthers others that stand side by side.
template <size_t kOthers>
[[gnu::always_inline]] inline void multiply_block(const PanelProduct& p, const uint8_t* v, const uint32_t* of_others,
                                                  uint32_t* sums) {
    __m512i total[kOthers][kVectors] = {};
    const auto* panel = static_cast<const uint8_t*>(p.panel);
    for (size_t term = 0; term < p.terms; ++term, v += p.term_bytes) {
        const uint8_t* other = v;
        for (size_t group = 0; group < p.depth / kGroup; ++group, panel += kStep, other += kOtherBytes) {
            __m512i lanes[kVectors];
#pragma GCC unroll 4
            for (size_t i = 0; i < kVectors; ++i) lanes[i] = load(panel + 64 * i);
#pragma GCC unroll 6
            for (size_t n = 0; n < kOthers; ++n) {
                const __m512i weights = broadcast(other + kGroup * n);
#pragma GCC unroll 4
                for (size_t i = 0; i < kVectors; ++i) multiply_add(total[n][i], lanes[i], weights);
            }
        }
    }
    const __m128i shift = _mm_cvtsi32_si128(p.shift);
#pragma GCC unroll 6
    for (size_t n = 0; n < kOthers; ++n) {
        const __m512i of_other = _mm512_set1_epi32(static_cast<int>(of_others[n]));
#pragma GCC unroll 4
        for (size_t i = 0; i < kVectors; ++i) {
            uint32_t* const out = sums + n * kTileLanes + 16 * i;
            const __m512i rest = _mm512_add_epi32(load(p.of_lanes + 16 * i), of_other);
            const __m512i products = _mm512_add_epi32(_mm512_sll_epi32(total[n][i], shift), rest);
            _mm512_store_si512(out, _mm512_add_epi32(load(out), products));
        }
    }
}

void multiply(const PanelProduct& p) {
    const auto* v = static_cast<const uint8_t*>(p.v);
    size_t n = 0;
    for (; n + kBlock <= p.n; n += kBlock, v += p.block_bytes)
        multiply_block<kBlock>(p, v, p.of_others + n, p.sums + n * kTileLanes);
    const uint32_t* const of_others = p.of_others + n;
    uint32_t* const sums = p.sums + n * kTileLanes;
    switch (p.n - n) {
        case 5:
            return multiply_block<5>(p, v, of_others, sums);
        case 4:
            return multiply_block<4>(p, v, of_others, sums);
        case 3:
            return multiply_block<3>(p, v, of_others, sums);
        case 2:
            return multiply_block<2>(p, v, of_others, sums);
        case 1:
            return multiply_block<1>(p, v, of_others, sums);
        default:
            return;
    }
}

}  // namespace

constinit const DecomposedKernels kDecomposedAvx512Vnni{{1, kGroup, kBlock}, regroup, look_up, sum,
                                                        sum_looked_up,       multiply};

}  // namespace concrete::sim::detail
#endif

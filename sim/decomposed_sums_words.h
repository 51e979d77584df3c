#pragma once

#if defined(__x86_64__)
#include <cstddef>
#include <cstdint>
#include <immintrin.h>

#include "sim/decomposed_sums_kernels.h"
#include "sim/table_sums.h"

/// The kernels of sim/decomposed_sums.h for instruction sets whose products of bytes saturate: elements are 16-bit
/// words in groups of two, which vpmaddwd multiplies and adds up exactly. In an unnamed namespace, as in
/// sim/bitslice_steps.h.
namespace concrete::sim::detail {
namespace {

/// Set has the operations of an instruction set on its Vector, and kVectors: how many vectors of 32-bit sums, for each
/// of 6 others, its registers hold. Panels are in strips of lanes, of as many as these vectors have sums:
///
///     raw, panel: [kBlockLanes / kStrip][depth / group][kStrip][group]
template <typename Set>
struct WordKernels {
    using Vector = typename Set::Vector;

    static constexpr size_t kGroup = 2, kBlock = 6;
    static constexpr size_t kSums = sizeof(Vector) / sizeof(uint32_t);  // of a vector
    static constexpr size_t kStrip = Set::kVectors * kSums;
    static constexpr size_t kStep = kStrip * kGroup;  // elements of a strip for one group

    static void regroup(const uint8_t* positions, size_t k, uint8_t* raw) {
        const size_t depth = (k + kDepthStep - 1) / kDepthStep * kDepthStep;
        for (size_t strip = 0; strip < kBlockLanes; strip += kStrip) {
            for (size_t at = 0; at < depth; at += kGroup, raw += kStep) {
                for (size_t lane = 0; lane < kStrip; lane += 16) {
                    const uint8_t* const row = positions + at * kTileLanes + strip + lane;
                    const __m128i first = at < k ? load_16(row) : _mm_setzero_si128();
                    const __m128i second = at + 1 < k ? load_16(row + kTileLanes) : _mm_setzero_si128();
                    auto* const out = reinterpret_cast<__m128i*>(raw + lane * kGroup);
                    _mm_store_si128(out, _mm_unpacklo_epi8(first, second));
                    _mm_store_si128(out + 1, _mm_unpackhi_epi8(first, second));
                }
            }
        }
    }

    static void look_up(const uint8_t* table, size_t size, const uint8_t* raw, size_t depth, void* panel) {
        const Rows rows(table, size);
        auto* out = static_cast<uint8_t*>(panel);
        for (size_t i = 0; i < depth * kBlockLanes; i += sizeof(Vector), out += 2 * sizeof(Vector)) {
            const Vector bytes = rows.look_up(Set::load(raw + i));
            Set::store(out, Set::low_words(bytes));
            Set::store(out + sizeof(Vector), Set::high_words(bytes));
        }
    }

    static void sum(const void* panel, size_t k, uint32_t factor, uint32_t* sums) {
        const auto* words = static_cast<const uint8_t*>(panel);
        sum_strips(k, factor, sums, [&](Vector(&out)[Set::kVectors]) {
            for (size_t i = 0; i < Set::kVectors; ++i, words += sizeof(Vector)) out[i] = Set::load(words);
        });
    }

    static void sum_looked_up(const uint8_t* table, size_t size, const uint8_t* raw, size_t k, uint32_t factor,
                              uint32_t* sums) {
        const Rows rows(table, size);
        sum_strips(k, factor, sums, [&](Vector(&out)[Set::kVectors]) {
            for (size_t i = 0; i < Set::kVectors; i += 2, raw += sizeof(Vector)) {
                const Vector bytes = rows.look_up(Set::load(raw));
                out[i] = Set::low_words(bytes);
                out[i + 1] = Set::high_words(bytes);
            }
        });
    }

    static void multiply(const PanelProduct& p) {
        const auto* v = static_cast<const uint8_t*>(p.v);
        size_t n = 0;
        for (; n + kBlock <= p.n; n += kBlock, v += p.block_bytes) multiply_strips<kBlock>(p, v, n);
        switch (p.n - n) {
            case 5:
                return multiply_strips<5>(p, v, n);
            case 4:
                return multiply_strips<4>(p, v, n);
            case 3:
                return multiply_strips<3>(p, v, n);
            case 2:
                return multiply_strips<2>(p, v, n);
            case 1:
                return multiply_strips<1>(p, v, n);
            default:
                return;
        }
    }

    static constexpr DecomposedKernels kernels() {
        return {{sizeof(int16_t), kGroup, kBlock}, regroup, look_up, sum, sum_looked_up, multiply};
    }

  private:
    static __m128i load_16(const uint8_t* bytes) { return _mm_load_si128(reinterpret_cast<const __m128i*>(bytes)); }

    /// A table in rows of 16 for byte shuffles, which give 0 where bit 7 of the index is set. Of each half, row r is
    /// held as its difference (exclusive or) from row r - 1: with 16 r subtracted from the index, all rows up to the
    /// one that is meant have bit 7 clear, and their differences add up to it.
    class Rows {
      public:
        Rows(const uint8_t* table, size_t size) : rows_((size + 15) / 16) {
            for (size_t i = 0; i < 256; ++i)
                differences_[i] = static_cast<uint8_t>(table[i] ^ (i % 128 < 16 ? 0 : table[i - 16]));
        }

        [[gnu::always_inline]] Vector look_up(Vector at) const {
            Vector result = half(0, rows_ < 8 ? rows_ : 8, at, Set::zero());
            if (rows_ > 8) result = half(8, rows_, Set::flip(at, Set::bytes(0x80)), result);
            return result;
        }

      private:
        [[gnu::always_inline]] Vector half(size_t first, size_t end, Vector at, Vector result) const {
            for (size_t row = first; row < end; ++row) {
                result = Set::flip(result, Set::shuffle(Set::repeat(load_16(differences_ + 16 * row)), at));
                at = Set::subtract(at, Set::bytes(16));  // saturates: what is below 0 stays there
            }
            return result;
        }

        alignas(16) uint8_t differences_[256];
        size_t rows_;
    };

    /// sums[lane] += factor * the sum of k steps, of which next() gives a group for a strip, padded to kDepthStep.
    template <typename Next>
    static void sum_strips(size_t k, uint32_t factor, uint32_t* sums, const Next& next) {
        const size_t depth = (k + kDepthStep - 1) / kDepthStep * kDepthStep;
        for (size_t strip = 0; strip < kBlockLanes; strip += kStrip, sums += kStrip) {
            Vector total[Set::kVectors];
            for (Vector& sum : total) sum = Set::zero();
            for (size_t at = 0; at < depth; at += kGroup) {
                Vector words[Set::kVectors];
                next(words);
                const Vector ones = Set::sums(at + 1 < k ? 0x00010001 : at < k ? 1 : 0);
                for (size_t i = 0; i < Set::kVectors; ++i) total[i] = Set::add_products(total[i], words[i], ones);
            }
            for (size_t i = 0; i < Set::kVectors; ++i) {
                const Vector scaled = Set::multiply(total[i], Set::sums(factor));
                Set::store(sums + i * kSums, Set::add(Set::load(sums + i * kSums), scaled));
            }
        }
    }

    template <size_t kOthers>
    static void multiply_strips(const PanelProduct& p, const uint8_t* v, size_t n) {
        for (size_t strip = 0; strip < kBlockLanes; strip += kStrip) multiply_strip<kOthers>(p, v, n, strip);
    }

    /// The product for one strip and kOthers others that stand side by side.
    template <size_t kOthers>
    [[gnu::always_inline]] static void multiply_strip(const PanelProduct& p, const uint8_t* v, size_t n, size_t strip) {
        Vector total[kOthers][Set::kVectors];
#pragma GCC unroll 6
        for (size_t j = 0; j < kOthers; ++j)
#pragma GCC unroll 4
            for (size_t i = 0; i < Set::kVectors; ++i) total[j][i] = Set::zero();
        for (size_t term = 0; term < p.terms; ++term, v += p.term_bytes) {
            const auto* panel = static_cast<const int16_t*>(p.panel) + (term * kBlockLanes + strip) * p.depth;
            const uint8_t* other = v;
            for (size_t k = 0; k < p.depth; k += kGroup, panel += kStep, other += kBlock * sizeof(uint32_t)) {
                Vector lanes[Set::kVectors];
#pragma GCC unroll 4
                for (size_t i = 0; i < Set::kVectors; ++i) lanes[i] = Set::load(panel + i * kSums * kGroup);
#pragma GCC unroll 6
                for (size_t j = 0; j < kOthers; ++j) {
                    uint32_t group = 0;
                    __builtin_memcpy(&group, other + j * sizeof group, sizeof group);
                    const Vector weights = Set::sums(group);
#pragma GCC unroll 4
                    for (size_t i = 0; i < Set::kVectors; ++i)
                        total[j][i] = Set::add_products(total[j][i], lanes[i], weights);
                }
            }
        }
#pragma GCC unroll 6
        for (size_t j = 0; j < kOthers; ++j) {
            const Vector of_other = Set::sums(p.of_others[n + j]);
#pragma GCC unroll 4
            for (size_t i = 0; i < Set::kVectors; ++i) {
                uint32_t* const out = p.sums + (n + j) * kTileLanes + strip + i * kSums;
                const Vector rest = Set::add(Set::load(p.of_lanes + strip + i * kSums), of_other);
                Set::store(out, Set::add(Set::load(out), Set::add(Set::shift_left(total[j][i], p.shift), rest)));
            }
        }
    }
};

}  // namespace
}  // namespace concrete::sim::detail
#endif

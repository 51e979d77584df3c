#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "sim/planes_kernels.h"

/// The kernels of sim/planes_kernels.h in vectors of the compiler, which become those of the instruction set that the
/// including source is compiled for. In an unnamed namespace, as in sim/bitslice_steps.h.
// Vectors wider than the set's are passed between functions of this file only, never across the ABI. The including
// source is its only reader, and templates are compiled at its end.
#pragma GCC diagnostic ignored "-Wpsabi"

namespace concrete::sim::detail {
namespace {

/// 512 lanes of a plane, or 8 codes.
using Words = uint64_t __attribute__((vector_size(64)));
using UnalignedWords = uint64_t __attribute__((vector_size(64), aligned(8), may_alias));
using ShortWords = uint32_t __attribute__((vector_size(32), aligned(4), may_alias));

/// Rows of bits, kRows x kRows matrices side by side in each word: bit c of row r changes place with bit r of row c.
/// One round a bit of the index, as in Warren, Hacker's Delight, 7-3.
template <int kRows>
[[gnu::always_inline]] inline void transpose_bits(Words (&rows)[kRows]) {
#pragma GCC unroll 8
    for (int step = kRows / 2; step > 0; step /= 2) {
        const uint64_t low = ~uint64_t{0} / ((uint64_t{1} << step) + 1);  // the lower half of every 2 * step bits
#pragma GCC unroll 64
        for (int row = 0; row < kRows; ++row) {
            if ((row & step) != 0) continue;
            const Words change = ((rows[row] >> step) ^ rows[row + step]) & low;
            rows[row + step] ^= change;
            rows[row] ^= change << step;
        }
    }
}

/// Words of two vectors, chosen by their positions in first, second. A type, so that each call is a direct one.
template <int... kPositions>
struct Chosen {
    [[gnu::always_inline]] Words operator()(const Words& first, const Words& second) const {
        return __builtin_shufflevector(first, second, kPositions...);
    }
};

/// 8 x 8 words: word c of vector r changes place with word r of vector c.
[[gnu::always_inline]] inline void transpose_words(Words* rows) {
    const auto swap = [rows](int step, auto low, auto high) {
#pragma GCC unroll 8
        for (int row = 0; row < 8; ++row) {
            if ((row & step) != 0) continue;
            const Words first = rows[row], second = rows[row + step];
            rows[row] = low(first, second);
            rows[row + step] = high(first, second);
        }
    };
    swap(4, Chosen<0, 1, 2, 3, 8, 9, 10, 11>{}, Chosen<4, 5, 6, 7, 12, 13, 14, 15>{});
    swap(2, Chosen<0, 1, 8, 9, 4, 5, 12, 13>{}, Chosen<2, 3, 10, 11, 6, 7, 14, 15>{});
    swap(1, Chosen<0, 8, 2, 10, 4, 12, 6, 14>{}, Chosen<1, 9, 3, 11, 5, 13, 7, 15>{});
}

[[gnu::always_inline]] inline Words load(const uint64_t* codes) {
    return *reinterpret_cast<const UnalignedWords*>(codes);
}
[[gnu::always_inline]] inline Words load(const uint32_t* codes) {
    return __builtin_convertvector(*reinterpret_cast<const ShortWords*>(codes), Words);
}
[[gnu::always_inline]] inline void store(const Words& value, uint64_t* codes) {
    *reinterpret_cast<UnalignedWords*>(codes) = value;
}
[[gnu::always_inline]] inline void store(const Words& value, uint32_t* codes) {
    *reinterpret_cast<ShortWords*>(codes) = __builtin_convertvector(value, ShortWords);
}

/// Planes -> codes of up to kRows bits. While bits are transposed, a word of row r holds the codes of lanes r, r +
/// kRows,
/// ... of its 64.
template <int kRows, typename Code>
void join_rows(const uint64_t* planes, size_t stride, int bits, Code* codes) {
    Words rows[kRows];
#pragma GCC unroll 64
    for (int row = 0; row < kRows; ++row)
        rows[row] = row < bits ? load(planes + static_cast<size_t>(row) * stride) : Words{};
    transpose_bits(rows);
    constexpr uint64_t kMask = ~uint64_t{0} >> (64 - kRows);
#pragma GCC unroll 8
    for (int row = 0; row < kRows; row += 8) {
        transpose_words(rows + row);
#pragma GCC unroll 8
        for (int word = 0; word < 8; ++word)
#pragma GCC unroll 8
            for (int part = 0; part < 64 / kRows; ++part)
                store((rows[row + word] >> (part * kRows)) & kMask, codes + 64 * word + part * kRows + row);
    }
}

/// The way back.
template <int kRows, typename Code>
void split_rows(const Code* codes, int bits, uint64_t* planes, size_t stride) {
    Words rows[kRows];
    constexpr uint64_t kMask = ~uint64_t{0} >> (64 - kRows);
#pragma GCC unroll 8
    for (int row = 0; row < kRows; row += 8) {
#pragma GCC unroll 8
        for (int word = 0; word < 8; ++word) {
            rows[row + word] = Words{};
#pragma GCC unroll 8
            for (int part = 0; part < 64 / kRows; ++part)
                rows[row + word] |= (load(codes + 64 * word + part * kRows + row) & kMask) << (part * kRows);
        }
        transpose_words(rows + row);
    }
    transpose_bits(rows);
    for (int row = 0; row < bits; ++row) store(rows[row], planes + static_cast<size_t>(row) * stride);
}

template <typename Code>
void join(const uint64_t* planes, size_t stride, int bits, Code* codes) {
    if (bits <= 8) return join_rows<8>(planes, stride, bits, codes);
    if (bits <= 16) return join_rows<16>(planes, stride, bits, codes);
    if (bits <= 32) return join_rows<32>(planes, stride, bits, codes);
    if constexpr (sizeof(Code) == 8) join_rows<64>(planes, stride, bits, codes);
}

template <typename Code>
void split(const Code* codes, int bits, uint64_t* planes, size_t stride) {
    if (bits <= 8) return split_rows<8>(codes, bits, planes, stride);
    if (bits <= 16) return split_rows<16>(codes, bits, planes, stride);
    if (bits <= 32) return split_rows<32>(codes, bits, planes, stride);
    if constexpr (sizeof(Code) == 8) split_rows<64>(codes, bits, planes, stride);
}

using Codes = int32_t __attribute__((vector_size(64)));
using UnalignedCodes = int32_t __attribute__((vector_size(64), aligned(4), may_alias));

/// Where the codes of row r and row r + kStep come from when blocks of kStep x kStep change places.
template <int kStep, int... kColumns>
[[gnu::always_inline]] inline void swap_blocks(Codes& first, Codes& second, std::integer_sequence<int, kColumns...>) {
    const Codes low = __builtin_shufflevector(first, second, ((kColumns & kStep) != 0 ? 16 - kStep : 0) + kColumns...);
    second = __builtin_shufflevector(first, second, ((kColumns & kStep) != 0 ? 16 : kStep) + kColumns...);
    first = low;
}

template <int kStep>
[[gnu::always_inline]] inline void swap_blocks(Codes (&rows)[kTransposed]) {
#pragma GCC unroll 16
    for (int row = 0; row < static_cast<int>(kTransposed); ++row)
        if ((row & kStep) == 0)
            swap_blocks<kStep>(rows[row], rows[row + kStep], std::make_integer_sequence<int, kTransposed>{});
}

inline bool transpose32(const int32_t* codes, size_t lane_stride, size_t k, int32_t wanted, uint32_t* rows,
                        size_t row_stride) {
    Codes found{}, block[kTransposed];
#pragma GCC unroll 16
    for (size_t row = 0; row < kTransposed; ++row)
        block[row] = *reinterpret_cast<const UnalignedCodes*>(codes + row * lane_stride);
    swap_blocks<8>(block);
    swap_blocks<4>(block);
    swap_blocks<2>(block);
    swap_blocks<1>(block);
#pragma GCC unroll 16
    for (size_t row = 0; row < kTransposed; ++row) {
        if (row == k) break;
        found |= block[row] == wanted;
        *reinterpret_cast<UnalignedCodes*>(rows + row * row_stride) = block[row];
    }
    int32_t any = 0;
    for (size_t i = 0; i < kTransposed; ++i) any |= found[i];
    return any != 0;
}

constexpr PlaneKernels kPlanes{split<uint64_t>, split<uint32_t>, join<uint64_t>, join<uint32_t>, transpose32};

}  // namespace
}  // namespace concrete::sim::detail

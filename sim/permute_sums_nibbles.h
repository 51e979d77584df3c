#pragma once

#include <cstddef>
#include <cstdint>

#include "sim/permute_sums_kernels.h"

/// The kernels of sim/permute_sums_kernels.h from shuffles within 16 bytes, in vectors of the including source's
/// instruction set. In an unnamed namespace, as in sim/bitslice_steps.h.
///
/// A shuffle gives 0 where bit 7 of an index is set, and else reads bits 0 to 3. So one addition, of a multiple of 16,
/// makes the index for block h of a row, entries 16 h to 16 h + 15: bit 7 becomes clear for positions in blocks h - 7
/// to h, as far as there are any. Rows hold chained blocks (PermuteKernels::chained), so that the exclusive or of what
/// a position finds in all of them is its entry.
namespace concrete::sim::detail {
namespace {

/// The indices for block kBlock of a row.
template <typename Vector, int kBlock>
[[gnu::always_inline]] inline typename Vector::Bytes indices_for(typename Vector::Bytes positions) {
    if constexpr (kBlock <= 7) return Vector::add_saturated(positions, Vector::all(0x70 - 16 * kBlock));
    return positions - Vector::all(16 * (kBlock - 7));
}

/// Entries of positions, from block kBlock on.
template <typename Vector, int kOthers, int kRegisters, int kBlock = 0>
[[gnu::always_inline]] inline void look_up(const uint8_t* const (&rows)[kOthers], typename Vector::Bytes positions,
                                           typename Vector::Bytes (&found)[kOthers]) {
    const auto indices = indices_for<Vector, kBlock>(positions);
#pragma GCC unroll 2
    for (int other = 0; other < kOthers; ++other) {
        found[other] ^= Vector::look_up(Vector::block(rows[other] + 16 * kBlock), indices);
        asm volatile("" : "+v"(found[other]));  // or g++ regroups the sum of all blocks, and spills
    }
    if constexpr (kBlock + 1 < 4 * kRegisters) look_up<Vector, kOthers, kRegisters, kBlock + 1>(rows, positions, found);
}

template <typename Vector, int kOthers, int kVectors, int kRegisters>
void add_plane(const PermuteTask& task) {
    using Bytes = typename Vector::Bytes;
    using Words = typename Vector::Words;
    constexpr size_t kLanes = sizeof(Bytes);
    for (size_t lane = 0; lane < kPermuteLanes * kVectors; lane += kLanes) {
        Words even[kOthers] = {}, odd[kOthers] = {};
        for (size_t k = 0; k < task.steps; ++k) {
            const uint8_t* rows[kOthers];
            for (size_t other = 0; other < kOthers; ++other)
                rows[other] = task.rows + kPermuteLanes * kRegisters * task.others[other * task.others_stride + k];
            Bytes found[kOthers] = {};
            look_up<Vector, kOthers, kRegisters>(
                rows, *reinterpret_cast<const Bytes*>(task.positions + k * kPermuteStride + lane), found);
#pragma GCC unroll 2
            for (int other = 0; other < kOthers; ++other) {
                const Words words = reinterpret_cast<Words>(found[other]);
                even[other] += words & 0xff;
                odd[other] += words >> 8;
            }
        }
        for (size_t other = 0; other < kOthers; ++other) {
            uint32_t* sums = task.sums + other * kPermuteStride + lane;
            uint16_t evens[kLanes / 2], odds[kLanes / 2];  // arrays, so that the loop becomes vectors
            __builtin_memcpy(evens, &even[other], sizeof evens);
            __builtin_memcpy(odds, &odd[other], sizeof odds);
            for (size_t i = 0; i < kLanes / 2; ++i) {
                sums[2 * i] += task.offsets[other] + (uint32_t{evens[i]} << task.shift);
                sums[2 * i + 1] += task.offsets[other] + (uint32_t{odds[i]} << task.shift);
            }
        }
    }
}

/// The same kernel for all groups: sums are a small part of its time.
template <typename Vector, int kOthers, int kVectors>
constexpr void fill(PermuteKernel (&of)[3][3]) {
    for (int group = 0; group < 3; ++group) {
        of[0][group] = add_plane<Vector, kOthers, kVectors, 1>;
        of[1][group] = add_plane<Vector, kOthers, kVectors, 2>;
        of[2][group] = add_plane<Vector, kOthers, kVectors, 4>;
    }
}

template <typename Vector, int kOthers>
constexpr void fill(PermuteKernel (&of)[4][3][3]) {
    fill<Vector, kOthers, 1>(of[0]);
    fill<Vector, kOthers, 2>(of[1]);
    fill<Vector, kOthers, 3>(of[2]);
    fill<Vector, kOthers, 4>(of[3]);
}

template <typename Vector>
constexpr PermuteKernels all_kernels() {
    PermuteKernels kernels{};
    fill<Vector, 1>(kernels.of[0]);
    fill<Vector, 2>(kernels.of[1]);
    kernels.chained = true;
    return kernels;
}

}  // namespace
}  // namespace concrete::sim::detail

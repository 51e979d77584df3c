#pragma once

#include <cstddef>
#include <cstdint>

/// What the sources for one instruction set offer sim/permute_sums.cpp; no code, as in sim/bitslice_kernels.h.
namespace concrete::sim::detail {

/// Those of sim/table_sums.h, whose code must not be compiled for one instruction set.
inline constexpr size_t kPermuteStride = 256;  ///< kTileLanes: between rows of positions, and of sums
inline constexpr size_t kPermuteLanes = 64;    ///< kLaneStep, and bytes of a register

/// Sums over one plane of a table, for a block of steps and one or two others:
///
///     sums[i, lane] += offsets[i] + (sum_k rows[others[i, k], positions[k, lane]] << shift)      modulo 2^32
struct PermuteTask {
    const uint8_t* positions;  ///< [steps][kPermuteStride], aligned to 64 bytes
    const uint8_t* rows;       ///< [others][kPermuteLanes * registers], aligned to 64 bytes
    const uint8_t* others;     ///< [1 or 2][steps], others_stride apart
    size_t steps;              ///< 1 to kPermuteSteps
    size_t others_stride;
    int shift;
    uint32_t offsets[2];
    uint32_t* sums;  ///< [1 or 2][kPermuteStride], aligned to 64 bytes
};

/// Positions of so many steps of a full tile fill part of the first cache; bytes of up to 256 can be added in 16 bits.
inline constexpr size_t kPermuteSteps = 128;

using PermuteKernel = void (*)(const PermuteTask& task);

/// Kernels by
/// - others, 1 or 2, less 1;
/// - vectors of 64 lanes, 1 to 4, less 1;
/// - registers that hold a row, 1, 2 or 4, as their logarithm;
/// - bytes of the plane whose sum is a byte again, 1, 2 or 4, as their logarithm.
struct PermuteKernels {
    PermuteKernel of[2][4][3][3];

    /// The kernels want rows in blocks of 16 entries, each block B_h changed to a C_h such that
    ///
    ///     B_b = C_b ^ C_{b+1} ^ ... ^ C_{b+7}, as far as there are blocks
    bool chained;
};

#if defined(__x86_64__)
extern const PermuteKernels kPermuteAvx2, kPermuteAvx512, kPermuteAvx512Vnni;
#endif

}  // namespace concrete::sim::detail

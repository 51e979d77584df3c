#pragma once

#include <cstdint>

namespace concrete::cuda {

/// Fragments of one integer tensor-core operation, m16n8k32: C[16, 8] += A[16, 32] B[32, 8] with A of unsigned and B of
/// signed bytes, C modulo 2^32. What lane l holds, with g = l / 4 and t = l % 4 (PTX ISA, "Matrix fragments for
/// mma.m16n8k32"); the lowest byte of a word comes first:
///
///     A.words[0]: A[g][4t .. 4t+3]         A.words[1]: A[g + 8][4t .. 4t+3]
///     A.words[2]: A[g][16 + 4t .. +3]      A.words[3]: A[g + 8][16 + 4t .. +3]
///     B.words[0]: B[4t .. 4t+3][g]         B.words[1]: B[16 + 4t .. +3][g]
///     C.sums[0, 1]: C[g][2t, 2t + 1]       C.sums[2, 3]: C[g + 8][2t, 2t + 1]
struct MmaA {
    uint32_t words[4];
};
struct MmaB {
    uint32_t words[2];
};
struct MmaC {
    int32_t sums[4];
};

inline constexpr unsigned kMmaM = 16, kMmaN = 8, kMmaK = 32;

}  // namespace concrete::cuda

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

/// What the sources for one instruction set offer sim/or_sums.cpp; no code, as in sim/bitslice_kernels.h.
namespace concrete::sim::detail {

/// One byte of the low parts of a column's addends, for all lanes of a tile.
struct OrColumn {
    const uint8_t* rows;       ///< [others][row_bytes]: by position of the other operand, then of the lane operand
    size_t row_bytes;          ///< 64 times the kernel's lines; 0: all others have the same row
    const uint8_t* others;     ///< [k]
    const uint8_t* positions;  ///< [k][kTileLanes]
    size_t k, lanes;           ///< lanes: a multiple of kLaneStep
    const uint8_t* reachable;  ///< [kTileLanes]: a lane's addends have no other bits
    uint8_t column_bits;       ///< nor do the column's
    int shift;                 ///< 0 or 8: of the byte in a word of the results
    uint16_t* ors;             ///< [kTileLanes]
    uint16_t* pairs;           ///< [kTileLanes], or null where nobody asks for them
};

/// By lines of a row: 1, 2 and 4, that is up to 64, 128 and 256 positions.
using OrKernels = std::array<void (*)(const OrColumn&), 3>;

extern const OrKernels kOrPortable;
#if defined(__x86_64__)
extern const OrKernels kOrAvx2, kOrAvx512, kOrAvx512Vbmi;
#endif

}  // namespace concrete::sim::detail

#pragma once

#include <cstddef>
#include <cstdint>

/// What the sources for one instruction set offer sim/planes.cpp; no code, as in sim/bitslice_kernels.h.
namespace concrete::sim::detail {

inline constexpr size_t kPlaneLanes = 512, kPlaneWords = kPlaneLanes / 64;

inline constexpr size_t kTransposed = 16;

/// Between codes[512] and 8 words of each of `bits` planes, which stand `stride` words apart; and between codes lane by
/// lane and codes side by side.
struct PlaneKernels {
    void (*split64)(const uint64_t* codes, int bits, uint64_t* planes, size_t stride);
    void (*split32)(const uint32_t* codes, int bits, uint64_t* planes, size_t stride);
    void (*join64)(const uint64_t* planes, size_t stride, int bits, uint64_t* codes);
    void (*join32)(const uint64_t* planes, size_t stride, int bits, uint32_t* codes);
    /// rows[i][lane] = codes[lane][i] for kTransposed lanes and i below k, at most as many; lanes of codes and rows
    /// stand so far apart. Of each lane kTransposed codes are read. Returns whether `wanted` is among those written.
    bool (*transpose32)(const int32_t* codes, size_t lane_stride, size_t k, int32_t wanted, uint32_t* rows,
                        size_t row_stride);
};

extern const PlaneKernels kPlanesPortable;
#if defined(__x86_64__)
extern const PlaneKernels kPlanesAvx2, kPlanesAvx512;
#endif

}  // namespace concrete::sim::detail

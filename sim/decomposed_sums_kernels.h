#pragma once

#include <cstddef>
#include <cstdint>

/// What the sources for one instruction set offer sim/decomposed_sums.cpp; no code, as in sim/bitslice_kernels.h.
namespace concrete::sim::detail {

inline constexpr size_t kBlockLanes = 64;  ///< lanes that kernels work on

/// Most steps of k of a panel, all its terms together: of bytes 32 KiB, which stay in the first cache.
inline constexpr size_t kPanelDepth = 512;

/// How operands are held. Elements, bytes or 16-bit words, stand in groups: those of successive k for one lane or
/// other, which a multiply-add instruction takes together.
struct ElementLayout {
    size_t bytes;  ///< of an element
    size_t group;  ///< a divisor of kDepthStep
    size_t block;  ///< others side by side, a divisor of kOtherStep
};

/// One product of a panel with some others:
///
///     sums[n][lane] += of_lanes[lane] + of_others[n] + 2^shift sum_{t, k} panel[t][k][lane] v[t][k][n]
struct PanelProduct {
    const void* panel;          ///< [terms] of what look_up() makes
    const void* v;              ///< [n / block][terms][depth / group][block][group], with the strides below
    size_t terms, depth;        ///< either may be 0; depth: a multiple of kDepthStep
    size_t term_bytes;          ///< of v, from one term to the next
    size_t block_bytes;         ///< of v, from `block` others to the next
    int shift;                  ///< 0 to 31
    size_t n;                   ///< at least 1
    const uint32_t* of_lanes;   ///< [kBlockLanes]
    const uint32_t* of_others;  ///< [n]
    uint32_t* sums;             ///< [n][kTileLanes]
};

/// Arrays are aligned to 64 bytes, except those of others.
struct DecomposedKernels {
    ElementLayout layout;

    /// Positions of a tile for one block of lanes, in groups, and 0 from k to the next multiple of kDepthStep.
    /// Args: positions: [k][kTileLanes], of the first lane. raw: [kBlockLanes / strip][k / group][strip][group], where
    /// lanes are in strips of as many as the kernels like.
    void (*regroup)(const uint8_t* positions, size_t k, uint8_t* raw);

    /// panel[i] = table[raw[i]] for depth * kBlockLanes elements, in the order of raw.
    /// Args: table: [256], of which raw names the first `size` at most.
    void (*look_up)(const uint8_t* table, size_t size, const uint8_t* raw, size_t depth, void* panel);

    /// sums[lane] += factor sum_k panel[k][lane], k not padded.
    void (*sum)(const void* panel, size_t k, uint32_t factor, uint32_t* sums);

    /// look_up() and sum() without a panel between.
    void (*sum_looked_up)(const uint8_t* table, size_t size, const uint8_t* raw, size_t k, uint32_t factor,
                          uint32_t* sums);

    /// Adds one product.
    void (*multiply)(const PanelProduct& product);
};

extern const DecomposedKernels kDecomposedPortable;
#if defined(__x86_64__)
extern const DecomposedKernels kDecomposedAvx2, kDecomposedAvx512, kDecomposedAvx512Vnni;
#endif

}  // namespace concrete::sim::detail

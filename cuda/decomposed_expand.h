#pragma once

#include <cstdint>

#include "cuda/block.h"

/// From activation codes to the operands of int8 products, within a thread.
namespace concrete::cuda {

inline constexpr unsigned kTableEntries = 256;  ///< of a table of u: one for each stored code
inline constexpr unsigned kPassTerms = 4;       ///< terms whose u is looked up at once: the bytes of a word

/// Words of a table in shared memory: a copy for each lane, entry e of copy c at word 32 e + c, so that lanes, whatever
/// they look up, never meet in a bank.
inline constexpr unsigned kTableWords = kTableEntries * kWarpThreads;

/// Bytes chosen from high:low, 0 to 3 those of low: byte i of the result is that of nibble i of the selector.
CONCRETE_HOST_DEVICE inline uint32_t permute_bytes(uint32_t low, uint32_t high, uint32_t selector) {
#ifdef __CUDA_ARCH__
    return __byte_perm(low, high, selector);
#else
    const uint64_t bytes = uint64_t{high} << 32 | low;
    uint32_t result = 0;
    for (unsigned i = 0; i < 4; ++i) {
        const auto byte = static_cast<uint8_t>(bytes >> (8 * (selector >> (4 * i) & 7)));
        result |= uint32_t{byte} << (8 * i);
    }
    return result;
#endif
}

/// The bytes of four words by place, for the first kCount places: byte i of result[place] = byte `place` of words[i].
template <unsigned kCount>
CONCRETE_DEVICE void transpose_bytes(const uint32_t (&words)[4], uint32_t (&result)[kCount]) {
    const auto pick = [&](unsigned place, uint32_t first, uint32_t second, uint32_t selector) {
        if (place < kCount) result[place] = permute_bytes(first, second, selector);
    };
    const uint32_t low01 = permute_bytes(words[0], words[1], 0x5140), low23 = permute_bytes(words[2], words[3], 0x5140);
    pick(0, low01, low23, 0x5410);
    pick(1, low01, low23, 0x7632);
    if (kCount <= 2) return;
    const uint32_t high01 = permute_bytes(words[0], words[1], 0x7362);
    const uint32_t high23 = permute_bytes(words[2], words[3], 0x7362);
    pick(2, high01, high23, 0x5410);
    pick(3, high01, high23, 0x7632);
}

/// u of four codes, the bytes of a word, for kTerms terms: byte i of result[t] = u_t[code i].
/// Args: table: kTableWords of them in shared memory, byte t of an entry is u_t.
template <unsigned kTerms>
CONCRETE_DEVICE void expand_codes(const uint32_t* table, unsigned lane, uint32_t codes, uint32_t (&result)[kTerms]) {
    const auto* const bytes = reinterpret_cast<const uint8_t*>(table) + lane * sizeof(uint32_t);
    constexpr unsigned kEntryShift = 7;  // an entry's copies take 128 bytes
    constexpr uint32_t kOffsets = (kTableEntries - 1) << kEntryShift;
    uint32_t words[4];
    words[0] = *reinterpret_cast<const uint32_t*>(bytes + (codes << kEntryShift & kOffsets));
    CONCRETE_UNROLL
    for (unsigned i = 1; i < 4; ++i) {
        words[i] = *reinterpret_cast<const uint32_t*>(bytes + (codes >> (8 * i - kEntryShift) & kOffsets));
    }
    transpose_bytes(words, result);
}

}  // namespace concrete::cuda

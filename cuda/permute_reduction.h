#pragma once

#include <cstdint>

#include "cuda/block.h"

/// What PermuteProgram (cuda/permute_block.h) does with the entries it looks up.
///
///     State                       of one lane and the eight others of a block
///     add(state, a, b)            takes the entries of two k
///     result(state, other)        a word for each of the eight
///     merge(total, result)        puts together the results of different k
///     kExits, is_full(state, ..)  whether, and when, further entries change nothing
namespace concrete::cuda {

/// Eight entries of 16 bits, those of others 2i and 2i + 1 in the halves of words[i].
struct alignas(16) PermuteEntry {
    uint32_t words[4];
};
inline constexpr unsigned kEntryWords = 4, kEntryOthers = 8;

/// Sums; exact up to kMostSummed entries.
struct SumReduction {
    static constexpr bool kExits = false;
    static constexpr uint32_t kMostSummed = 1U << 16;

    /// Whole words are summed modulo 2^32, and their high halves: the low halves are what is left of the former.
    struct State {
        uint32_t words[kEntryWords], high[kEntryWords];
    };
    CONCRETE_DEVICE static void add(State& state, const PermuteEntry& a, const PermuteEntry& b) {
        for (unsigned i = 0; i < kEntryWords; ++i) {
            state.words[i] += a.words[i] + b.words[i];
            state.high[i] += a.words[i] >> 16;
            state.high[i] += b.words[i] >> 16;
        }
    }
    CONCRETE_DEVICE static uint32_t result(const State& state, unsigned other) {
        const unsigned i = other / 2;
        return other % 2 == 1 ? state.high[i] : state.words[i] - (state.high[i] << 16);
    }
    CONCRETE_DEVICE static uint64_t merge(uint64_t total, uint32_t result) { return total + result; }
    CONCRETE_DEVICE static bool is_full(const State&, const PermuteEntry&) { return false; }
};

/// The OR.
struct OrReduction {
    static constexpr bool kExits = true;

    struct State {
        uint32_t ors[kEntryWords];
    };
    CONCRETE_DEVICE static void add(State& state, const PermuteEntry& a, const PermuteEntry& b) {
        for (unsigned i = 0; i < kEntryWords; ++i) state.ors[i] |= a.words[i] | b.words[i];
    }
    CONCRETE_DEVICE static uint32_t result(const State& state, unsigned other) {
        return state.ors[other / 2] >> (16 * (other % 2)) & 0xFFFFU;
    }
    CONCRETE_DEVICE static uint64_t merge(uint64_t total, uint32_t result) { return total | result; }

    /// Args: most: the bits that can ever come.
    CONCRETE_DEVICE static bool is_full(const State& state, const PermuteEntry& most) {
        uint32_t missing = 0;
        for (unsigned i = 0; i < kEntryWords; ++i) missing |= most.words[i] & ~state.ors[i];
        return missing == 0;
    }
};

/// The OR, in the lower half of results, and the bits that at least two entries have, in the upper.
struct PairReduction {
    static constexpr bool kExits = true;

    struct State {
        uint32_t ors[kEntryWords], pairs[kEntryWords];
    };
    CONCRETE_DEVICE static void add(State& state, const PermuteEntry& a, const PermuteEntry& b) {
        for (unsigned i = 0; i < kEntryWords; ++i) {
            state.pairs[i] |= state.ors[i] & a.words[i];
            state.ors[i] |= a.words[i];
            state.pairs[i] |= state.ors[i] & b.words[i];
            state.ors[i] |= b.words[i];
        }
    }
    CONCRETE_DEVICE static uint32_t result(const State& state, unsigned other) {
        const unsigned shift = 16 * (other % 2);
        return (state.ors[other / 2] >> shift & 0xFFFFU) | (state.pairs[other / 2] >> shift) << 16;
    }
    CONCRETE_DEVICE static uint64_t merge(uint64_t total, uint32_t result) {
        const uint64_t common = total & result & 0xFFFFU;
        return total | result | common << 16;
    }
    CONCRETE_DEVICE static bool is_full(const State& state, const PermuteEntry& most) {
        uint32_t missing = 0;
        for (unsigned i = 0; i < kEntryWords; ++i) missing |= most.words[i] & ~state.pairs[i];
        return missing == 0;
    }
};

}  // namespace concrete::cuda

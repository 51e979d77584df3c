#pragma once

#include "cuda/block.h"

/// What limits kernels, each alone in a block program. Results are stored, and compared with the host's, so that no
/// compiler leaves the work out.
namespace concrete::bench {

struct alignas(16) Words {
    uint32_t words[4];
};

/// Copies kPerBlock pieces of 16 bytes a block.
struct CopyProgram {
    struct Args {
        const Words* from;
        Words* to;
    };
    static constexpr unsigned kThreads = 256, kPerThread = 4, kPerBlock = kThreads * kPerThread;

    template <typename Block>
    CONCRETE_DEVICE static void run(Block& block, const Args& args) {
        block.for_each_thread([&](cuda::ThreadIndex t) {
            const size_t first = size_t{block.x()} * kPerBlock + t.index;
            Words pieces[kPerThread];
            for (size_t i = 0; i < kPerThread; ++i) pieces[i] = args.from[first + i * kThreads];
            for (size_t i = 0; i < kPerThread; ++i) args.to[first + i * kThreads] = pieces[i];
        });
    }
};

/// Look-ups in shared memory, each at the offset that the one before gave: table[offset / 4] is the next offset, so
/// that nothing is computed beside them. kChains of a thread are independent.
struct LookupProgram {
    struct Args {
        const uint32_t* table;  ///< [kEntries], offsets in bytes
        uint32_t* out;          ///< [blocks][kThreads]: sum of the last offsets
        uint32_t steps;
    };
    static constexpr unsigned kThreads = 256, kChains = 4, kEntries = 8192;

    CONCRETE_HOST_DEVICE static uint32_t start(unsigned thread, unsigned chain) {
        return (thread + chain * kThreads) * static_cast<uint32_t>(sizeof(uint32_t));
    }

    template <typename Block>
    CONCRETE_DEVICE static void run(Block& block, const Args& args) {
        uint32_t* const table = block.template shared<uint32_t>(kEntries);
        block.for_each_thread([&](cuda::ThreadIndex t) {
            for (unsigned i = t.index; i < kEntries; i += kThreads) table[i] = args.table[i];
        });
        block.for_each_thread([&](cuda::ThreadIndex t) {
            const auto* const bytes =
                reinterpret_cast<const unsigned char*>(table);  // else offset / 4 is one more step
            uint32_t offsets[kChains], sum = 0;
            for (unsigned c = 0; c < kChains; ++c) offsets[c] = start(t.index, c);
            for (uint32_t step = 0; step < args.steps; ++step)
                for (uint32_t& offset : offsets) offset = *reinterpret_cast<const uint32_t*>(bytes + offset);
            for (const uint32_t offset : offsets) sum += offset;
            args.out[size_t{block.x()} * kThreads + t.index] = sum;
        });
    }
};

/// Three-input logic: one instruction a node, on 32 bits at a time.
struct LogicProgram {
    struct Args {
        uint32_t* out;  ///< [blocks][kThreads]
        uint32_t steps;
    };
    static constexpr unsigned kThreads = 256, kNodes = 16;  ///< of a step

    CONCRETE_HOST_DEVICE static uint32_t nodes(uint32_t seed, uint32_t steps) {
        uint32_t x[kNodes], result = 0;
        for (unsigned i = 0; i < kNodes; ++i) x[i] = (seed + i) * 0x9e3779b9U;
        for (uint32_t step = 0; step < steps; ++step)
            for (unsigned i = 0; i < kNodes; ++i) x[i] = (x[(i + 5) % kNodes] & x[(i + 11) % kNodes]) ^ x[i];
        for (const uint32_t word : x) result ^= word;
        return result;
    }

    template <typename Block>
    CONCRETE_DEVICE static void run(Block& block, const Args& args) {
        block.for_each_thread([&](cuda::ThreadIndex t) {
            const size_t at = size_t{block.x()} * kThreads + t.index;
            args.out[at] = nodes(static_cast<uint32_t>(at), args.steps);
        });
    }
};

}  // namespace concrete::bench

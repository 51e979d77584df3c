#pragma once

#include <cstddef>
#include <cstdint>

/// What the sources for one instruction set offer sim/bitslice.cpp. No code here: an inline function that one of them
/// compiled could be linked into portable callers.
namespace concrete::sim::detail {

/// slot[out] = table(slot[f0], slot[f1], slot[f2]), as in Netlist::Node.
struct BitsliceStep {
    uint16_t table, out, f0, f1, f2;
};

/// Runs steps in order on slots of `words` words each, [slots][words], aligned to 64 bytes.
struct BitsliceKernel {
    size_t words;
    void (*run)(const BitsliceStep* steps, size_t count, uint64_t* slots);
};

/// A kernel for long planes and one for their ends.
struct BitsliceKernels {
    BitsliceKernel wide, narrow;
};

extern const BitsliceKernels kBitslicePortable;
#if defined(__x86_64__)
extern const BitsliceKernels kBitsliceAvx2, kBitsliceAvx512;
#endif

}  // namespace concrete::sim::detail

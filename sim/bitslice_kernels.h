#pragma once

#include <cstddef>
#include <cstdint>

/// What the sources for one instruction set offer sim/bitslice.cpp. No code here: an inline function that one of them
/// compiled could be linked into portable callers.
namespace concrete::sim::detail {

/// What a step computes from the slots f0, f1, f2, by its number; table as in Netlist::Node. Loads and stores cost more
/// than the operations between them, so functions of two slots, and the two of an adder cell, have steps of their own.
///
///     kThree + table           out = table(f0, f1, f2)
///     kTwo + table             out = table(f0, f1), bit 2 f0 + f1 of it, below 16
///     kThreeAndSum + table     out = table(f0, f1, f2), sum = f0 ^ f1 ^ f2
///     kTwoAndSum + table       out = table(f0, f1), sum = f0 ^ f1
///
/// The last two have a second version with the complement of the sum, kComplement after the first.
enum BitsliceOperation : uint16_t {
    kThree = 0,
    kTwo = 256,
    kThreeAndSum = 272,
    kTwoAndSum = 784,
    kBitsliceOperations = 816,
    kThreeComplement = 256,
    kTwoComplement = 16,
};

/// One operation on slots; every fanin is read before out and sum are written.
struct BitsliceStep {
    uint16_t operation, out, f0, f1, f2, sum;
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

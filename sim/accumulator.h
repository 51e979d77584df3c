#pragma once

#include <cstdint>
#include <memory>

#include "sim/operator.h"

namespace concrete::sim {

enum class Overflow { wrap, saturate };

/// How an accumulator of W bits adds: ADD(acc, p) on W-bit patterns (docs/arithmetic.md, "Accumulator").
struct AccumulatorSpec {
    int bits = 32;  ///< W, 2 to 64
    Overflow overflow = Overflow::wrap;
    int or_bits = 0;  ///< lower-part-OR adder (Mahdiani et al., TCAS-I 57(4), 2010): 0 exact, W all bits OR-ed
    /// An adder given by its table instead (a_bits = b_bits = W, y_bits W or W + 1); or_bits is then 0.
    std::shared_ptr<const Operator> adder;

    /// True if the result does not depend on how the sum is split: exact and wrapping.
    bool is_modular() const { return overflow == Overflow::wrap && or_bits == 0 && !adder; }
};

/// Accumulator for an operator file used as adder: its closed form, else its table. Throws: InputError if it is no
/// adder, its widths do not fit `bits`, or it has neither.
AccumulatorSpec make_accumulator(int bits, Overflow overflow, std::shared_ptr<const Operator> adder);

/// Throws: RangeError if bits is not in 2 to 64 or or_bits not in 0 to bits.
void check(const AccumulatorSpec& spec);

/// Lowest / highest accumulator code: -2^(W-1), 2^(W-1) - 1.
inline int64_t lowest_accumulator(int bits) {
    return decode(uint64_t{1} << (bits - 1), bits, true);
}
inline int64_t highest_accumulator(int bits) {
    return -(lowest_accumulator(bits) + 1);
}

/// Keeps the low W bits (wrap) or clamps (saturate); value may be any 64-bit integer.
int64_t fit_accumulator(const AccumulatorSpec& spec, int64_t value);

/// One step: acc and the result are accumulator codes, product any 64-bit integer. The product is first fitted to W.
int64_t accumulate(const AccumulatorSpec& spec, int64_t acc, int64_t product);

}  // namespace concrete::sim

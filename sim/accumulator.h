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
    /// An adder given by its table, or else its netlist, instead (a_bits = b_bits = W, y_bits W or W + 1); or_bits is
    /// then 0.
    std::shared_ptr<const Operator> adder;

    /// True if the result does not depend on how the sum is split: exact and wrapping.
    bool is_modular() const { return overflow == Overflow::wrap && or_bits == 0 && !adder; }
};

/// Accumulator for an operator file used as adder: its closed form, else its table, else its netlist. Throws:
/// InputError if it is no adder, its widths do not fit `bits`, or it has none of these.
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
inline int64_t fit_accumulator(const AccumulatorSpec& spec, int64_t value) {
    if (spec.overflow == Overflow::wrap) return decode(encode(value, spec.bits), spec.bits, true);
    const int64_t lowest = lowest_accumulator(spec.bits), highest = highest_accumulator(spec.bits);
    return value < lowest ? lowest : value > highest ? highest : value;
}

namespace detail {

/// Lower-part-OR sum of two W-bit patterns: low k bits a | b; above, a + b + (a[k-1] & b[k-1]); 0 <= k <= W. Bits from
/// W on are rubbish. Needs W bits in Unsigned.
template <typename Unsigned>
inline Unsigned lower_part_or_sum(Unsigned a, Unsigned b, int or_bits) {
    if (or_bits == 0) return a + b;
    constexpr int kBits = 8 * sizeof(Unsigned);
    const Unsigned low_mask = static_cast<Unsigned>(~Unsigned{0} >> (kBits - or_bits));
    const Unsigned low = (a | b) & low_mask;
    // The carry-in a[k-1] & b[k-1], moved up to bit k.
    const Unsigned carry = static_cast<Unsigned>((a & b & (low_mask ^ (low_mask >> 1))) << 1);
    return static_cast<Unsigned>((a & ~low_mask) + (b & ~low_mask) + carry) | low;
}

/// Sum of an adder operator, from its table or else its netlist. Bits from W on are rubbish.
inline uint64_t adder_sum(const Operator& adder, uint64_t a, uint64_t b) {
    return adder.lut.empty() ? evaluate_netlist(adder, a, b) : static_cast<uint64_t>(int64_t{lookup(adder, a, b)});
}

}  // namespace detail

/// One step: acc and the result are accumulator codes, product any 64-bit integer. The product is first fitted to W.
/// Under saturation a result whose sign differs from the common sign of both operands becomes the extreme of that sign.
inline int64_t accumulate(const AccumulatorSpec& spec, int64_t acc, int64_t product) {
    const int64_t addend = fit_accumulator(spec, product);
    const uint64_t a = encode(acc, spec.bits), b = encode(addend, spec.bits);
    const uint64_t y =
        spec.adder ? detail::adder_sum(*spec.adder, a, b) : detail::lower_part_or_sum(a, b, spec.or_bits);
    const int64_t sum = decode(encode(static_cast<int64_t>(y), spec.bits), spec.bits, true);
    if (spec.overflow == Overflow::saturate && (acc < 0) == (addend < 0) && (sum < 0) != (acc < 0)) {
        return acc < 0 ? lowest_accumulator(spec.bits) : highest_accumulator(spec.bits);
    }
    return sum;
}

}  // namespace concrete::sim

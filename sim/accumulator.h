#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "sim/host_device.h"
#include "sim/operator.h"

namespace concrete::sim {

enum class Overflow { wrap, saturate };

/// What becomes of the low k bits of a sum; the bits above are added as integers of their own, modulo 2^(W - k).
///
///                       low k bits                                       carry into bit k
///     or_with_carry     a | b                                            a[k - 1] & b[k - 1]
///     or_only           a | b                                            none
///     zero, one, copy   all 0, all 1, those of a                         none
///     eta_i             a | b, all 1 below the highest bit of a & b      none
///
/// Sources: or_with_carry: Mahdiani et al., IEEE TCAS-I 57(4), 2010; or_only: Albicocco et al., Asilomar 2012; zero,
/// one, copy: truncated adders, Jiang et al., Proc. IEEE 108(12), 2020; eta_i: Zhu et al., IEEE TVLSI 18(8), 2010.
enum class LowerPart { or_with_carry, or_only, zero, one, copy, eta_i };

/// The lower part of a closed form. Requires: has_lower_part(form).
LowerPart lower_part_of(ClosedForm form);

/// How an accumulator of W bits adds: ADD(acc, p) on W-bit patterns (docs/arithmetic.md, "Accumulator").
struct AccumulatorSpec {
    int bits = 32;  ///< W, 2 to 64
    Overflow overflow = Overflow::wrap;
    int or_bits = 0;  ///< k, the bits of the lower part: 0 exact, W nothing but a lower part
    /// An adder given by its table, or else its netlist, instead (a_bits = b_bits = W, y_bits W or W + 1); or_bits is
    /// then 0.
    std::shared_ptr<const Operator> adder;
    LowerPart lower_part = LowerPart::or_with_carry;  ///< without meaning if or_bits is 0

    /// True if the result does not depend on how the sum is split: exact and wrapping.
    bool is_modular() const { return overflow == Overflow::wrap && or_bits == 0 && !adder; }
};

/// Accumulator for an operator file used as adder: its closed form, else its table, else its netlist. Throws:
/// InputError if it is no adder, its widths do not fit `bits`, or it has none of these.
AccumulatorSpec make_accumulator(int bits, Overflow overflow, std::shared_ptr<const Operator> adder);

/// What adds, for people: "exact", "loa 8", "or_only 8" or the operator's name.
std::string adder_label(const AccumulatorSpec& spec);

/// Throws: RangeError if bits is not in 2 to 64 or or_bits not in 0 to bits.
void check(const AccumulatorSpec& spec);

/// Lowest / highest accumulator code: -2^(W-1), 2^(W-1) - 1.
CONCRETE_HOST_DEVICE inline int64_t lowest_accumulator(int bits) {
    return decode(uint64_t{1} << (bits - 1), bits, true);
}
CONCRETE_HOST_DEVICE inline int64_t highest_accumulator(int bits) {
    return -(lowest_accumulator(bits) + 1);
}

/// Keeps the low W bits (wrap) or clamps (saturate); value may be any 64-bit integer.
CONCRETE_HOST_DEVICE inline int64_t fit_accumulator(int bits, Overflow overflow, int64_t value) {
    if (overflow == Overflow::wrap) return decode(encode(value, bits), bits, true);
    const int64_t lowest = lowest_accumulator(bits), highest = highest_accumulator(bits);
    return value < lowest ? lowest : value > highest ? highest : value;
}
inline int64_t fit_accumulator(const AccumulatorSpec& spec, int64_t value) {
    return fit_accumulator(spec.bits, spec.overflow, value);
}

namespace detail {

/// The low `bits` bits of a word set, 0 <= bits <= its size.
template <typename Unsigned>
CONCRETE_HOST_DEVICE inline Unsigned low_bits(int bits) {
    constexpr int kBits = 8 * sizeof(Unsigned);
    return bits == 0 ? Unsigned{0} : static_cast<Unsigned>(~Unsigned{0} >> (kBits - bits));
}

/// All bits from the highest one of a word down.
template <typename Unsigned>
CONCRETE_HOST_DEVICE inline Unsigned filled_below(Unsigned word) {
    for (unsigned step = 1; step < 8 * sizeof(Unsigned); step *= 2) word = static_cast<Unsigned>(word | word >> step);
    return word;
}

/// Lower-part-OR sum of two W-bit patterns, or_with_carry; 0 <= k <= W. Bits from W on are rubbish. Needs W bits in
/// Unsigned.
template <typename Unsigned>
CONCRETE_HOST_DEVICE inline Unsigned lower_part_or_sum(Unsigned a, Unsigned b, int or_bits) {
    const Unsigned low_mask = low_bits<Unsigned>(or_bits);
    const Unsigned low = (a | b) & low_mask;
    // The carry-in a[k-1] & b[k-1], moved up to bit k.
    const Unsigned carry = static_cast<Unsigned>((a & b & (low_mask ^ (low_mask >> 1))) << 1);
    return static_cast<Unsigned>((a & ~low_mask) + (b & ~low_mask) + carry) | low;
}

/// Sum of two W-bit patterns with any lower part; as above.
template <typename Unsigned>
CONCRETE_HOST_DEVICE inline Unsigned lower_part_sum(LowerPart part, Unsigned a, Unsigned b, int or_bits) {
    if (part == LowerPart::or_with_carry) return lower_part_or_sum(a, b, or_bits);
    const Unsigned low_mask = low_bits<Unsigned>(or_bits);
    const Unsigned upper = static_cast<Unsigned>((a & ~low_mask) + (b & ~low_mask));
    switch (part) {
        case LowerPart::or_with_carry:
        case LowerPart::or_only:
            return upper | ((a | b) & low_mask);
        case LowerPart::zero:
            return upper;
        case LowerPart::one:
            return upper | low_mask;
        case LowerPart::copy:
            return upper | (a & low_mask);
        case LowerPart::eta_i:
            return upper | ((a | b) & low_mask) | filled_below(static_cast<Unsigned>(a & b & low_mask));
    }
    return upper;
}

/// Sum of an adder operator, from its table or else its netlist. Bits from W on are rubbish.
inline uint64_t adder_sum(const Operator& adder, uint64_t a, uint64_t b) {
    return adder.lut.empty() ? evaluate_netlist(adder, a, b) : static_cast<uint64_t>(int64_t{lookup(adder, a, b)});
}

}  // namespace detail

/// One step by any adder: acc and the result are accumulator codes, product any 64-bit integer. The product is first
/// fitted to W. Under saturation a result whose sign differs from the common sign of both operands becomes the extreme
/// of that sign. Args: add(a, b): sum of two W-bit patterns; bits from W on are rubbish.
template <typename Add>
CONCRETE_HOST_DEVICE inline int64_t accumulate_by(const Add& add, int bits, Overflow overflow, int64_t acc,
                                                  int64_t product) {
    const int64_t addend = fit_accumulator(bits, overflow, product);
    const uint64_t y = add(encode(acc, bits), encode(addend, bits));
    const int64_t sum = decode(encode(static_cast<int64_t>(y), bits), bits, true);
    if (overflow == Overflow::saturate && (acc < 0) == (addend < 0) && (sum < 0) != (acc < 0)) {
        return acc < 0 ? lowest_accumulator(bits) : highest_accumulator(bits);
    }
    return sum;
}

/// One step of an accumulator, as above.
inline int64_t accumulate(const AccumulatorSpec& spec, int64_t acc, int64_t product) {
    const auto add = [&spec](uint64_t a, uint64_t b) {
        return spec.adder ? detail::adder_sum(*spec.adder, a, b)
                          : detail::lower_part_sum(spec.lower_part, a, b, spec.or_bits);
    };
    return accumulate_by(add, spec.bits, spec.overflow, acc, product);
}

}  // namespace concrete::sim

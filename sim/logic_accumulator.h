#pragma once

#include <cstddef>
#include <cstdint>

#include "sim/accumulator.h"

namespace concrete::sim {

/// What is reduced over the low parts of all addends, beside the sum of their upper parts.
enum class LowReduction {
    none,
    ors,            ///< the OR
    ors_and_pairs,  ///< and the bits that at least two addends have
};

/// Accumulation without its order: a wrapping accumulator with a built-in adder as a sum over a table and a reduction
/// of low parts, both of which may be taken in any order and in parts.
///
///     acc_K = finish(acc_0, sum_k term(p_k) modulo 2^(W - k), OR_k low(p_k), pairs of low(p_k))
///
/// Why: above bit k all adders of LowerPart are modular ones, so that only the carries into bit k can depend on the
/// order. or_with_carry: bit k - 1 of the accumulator is the OR of the bits k - 1 so far, so that each addend with this
/// bit, after the first of them (acc_0 among them), gives one carry: as many as bits, less the OR of them. The others
/// have none. eta_i: once two addends have had a bit in common, all bits below it are 1 and stay so, and those above
/// are an OR; a bit of the accumulator that was made 1 in this way fills, together with an addend, only what is full.
class LogicAccumulator {
  public:
    /// True if accumulation with spec has such a form: wrapping, or never_saturates(); exact or with a lower part.
    static bool covers(const AccumulatorSpec& spec) { return !spec.adder && spec.overflow == Overflow::wrap; }

    /// Requires: covers(spec), check(spec).
    explicit LogicAccumulator(const AccumulatorSpec& spec)
        : bits_(spec.bits), low_bits_(spec.or_bits), part_(spec.lower_part) {}

    /// k; 0 of an exact adder, for which term(p) = p.
    CONCRETE_HOST_DEVICE int low_bits() const { return low_bits_; }

    /// Bits W - k of the sum that matter; 0: none, the sum is not needed.
    CONCRETE_HOST_DEVICE int sum_bits() const { return bits_ - low_bits_; }

    LowReduction reduction() const;

    /// What is summed for a product, rounded for or_with_carry, else rounded down: (p + 2^(k - 1)) >> k or p >> k.
    CONCRETE_HOST_DEVICE int64_t term(int64_t product) const {
        if (sum_bits() == 0) return 0;
        const bool rounds = low_bits_ > 0 && part_ == LowerPart::or_with_carry;
        return (product >> low_bits_) + (rounds ? product >> (low_bits_ - 1) & 1 : 0);
    }

    /// The low k bits of a product.
    CONCRETE_HOST_DEVICE uint64_t low(int64_t product) const {
        return static_cast<uint64_t>(product) & detail::low_bits<uint64_t>(low_bits_);
    }

    /// The accumulator code after at least one addend.
    /// Args: init: acc_0, an accumulator code. sum: of term() over the addends, right modulo 2^sum_bits(). ors: of
    /// low() over the addends, without acc_0; pairs: the bits that at least two of these have; both as reduction()
    /// says, else without meaning.
    CONCRETE_HOST_DEVICE int64_t finish(int64_t init, int64_t sum, uint64_t ors, uint64_t pairs) const {
        const uint64_t all = low(init) | ors;
        const bool rounds = low_bits_ > 0 && part_ == LowerPart::or_with_carry;
        const uint64_t carried = rounds ? all >> (low_bits_ - 1) & 1 : 0;
        const uint64_t upper = static_cast<uint64_t>(term(init)) + static_cast<uint64_t>(sum) - carried;
        const uint64_t shifted = sum_bits() == 0 ? 0 : upper << low_bits_;
        return decode(shifted | low_result(low(init), ors, pairs), bits_, true);
    }

  private:
    CONCRETE_HOST_DEVICE uint64_t low_result(uint64_t init, uint64_t ors, uint64_t pairs) const {
        switch (part_) {
            case LowerPart::or_with_carry:
            case LowerPart::or_only:
                return low_bits_ == 0 ? 0 : init | ors;
            case LowerPart::zero:
                return 0;
            case LowerPart::one:
                return detail::low_bits<uint64_t>(low_bits_);
            case LowerPart::copy:
                return init;
            case LowerPart::eta_i:
                return low_bits_ == 0 ? 0 : init | ors | detail::filled_below(pairs | (init & ors));
        }
        return 0;
    }

    int bits_, low_bits_;
    LowerPart part_;
};

/// True if it is proven that saturation cannot happen within k addends of at most largest_product from acc_0 of at most
/// largest_init, in magnitude, in any order: the accumulator may then be treated as a wrapping one, and products need
/// not be clamped. Never for adders given by a table or netlist. Requires: check(spec), no negative magnitude.
bool never_saturates(const AccumulatorSpec& spec, int64_t largest_product, size_t k, int64_t largest_init);

}  // namespace concrete::sim

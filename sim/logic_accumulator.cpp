#include "sim/logic_accumulator.h"

#include "sim/int128.h"

namespace concrete::sim {

LowReduction LogicAccumulator::reduction() const {
    if (low_bits_ == 0) return LowReduction::none;
    switch (part_) {
        case LowerPart::or_with_carry:
        case LowerPart::or_only:
            return LowReduction::ors;
        case LowerPart::eta_i:
            return LowReduction::ors_and_pairs;
        default:
            return LowReduction::none;
    }
}

// With k low bits, k < W, let a' = a >> k and b' = b >> k. A step gives y = 2^k (a' + b' + c) + l in integers, c in {0,
// 1} and 0 <= l < 2^k, so that
//
//     y - (a + b) = 2^k c + l - low(a) - low(b)     lies within +-2^(k + 1),   and is 0 for k = 0.
//
// If y, so computed, fits W bits, then nothing wraps, and the signs are those of a' + b' + c: not negative where both
// operands are not, and at most -1 - 1 + 1 where both are negative; the rule of saturation, which compares signs, does
// not apply. By induction |acc| <= |acc_0| + (steps so far) * (|p| + 2^(k + 1)), and where that fits at the end, it
// fits at each step, as the products do, whose clamping is hence the identity. For k = W the sign is one of the low
// bits, and nothing is claimed.
bool never_saturates(const AccumulatorSpec& spec, int64_t largest_product, size_t k, int64_t largest_init) {
    if (spec.adder || spec.or_bits == spec.bits) return false;
    const Int128 error = spec.or_bits == 0 ? 0 : Int128{1} << (spec.or_bits + 1);
    const Int128 step = Int128{largest_product} + error, highest = highest_accumulator(spec.bits);
    // At most k steps of at most `step`, which is not divided by where it is 0.
    return largest_init <= highest && (step == 0 || static_cast<Int128>(k) <= (highest - largest_init) / step);
}

}  // namespace concrete::sim

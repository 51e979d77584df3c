#pragma once

#include <cstddef>
#include <cstdint>

#include "gen/figure_kernels.h"

// Vectors wider than the set's are passed between functions of this file only, never across the ABI. The including
// source is its only reader, and templates are compiled at its end.
#pragma GCC diagnostic ignored "-Wpsabi"

/// The kernel of gen/figure_kernels.h in vectors of the compiler, which become those of the instruction set that the
/// including source is compiled for. In an unnamed namespace, as in sim/bitslice_steps.h.
namespace concrete::gen::detail {
namespace {

using Integers = int64_t __attribute__((vector_size(64), may_alias));
using Naturals = uint64_t __attribute__((vector_size(64), may_alias));
using Reals = double __attribute__((vector_size(64), may_alias));
using Codes = uint32_t __attribute__((vector_size(32), aligned(4), may_alias));

[[gnu::always_inline]] inline Naturals code(const Naturals& pattern, uint64_t sign) {
    return (pattern ^ sign) - sign;
}

[[gnu::always_inline]] inline Integers magnitude(const Naturals& value) {
    const Integers code = reinterpret_cast<Integers>(value);
    return code < 0 ? -code : code;
}

/// Integers in [0, 2^52), exactly: as the fraction of a number with exponent 52. No set but AVX-512 converts them.
[[gnu::always_inline]] inline Reals real(const Integers& value) {
    return reinterpret_cast<Reals>(value | 0x4330000000000000) - 0x1p52;
}

template <bool kAdder>
void add_errors(const ErrorRule& rule, const uint32_t* y, uint64_t first, size_t pairs, ErrorLanes& lanes) {
    const auto naturals = [](uint64_t* at) -> Naturals& { return *reinterpret_cast<Naturals*>(at); };
    const auto integers = [](uint64_t* at) -> Integers& { return *reinterpret_cast<Integers*>(at); };
    const auto reals = [](double* at) -> Reals& { return *reinterpret_cast<Reals*>(at); };
    Integers wrong_pairs = integers(lanes.wrong_pairs);
    Integers max_abs = integers(lanes.max_abs), max_exact = integers(lanes.max_exact);
    Naturals sum = naturals(lanes.sum), abs_sum = naturals(lanes.abs_sum);
    Naturals square_sum_high = naturals(lanes.square_sum_high), square_sum_low = naturals(lanes.square_sum_low);
    Reals relative_sum = reals(lanes.relative_sum), max_relative = reals(lanes.max_relative);
    const ErrorRule r = rule;
    Naturals index = Naturals{0, 1, 2, 3, 4, 5, 6, 7} + first;
    for (size_t pair = 0; pair < pairs; pair += 8, index += 8) {
        const Naturals a = code(index >> r.b_bits, r.a_sign), b = code(index & r.b_mask, r.b_sign);
        const Naturals pattern = __builtin_convertvector(*reinterpret_cast<const Codes*>(y + pair), Naturals);
        const Naturals value = code(pattern, r.y_sign) << r.y_lsb;
        const Naturals exact = kAdder ? code((a + b) & r.sum_mask, r.y_sign) : a * b;
        const Naturals difference = value - exact;
        const Naturals error = kAdder ? code(difference & r.error_mask, r.error_sign) : difference;
        const Integers size = magnitude(error), exact_size = magnitude(exact);
        wrong_pairs -= size != 0;
        sum += error;
        const Naturals natural = reinterpret_cast<Naturals>(size), square = natural * natural;
        abs_sum += natural;
        square_sum_high += square >> 32;
        square_sum_low += square & 0xffffffff;
        max_abs = size > max_abs ? size : max_abs;
        max_exact = exact_size > max_exact ? exact_size : max_exact;
        const Reals relative = real(size) / real(exact_size > 1 ? exact_size : Integers{} + 1);
        relative_sum += relative;
        max_relative = relative > max_relative ? relative : max_relative;
    }
    integers(lanes.wrong_pairs) = wrong_pairs;
    integers(lanes.max_abs) = max_abs;
    integers(lanes.max_exact) = max_exact;
    naturals(lanes.sum) = sum;
    naturals(lanes.abs_sum) = abs_sum;
    naturals(lanes.square_sum_high) = square_sum_high;
    naturals(lanes.square_sum_low) = square_sum_low;
    reals(lanes.relative_sum) = relative_sum;
    reals(lanes.max_relative) = max_relative;
}

[[maybe_unused]] void add_errors_of(const ErrorRule& rule, const uint32_t* y, uint64_t first, size_t pairs,
                                    ErrorLanes& lanes) {
    rule.is_adder ? add_errors<true>(rule, y, first, pairs, lanes) : add_errors<false>(rule, y, first, pairs, lanes);
}

}  // namespace
}  // namespace concrete::gen::detail

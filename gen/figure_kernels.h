#pragma once

#include <cstddef>
#include <cstdint>

/// What the sources for one instruction set offer gen/netlist_metrics.cpp; no code, as in sim/bitslice_kernels.h.
namespace concrete::gen::detail {

/// How the error of a pair follows from its index a_raw << b_bits | b_raw and the pattern of y. A sign is the weight of
/// the sign bit, or 0 on an unsigned port: (pattern ^ sign) - sign is the code.
struct ErrorRule {
    bool is_adder = false;  ///< else a multiplier
    int b_bits = 0, y_lsb = 0;
    uint64_t b_mask = 0, a_sign = 0, b_sign = 0, y_sign = 0;
    uint64_t sum_mask = 0;                    ///< of an adder's exact sum, before it is read as y is
    uint64_t error_mask = 0, error_sign = 0;  ///< of an adder's error: all and 0 unless it is taken modulo 2^y_bits
};

/// Figures of the pairs of one block (gen/metrics.h, BlockFigures), pair i in lane i mod 8.
struct alignas(64) ErrorLanes {
    uint64_t wrong_pairs[8], sum[8], abs_sum[8], square_sum_high[8], square_sum_low[8], max_abs[8], max_exact[8];
    double relative_sum[8], max_relative[8];
};

/// Adds `pairs` pairs from the index `first` on, both multiples of 8.
/// Requires: at most 32 input bits, errors below 2^32 in size.
using AddErrors = void (*)(const ErrorRule& rule, const uint32_t* y, uint64_t first, size_t pairs, ErrorLanes& lanes);

extern const AddErrors kAddErrorsPortable;
#if defined(__x86_64__)
extern const AddErrors kAddErrorsAvx2, kAddErrorsAvx512;
#endif

}  // namespace concrete::gen::detail

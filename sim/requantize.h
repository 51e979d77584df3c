#pragma once

#include <cstddef>
#include <cstdint>

#include "sim/host_device.h"
#include "sim/int128.h"
#include "sim/quantize.h"

namespace concrete::sim {

/// Multiply, round half up, shift, add the zero point, clamp: integer only (docs/arithmetic.md, "Requantise"; Jacob et
/// al., CVPR 2018, eq. 5 to 7, with half up for the rounding).
///
///     q = clamp(zero_point + floor((acc * multiplier + (shift > 0 ? 2^(shift-1) : 0)) / 2^shift), lowest, highest)
struct Requantizer {
    int64_t multiplier = 0;  ///< in [2^30, 2^31), or 0
    int shift = 0;           ///< 0 to 62
    int64_t zero_point = 0;
    int64_t lowest = 0, highest = 0;

    bool operator==(const Requantizer&) const = default;
};

/// Multiplier and shift nearest to a positive real factor. Factors below 2^-32 become 0. Throws: RangeError for factors
/// of 2^31 and more.
Requantizer make_requantizer(double factor, int64_t zero_point, const CodeRange& range);

CONCRETE_HOST_DEVICE inline int64_t requantize(const Requantizer& r, int64_t acc) {
    const auto clamped = [&r](auto code) {
        return static_cast<int64_t>(code < r.lowest ? r.lowest : code > r.highest ? r.highest : code);
    };
    const int64_t half = r.shift > 0 ? int64_t{1} << (r.shift - 1) : 0;
    // Right shift of a negative integer is arithmetic, thus a floor (C++20, 7.6.7). 32 bits times 31, and half at most
    // 2^61: 64 bits hold the sum.
    if (acc == static_cast<int32_t>(acc)) return clamped(((acc * r.multiplier + half) >> r.shift) + r.zero_point);
    return clamped(((static_cast<Int128>(acc) * r.multiplier + half) >> r.shift) + r.zero_point);
}

/// The same for `count` accumulators. Throws nothing; codes fit 32 bits, as those of every CodeRange do.
void requantize(const Requantizer& r, const int64_t* acc, size_t count, int32_t* codes);

}  // namespace concrete::sim

#include "sim/requantize.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "sim/error.h"
#include "sim/int128.h"

namespace concrete::sim {

Requantizer make_requantizer(double factor, int64_t zero_point, const CodeRange& range) {
    Requantizer r{0, 0, zero_point, range.lowest, range.highest};
    if (!(factor > 0) || !std::isfinite(factor)) {
        throw RangeError(fmt::format("requantise: factor {}; expected a positive finite number", factor));
    }
    int exponent = 0;
    const double mantissa = std::frexp(factor, &exponent);  // in [0.5, 1)
    auto multiplier = static_cast<int64_t>(std::floor(std::ldexp(mantissa, 31) + 0.5));
    if (multiplier == int64_t{1} << 31) {  // rounded up to the next power of two
        multiplier /= 2;
        ++exponent;
    }
    const int shift = 31 - exponent;
    if (shift < 0) throw RangeError(fmt::format("requantise: factor {}; expected less than 2^31", factor));
    if (shift > 62) return r;
    r.multiplier = multiplier;
    r.shift = shift;
    return r;
}

int64_t requantize(const Requantizer& r, int64_t acc) {
    const Int128 half = r.shift > 0 ? Int128{1} << (r.shift - 1) : 0;
    // Right shift of a negative __int128 is arithmetic, thus a floor (C++20, 7.6.7).
    const Int128 scaled = (static_cast<Int128>(acc) * r.multiplier + half) >> r.shift;
    const Int128 code = scaled + r.zero_point;
    return static_cast<int64_t>(std::clamp<Int128>(code, r.lowest, r.highest));
}

void requantize(const Requantizer& r, const int64_t* acc, size_t count, int32_t* codes) {
    const int64_t half = r.shift > 0 ? int64_t{1} << (r.shift - 1) : 0;
    for (size_t i = 0; i < count; ++i) {
        if (acc[i] != static_cast<int32_t>(acc[i])) {
            codes[i] = static_cast<int32_t>(requantize(r, acc[i]));
            continue;
        }
        // 32 bits times 31, and half at most 2^61: 64 bits hold the sum.
        const int64_t scaled = (acc[i] * r.multiplier + half) >> r.shift;
        codes[i] = static_cast<int32_t>(std::clamp(scaled + r.zero_point, r.lowest, r.highest));
    }
}

}  // namespace concrete::sim

#include "sim/requantize.h"

#include <cmath>
#include <fmt/format.h>

#include "sim/error.h"

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

void requantize(const Requantizer& r, const int64_t* acc, size_t count, int32_t* codes) {
    for (size_t i = 0; i < count; ++i) codes[i] = static_cast<int32_t>(requantize(r, acc[i]));
}

}  // namespace concrete::sim

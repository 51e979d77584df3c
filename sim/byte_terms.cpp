#include "sim/byte_terms.h"

#include <algorithm>

namespace concrete::sim {
namespace {

struct Range {
    int64_t lowest, highest;
};

Range range_of(const std::vector<int32_t>& values) {
    const auto [lowest, highest] = std::minmax_element(values.begin(), values.end());
    return {*lowest, *highest};
}

/// What is taken out of values so that they fit [lowest, lowest + 255]; 0 if they do as they are.
int64_t offset_for(const Range& values, int64_t lowest) {
    return values.lowest >= lowest && values.highest <= lowest + 255 ? 0 : values.lowest - lowest;
}

/// f without its smallest value, which goes to g.
void start_at_zero(std::vector<uint32_t>& f, std::vector<uint32_t>& g) {
    const auto as_signed = [](uint32_t x, uint32_t y) { return static_cast<int32_t>(x) < static_cast<int32_t>(y); };
    const uint32_t smallest = *std::min_element(f.begin(), f.end(), as_signed);
    for (uint32_t& value : f) value -= smallest;
    for (uint32_t& value : g) value += smallest;
}

/// Lets f hold constant_t u_t for all t, if it takes no more bytes then.
void absorb_constants(ByteTerms& t) {
    std::vector<uint32_t> f = t.f, g = t.g;
    for (const ByteTerms::Term& term : t.terms) {
        for (size_t a = 0; a < f.size(); ++a) f[a] += term.constant * term.u[a];
    }
    start_at_zero(f, g);
    if (bytes_of(f) > bytes_of(t.f)) return;
    t.f = f;
    t.g = g;
    for (ByteTerms::Term& term : t.terms) term.constant = 0;
}

}  // namespace

size_t bytes_of(const std::vector<uint32_t>& f) {
    const uint32_t largest = *std::max_element(f.begin(), f.end());
    size_t bytes = 0;
    while (bytes < 4 && largest >> (8 * bytes) != 0) ++bytes;
    return bytes;
}

ByteTerms byte_terms(const Decomposition& d) {
    ByteTerms result{{d.f.begin(), d.f.end()}, {d.g.begin(), d.g.end()}, {}};
    for (const Decomposition::Term& term : d.terms) {
        const Range us = range_of(term.u), vs = range_of(term.v);
        const uint32_t scale = uint32_t{1} << term.shift;
        if (vs.lowest == vs.highest) {
            for (size_t a = 0; a < d.rows(); ++a) result.f[a] += scale * static_cast<uint32_t>(term.u[a] * vs.lowest);
            continue;
        }
        // u v = (u' + cu) (v' + cv) = u' v' + u' cv + cu v
        const int64_t cu = us.lowest == us.highest ? us.lowest : offset_for(us, 0), cv = offset_for(vs, -128);
        for (size_t b = 0; b < d.columns(); ++b) result.g[b] += scale * static_cast<uint32_t>(cu * term.v[b]);
        if (us.lowest == us.highest) continue;
        ByteTerms::Term bytes{term.shift, {}, {}, scale * static_cast<uint32_t>(cv)};
        for (const int32_t u : term.u) bytes.u.push_back(static_cast<uint8_t>(u - cu));
        for (const int32_t v : term.v) bytes.v.push_back(static_cast<int8_t>(v - cv));
        result.terms.push_back(std::move(bytes));
    }
    start_at_zero(result.f, result.g);
    absorb_constants(result);
    std::stable_sort(result.terms.begin(), result.terms.end(),
                     [](const ByteTerms::Term& x, const ByteTerms::Term& y) { return x.shift < y.shift; });
    return result;
}

}  // namespace concrete::sim

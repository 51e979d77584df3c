#include "sim/decomposition.h"

#include <algorithm>

#include "sim/int128.h"

namespace concrete::sim {
namespace {

bool spans_a_byte(const std::vector<int32_t>& values) {
    if (values.empty()) return true;
    const auto [lowest, highest] = std::minmax_element(values.begin(), values.end());
    return int64_t{*highest} - *lowest <= 255;
}

std::vector<int32_t> chosen(const std::vector<int32_t>& values, std::span<const uint32_t> places) {
    std::vector<int32_t> result;
    result.reserve(places.size());
    for (const uint32_t place : places) result.push_back(values[place]);
    return result;
}

}  // namespace

bool decomposes(const Decomposition& d, std::span<const int32_t> table) {
    if (table.size() != d.rows() * d.columns()) return false;
    for (const Decomposition::Term& term : d.terms) {
        if (term.u.size() != d.rows() || term.v.size() != d.columns()) return false;
        if (term.shift < 0 || term.shift > kMostShift || !spans_a_byte(term.u) || !spans_a_byte(term.v)) return false;
    }
    std::vector<Int128> row(d.columns());
    for (size_t a = 0; a < d.rows(); ++a) {
        for (size_t b = 0; b < d.columns(); ++b) row[b] = Int128{d.f[a]} + d.g[b];
        for (const Decomposition::Term& term : d.terms) {
            for (size_t b = 0; b < d.columns(); ++b) {
                row[b] += (Int128{term.u[a]} * term.v[b]) * (Int128{1} << term.shift);
            }
        }
        for (size_t b = 0; b < d.columns(); ++b) {
            if (row[b] != table[a * d.columns() + b]) return false;
        }
    }
    return true;
}

Decomposition restricted(const Decomposition& whole, std::span<const uint32_t> rows,
                         std::span<const uint32_t> columns) {
    Decomposition result{chosen(whole.f, rows), chosen(whole.g, columns), {}};
    for (const Decomposition::Term& term : whole.terms) {
        result.terms.push_back({term.shift, chosen(term.u, rows), chosen(term.v, columns)});
    }
    return result;
}

Decomposition transposed(const Decomposition& whole) {
    Decomposition result{whole.g, whole.f, whole.terms};
    for (Decomposition::Term& term : result.terms) std::swap(term.u, term.v);
    return result;
}

}  // namespace concrete::sim

#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "sim/decomposition.h"
#include "sim/random.h"

/// Sums of terms for the tests of what makes them narrower.
namespace concrete::sim::testing {

using Terms = std::vector<Decomposition::Term>;

/// sum_t 2^shift_t u_t v_t, [rows][columns], modulo 2^64.
inline std::vector<int64_t> sum_of(const Terms& terms, size_t rows, size_t columns) {
    std::vector<int64_t> sum(rows * columns);
    for (const auto& term : terms)
        for (size_t a = 0; a < rows; ++a)
            for (size_t b = 0; b < columns; ++b)
                sum[a * columns + b] += (int64_t{term.u[a]} * term.v[b]) * (int64_t{1} << term.shift);
    return sum;
}

inline int64_t span_of(const std::vector<int32_t>& x) {
    const auto [lowest, highest] = std::minmax_element(x.begin(), x.end());
    return int64_t{*highest} - *lowest;
}

/// The widest operand.
inline int64_t widest_of(const Terms& terms) {
    int64_t widest = 0;
    for (const auto& term : terms) widest = std::max({widest, span_of(term.u), span_of(term.v)});
    return widest;
}

/// Terms with entries of both signs below `size`, the first of each operand 0, and shifts 0 to most_shift.
inline Terms random_terms(Random& random, size_t count, size_t rows, size_t columns, uint64_t size, int most_shift) {
    Terms terms(count);
    for (auto& term : terms) {
        term.shift = static_cast<int>(random.below(static_cast<uint64_t>(most_shift) + 1));
        for (auto [operand, entries] : {std::pair{&term.u, rows}, std::pair{&term.v, columns}}) {
            operand->push_back(0);
            while (operand->size() < entries)
                operand->push_back(static_cast<int32_t>(random.below(2 * size - 1)) - static_cast<int32_t>(size - 1));
        }
    }
    return terms;
}

}  // namespace concrete::sim::testing

#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/decomposition.h"

namespace concrete::sim {

/// A decomposition in the operands of int8 products, unsigned bytes times signed bytes, modulo 2^32:
///
///     table[a, b] = f[a] + g[b] + sum_t u_t[a] (2^shift_t v_t[b] + constant_t)
///
/// Bytes take over any span of at most 255 after a constant is taken out. What such constants contribute goes into g
/// for those of u and is constant_t for those of v, whose sum over k is cheaper than that of a table; where one table
/// f can hold all of it, all constant_t are 0.
struct ByteTerms {
    struct Term {
        int shift = 0;           ///< 0 to 31
        std::vector<uint8_t> u;  ///< [rows]
        std::vector<int8_t> v;   ///< [columns]
        uint32_t constant = 0;
    };
    std::vector<uint32_t> f, g;  ///< [rows], whose smallest is 0, and [columns]
    std::vector<Term> terms;     ///< by rising shift; without those that f and g can hold
};

/// Requires: all spans of u and v at most 255.
ByteTerms byte_terms(const Decomposition& decomposition);

/// Bytes that the largest value of f takes: 0 where f is all 0, to 4.
size_t bytes_of(const std::vector<uint32_t>& f);

}  // namespace concrete::sim

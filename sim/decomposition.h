#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace concrete::sim {

/// Largest shift of a term.
inline constexpr int kMostShift = 31;

/// A table written as sums of products of one-operand tables, exactly:
///
///     table[a, b] = f[a] + g[b] + sum_t 2^shift_t u_t[a] v_t[b]
///
/// The values of every u_t and of every v_t span at most 255 (largest - smallest), so that after subtracting a
/// constant, which f and g take over, they are 8-bit integers of either signedness: sum_k table[a_k, b_k] is then sums
/// over f and g plus one int8 matrix product a term.
struct Decomposition {
    struct Term {
        int shift = 0;              ///< 0 to kMostShift
        std::vector<int32_t> u, v;  ///< [rows], [columns]

        bool operator==(const Term&) const = default;
    };
    std::vector<int32_t> f, g;  ///< [rows], [columns]
    std::vector<Term> terms;

    size_t rows() const { return f.size(); }
    size_t columns() const { return g.size(); }

    bool operator==(const Decomposition&) const = default;
};

/// True if every entry of table, [rows][columns], re-multiplied in 64-bit integers, is equal, all sizes fit, and every
/// span is at most 255.
bool decomposes(const Decomposition& decomposition, std::span<const int32_t> table);

/// The decomposition of the sub-table of these rows and columns, or of the table with them repeated and reordered.
Decomposition restricted(const Decomposition& whole, std::span<const uint32_t> rows, std::span<const uint32_t> columns);

/// That of the transposed table.
Decomposition transposed(const Decomposition& whole);

}  // namespace concrete::sim

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "sim/isa.h"
#include "sim/table_sums.h"

namespace concrete::sim {

/// Low parts of products by position, at most 16 bits each.
struct LowPartTable {
    size_t lanes = 0, others = 0;  ///< positions of each operand, 1 to 256
    std::vector<uint16_t> values;  ///< [lanes][others]
};

/// The OR of low parts over k, which adders with an OR-ed or otherwise reduced lower part need beside a sum
/// (sim/logic_accumulator.h):
///
///     ors[n, lane] |= OR over k of low(lanes[k, lane], others[k, n])
///
/// Positions, tiles, and the order of calls are those of TableSums. A lane is left as soon as it has every bit that
/// the rest of its tile can set, which random codes reach after a few dozen steps; the result is the same.
///
///     bits that k can still set  <=  OR over k, all others, of low(lanes[k, lane], .)    of the lane
///                                &   OR over k, all lanes, of low(., others[k, n])       of the column
///
/// Does not change; threads may share it.
class OrSums {
  public:
    /// Throws: ShapeError if the table has no or more than 256 positions, or not lanes x others values.
    explicit OrSums(const LowPartTable& table, Isa isa = default_isa());

    /// The other operand in the layout of this class.
    class Columns;

    /// Args: positions: [k][n], below LowPartTable::others.
    std::shared_ptr<const Columns> prepare(const uint8_t* positions, size_t k, size_t n) const;

    /// Adds tile.k low parts from first_k on, for n others from first_n on. Neither needs to be a multiple of anything.
    /// Args: columns: what prepare() of this object gave. ors: [n][kTileLanes], aligned to 64 bytes; lanes up to the
    /// next multiple of kLaneStep are written, but only tile.lanes of them mean anything.
    void add(const LaneTile& tile, const Columns& columns, size_t first_k, size_t first_n, size_t n,
             uint16_t* ors) const;

    /// As add(), and also pairs |= the bits that an addend has in common with the OR of those before it: with ors at
    /// first the start of the accumulator and pairs 0, the bits that at least two of them have.
    void add_with_pairs(const LaneTile& tile, const Columns& columns, size_t first_k, size_t first_n, size_t n,
                        uint16_t* ors, uint16_t* pairs) const;

  private:
    struct alignas(64) Line {
        std::array<uint8_t, kLaneStep> bytes;
    };

    /// One byte of all low parts, in the order of lane positions, a row an other position.
    struct Plane {
        std::vector<Line> rows;            ///< [others][lines_]
        std::vector<Line> lane_bits;       ///< [lines_]: the OR over all others
        std::vector<uint8_t> column_bits;  ///< [others]: the OR over all lanes
    };

    Isa isa_;
    size_t others_;
    size_t lines_;  ///< 1, 2 or 4: lines of a row
    std::vector<Plane> planes_;
};

}  // namespace concrete::sim

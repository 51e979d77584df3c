#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace concrete::sim {

/// Sums of table entries over k, the core of the engines whose accumulator is modular:
///
///     sums[n, lane] += sum_k table(lanes[k, lane], others[k, n])      modulo 2^32
///
/// A *position* stands for a code: its place among those that can occur, one byte. The *lane* operand lies along vector
/// lanes and changes from call to call, mostly the activations of neighboring output pixels; the *other* operand is
/// made ready once, mostly the weights of a layer. For few pixels and many channels the two change roles, with the
/// table transposed.
///
///                     lanes (a tile)                     k: depth of the product
///            ┌───────────────────────────┐
///         k  │ positions of lane codes   │   ──▶   n ┌──────────────┐
///            └───────────────────────────┘           │ sums         │
///     others: [k, n] positions, prepared             └──────────────┘ lanes

/// Entries by position. Engines hold what they need of it, so that it need not outlive them.
struct SumTable {
    size_t lanes = 0, others = 0;  ///< positions of each operand, 1 to 256
    std::vector<int32_t> values;   ///< [lanes][others]

    int32_t at(size_t lane, size_t other) const { return values[lane * others + other]; }
};

inline constexpr size_t kTileLanes = 256;  ///< lanes of a full tile, and the row stride of tiles and sums
inline constexpr size_t kLaneStep = 64;    ///< lanes are worked on in multiples of a vector of bytes
inline constexpr size_t kDepthStep = 4;    ///< k begins at multiples of a group of an int8 product
inline constexpr size_t kOtherStep = 12;   ///< n begins at multiples of what register blocks divide

/// Positions of the lane operand for some k. Lanes beyond those in use, up to the next multiple of kLaneStep, hold any
/// valid position; what is summed there means nothing. Aligned to 64 bytes.
struct LaneTile {
    const uint8_t* positions = nullptr;  ///< [k][kTileLanes]
    size_t k = 0;                        ///< at least 1
    size_t lanes = 0;                    ///< 1 to kTileLanes
};

/// The other operand in an engine's own layout.
class PreparedOthers {
  public:
    virtual ~PreparedOthers() = default;
};

/// One table made ready for one way of summing. Does not change; threads may share it.
class TableSums {
  public:
    virtual ~TableSums() = default;

    /// Args: positions: [k][n], below SumTable::others.
    virtual std::shared_ptr<const PreparedOthers> prepare(const uint8_t* positions, size_t k, size_t n) const = 0;

    /// Adds the sums of tile.k steps from first_k on, for n others from first_n on.
    /// Args: others: what prepare() of this object gave. first_k: a multiple of kDepthStep, and tile.k too unless the
    /// tile ends the product. first_n: a multiple of kOtherStep. sums: [n][kTileLanes], aligned to 64 bytes; lanes up
    /// to the next multiple of kLaneStep are written.
    virtual void add(const LaneTile& tile, const PreparedOthers& others, size_t first_k, size_t first_n, size_t n,
                     uint32_t* sums) const = 0;
};

/// The definition as loops: what engines are compared with.
class PlainSums : public TableSums {
  public:
    explicit PlainSums(SumTable table) : table_(std::move(table)) {}
    std::shared_ptr<const PreparedOthers> prepare(const uint8_t* positions, size_t k, size_t n) const override;
    void add(const LaneTile& tile, const PreparedOthers& others, size_t first_k, size_t first_n, size_t n,
             uint32_t* sums) const override;

  private:
    SumTable table_;
};

}  // namespace concrete::sim

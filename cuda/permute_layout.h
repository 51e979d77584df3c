#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "cuda/permute_args.h"
#include "cuda/product.h"

namespace concrete::cuda {

/// What is reduced, by position, and how.
struct PermuteTable {
    enum class Reduction { sums, ors, ors_and_pairs };

    Reduction reduction = Reduction::sums;
    size_t a = 0, w = 0;            ///< positions of activations and of weights
    std::vector<uint32_t> entries;  ///< [a][w]; of ORs, at most 16 bits
    int64_t offset = 0;             ///< what is to be added to each entry

    /// The entries of a table above the lowest one, to be summed.
    static PermuteTable of_sums(const sim::SumTable& table);

    /// Planes of 16 bits that hold the entries, 1 or 2.
    uint32_t planes() const;
};

/// Table and weights of a layer as PermuteArgs wants them.
class PermuteLayout {
  public:
    /// Borrows all of it.
    PermuteLayout(const ProductSetup& setup, const PermuteTable& table);

    /// PermuteArgs::table. Args: transposed: the lanes are columns.
    std::vector<uint16_t> table_rows(bool transposed) const;

    // Where the lanes are rows.
    std::vector<uint64_t> other_codes() const;
    std::vector<PermuteEntry> other_bits() const;

    // Where they are columns; of one group.
    std::vector<uint32_t> lane_words() const;
    std::vector<uint16_t> lane_bits() const;

  private:
    template <typename Body>
    void for_each_weight(const Body& body) const;

    ConvShape shape_;
    const PermuteTable& table_;
    const int32_t* weights_;
    int64_t lowest_weight_;
    size_t tap_words_, stages_, planes_, other_tiles_;
};

}  // namespace concrete::cuda

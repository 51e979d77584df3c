#pragma once

#include <optional>

#include "cuda/permute_rows.h"

namespace concrete::cuda {

/// The OR over k of the low parts of products, and where an accumulator asks for it the bits that two of them have, on
/// a device: sim/or_sums.h for a whole layer. Warps leave when their outputs have all bits that their weights can set.
class OrSums {
  public:
    /// Requires: no table_product_problem(), and an accumulator that reduces low parts. Throws: OutOfDeviceMemory.
    /// Args: cut: instead of the best known, for tests.
    explicit OrSums(const ProductSetup& setup, std::optional<PermuteCut> cut = std::nullopt);

    /// True if pairs are reduced, too.
    bool has_pairs() const { return has_pairs_; }
    size_t scratch_bytes(size_t images) const { return rows_.scratch_bytes(images); }

    /// Enqueues it. Args: ors, pairs: [rows][columns], Finish::ors and pairs; pairs null unless has_pairs().
    void run(Stream& stream, const CodeMap& in, uint16_t* ors, uint16_t* pairs, void* scratch) const {
        rows_.reduce(stream, in, ors, pairs, scratch);
    }

  private:
    bool has_pairs_;
    PermuteRows rows_;
};

}  // namespace concrete::cuda

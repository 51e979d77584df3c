#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "cuda/device_array.h"
#include "cuda/permute_layout.h"
#include "cuda/permute_pack_block.h"
#include "cuda/product.h"
#include "cuda/scratch.h"

namespace concrete::cuda {

/// How a layer is cut into blocks.
struct PermuteCut {
    bool is_large = false;  ///< LargePermute, else SmallPermute (cuda/permute_tiles.h)
    uint32_t splits = 1;    ///< of k
};

/// Enough blocks to fill the device, and not more parts of k than are worth their merging.
/// Args: tiles: eights of others, of all groups. stages: of k, four each.
PermuteCut permute_cut(const DeviceLimits& limits, size_t lanes, size_t tiles, size_t stages);

/// A table reduced over the k of a layer: the host's side of PermuteProgram. Does not change; streams may share it.
class PermuteRows {
  public:
    /// Args: cut: instead of permute_cut(), for tests. Throws: OutOfDeviceMemory.
    PermuteRows(const ProductSetup& setup, const PermuteTable& table, std::optional<PermuteCut> cut = std::nullopt);

    size_t scratch_bytes(size_t images) const;

    /// Enqueues it; as DeviceProduct::run().
    void sum(Stream& stream, const CodeMap& in, const Finish& finish, void* scratch) const;
    /// Args: ors, pairs: [rows][columns]; pairs null unless they are reduced.
    void reduce(Stream& stream, const CodeMap& in, uint16_t* ors, uint16_t* pairs, void* scratch) const;

    /// True if a batch is computed with columns as lanes.
    bool columns_are_lanes(size_t images) const;

  private:
    /// One way round.
    struct Side {
        DeviceArray<uint16_t> table;
        DeviceArray<uint64_t> other_codes;  // rows as lanes: of the weights
        DeviceArray<PermuteEntry> other_bits;
        DeviceArray<uint32_t> lane_words;  // columns as lanes: of the weights
        DeviceArray<uint16_t> lane_bits;
    };

    size_t rows(size_t images) const { return images * shape_.pixels(); }
    size_t stages() const { return size_t{shape_.taps()} * tap_words_; }
    PermuteCut cut(const PermuteArgs& args) const;
    PermuteArgs make_args(size_t images, Scratch& scratch, PermutePackArgs& pack) const;
    void set_rows_as_lanes(size_t images, Scratch& scratch, PermuteArgs& args, PermutePackArgs& pack) const;
    void set_columns_as_lanes(size_t images, Scratch& scratch, PermuteArgs& args, PermutePackArgs& pack) const;
    void set_table(const Side& side, PermuteArgs& args) const;
    void run(Stream& stream, const PermuteArgs& args, PermutePackArgs pack, const CodeMap& in) const;

    DeviceLimits limits_;
    std::optional<PermuteCut> cut_;
    ConvShape shape_;
    uint32_t offset_;  // of positions: stored code, less this
    uint8_t padding_position_;
    uint32_t tap_words_, planes_;
    PermuteTable::Reduction reduction_;
    int64_t sum_offset_;
    Side rows_as_lanes_;
    std::optional<Side> columns_as_lanes_;
};

}  // namespace concrete::cuda

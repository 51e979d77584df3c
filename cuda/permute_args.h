#pragma once

#include <cstddef>
#include <cstdint>

#include "cuda/conv_shape.h"
#include "cuda/divisor.h"
#include "cuda/finish.h"
#include "cuda/permute_reduction.h"

namespace concrete::cuda {

inline constexpr unsigned kStageDepth = 4;    ///< k of a stage: the codes of a word
inline constexpr unsigned kRowEntries = 256;  ///< of a row of a table

/// A layer as PermuteProgram sees it. As in sim/table_sums.h, *lanes* are what lies along the threads of a block, one
/// output each for every *other*: rows and columns of the layer, or, where there are few rows, columns and rows.
///
/// k runs over (kernel row, kernel column, input channel), the channels of a group made up to a multiple of four: a
/// *stage* is four channels under one tap, whose positions are the bytes of one word, the first channel's the lowest.
/// What was added has no products, whatever its positions say.
///
/// Entries have 16 bits and are not negative. Where a table has wider ones, each other is two, one after the other: of
/// the low halves of its entries and of the high ones.
struct PermuteArgs {
    ConvShape shape;
    uint32_t lanes = 0, tap_words = 0;  ///< words: ceil(channels of a group / 4)
    uint32_t others = 0, planes = 1;    ///< others of a group, and 16-bit planes of each
    uint32_t other_tiles = 0;           ///< ceil(others * planes / 8)
    bool lanes_are_columns = false;
    Divisor by_pixels, by_out_w, by_kernel_w;  ///< of the shape

    /// Positions of the lanes, neighboring lanes side by side. Where lanes are rows: [images][groups][tap_words][in_h *
    /// in_w]. Else [stages][lanes].
    const uint32_t* lane_words = nullptr;
    uint32_t word_step = 0;  ///< from a word of a tap to the next: in_h * in_w, or lanes
    uint32_t padding_word = 0;

    const uint64_t* other_codes = nullptr;  ///< [groups][stages][4][other_tiles]: positions, others 8 i + (0 .. 7)
    const uint16_t* table = nullptr;        ///< [planes][other positions][256 lane positions]
    uint32_t plane_entries = 0;             ///< from an even other's row to that of an odd one; 0 if planes = 1

    uint32_t splits = 1, split_stages = 0;  ///< blocks share the stages of an output
    uint32_t* parts = nullptr;              ///< [splits][groups][others * planes][lanes], where splits > 1

    // What reductions may reach: [groups][other_tiles] and [lanes]; null: all bits.
    const PermuteEntry* other_bits = nullptr;
    const uint16_t* lane_bits = nullptr;

    // Where results go: to finish, or, of ORs, to [rows][columns].
    Finish finish;
    int64_t sum_offset = 0;  ///< what sums lack
    uint16_t *ors = nullptr, *pairs = nullptr;

    CONCRETE_HOST_DEVICE uint32_t stages() const { return shape.taps() * tap_words; }
    CONCRETE_HOST_DEVICE size_t part(uint32_t split, uint32_t group, uint32_t other, uint32_t lane) const {
        return ((size_t{split} * shape.groups + group) * others * planes + other) * lanes + lane;
    }

    /// Args: other: below others. low, high: of its planes; high is 0 where there is one.
    template <typename Reduction>
    CONCRETE_HOST_DEVICE void store(uint32_t group, uint32_t other, uint32_t lane, uint64_t low, uint64_t high) const {
        const uint32_t row = lanes_are_columns ? other : lane;
        const uint32_t column = lanes_are_columns ? lane : group * others + other;
        if constexpr (Reduction::kExits) {
            const size_t at = size_t{row} * shape.out_channels + column;
            ors[at] = static_cast<uint16_t>(low);
            if (pairs) pairs[at] = static_cast<uint16_t>(low >> 16);
        } else {
            finish.store_sum(row, column, sum_offset + static_cast<int64_t>(low + (high << 16)));
        }
    }
};

}  // namespace concrete::cuda

#pragma once

#include "cuda/block.h"
#include "cuda/code_map.h"
#include "cuda/conv_shape.h"

namespace concrete::cuda {

struct PermutePackArgs {
    CodeMap in;
    ConvShape shape;
    uint32_t tap_words = 0;  ///< as in PermuteArgs
    uint32_t offset = 0;     ///< of positions: code as stored, less this
    uint8_t padding_position = 0;
    uint32_t planes = 1, row_tiles = 0;

    uint32_t* words = nullptr;  ///< [images][groups][tap_words][in_h * in_w]
    uint64_t* codes = nullptr;  ///< [stages][4][row_tiles]

    CONCRETE_HOST_DEVICE size_t word_count() const {
        return size_t{in.images} * shape.in_h * shape.in_w * shape.groups * tap_words;
    }
    CONCRETE_HOST_DEVICE size_t code_count() const { return size_t{shape.taps()} * tap_words * 4 * row_tiles; }
    CONCRETE_HOST_DEVICE uint32_t rows() const { return in.images * shape.pixels(); }
};

/// The lane words of PermuteArgs where rows are the lanes: the codes of four channels as a word, and the words of
/// neighboring pixels side by side. A block takes 32 pixels and eight words of each, which fill a sector of memory.
///
/// Grid: x over (image, group, tile of pixels), y over tiles of words. No shared memory.
struct PackWordsProgram {
    using Args = PermutePackArgs;
    static constexpr unsigned kThreads = 256, kWords = kThreads / kWarpThreads;

    template <typename Block>
    CONCRETE_DEVICE static void run(Block& block, const Args& g) {
        block.for_each_thread([&](ThreadIndex t) {
            const uint32_t pixels = g.shape.in_h * g.shape.in_w, tiles = ceil_div(pixels, kWarpThreads);
            const uint32_t pixel = block.x() % tiles * kWarpThreads + t.lane();
            const uint32_t image_group = block.x() / tiles, word = block.y() * kWords + t.warp();
            if (pixel >= pixels || word >= g.tap_words) return;
            const uint32_t image = image_group / g.shape.groups, group = image_group % g.shape.groups;
            const uint32_t channels = g.shape.group_inputs();
            const size_t in = (size_t{image} * pixels + pixel) * g.shape.in_channels + size_t{group} * channels;
            uint32_t positions = 0;
            for (uint32_t i = 0; i < 4; ++i) {
                const uint32_t channel = word * 4 + i;
                if (channel < channels) positions |= (g.in.stored(in + channel) - g.offset) << (8 * i);
            }
            g.words[(size_t{image_group} * g.tap_words + word) * pixels + pixel] = positions;
        });
    }
};

/// The other codes of PermuteArgs where rows are the others; of one group. Grid: x over codes. No shared memory.
struct PackRowsProgram {
    using Args = PermutePackArgs;
    static constexpr unsigned kThreads = 128;

    template <typename Block>
    CONCRETE_DEVICE static void run(Block& block, const Args& g) {
        block.for_each_thread([&](ThreadIndex t) {
            const size_t index = size_t{block.x()} * kThreads + t.index;
            if (index >= g.code_count()) return;
            const auto tile = static_cast<uint32_t>(index % g.row_tiles);
            const auto k = static_cast<uint32_t>(index / g.row_tiles);
            uint64_t codes = 0;
            for (uint32_t i = 0; i < 8; ++i) codes |= uint64_t{position(g, k, (tile * 8 + i) / g.planes)} << (8 * i);
            g.codes[index] = codes;
        });
    }

  private:
    CONCRETE_DEVICE static uint32_t position(const Args& g, uint32_t k, uint32_t row) {
        const ConvShape& s = g.shape;
        const uint32_t tap = k / (4 * g.tap_words), channel = k % (4 * g.tap_words);
        if (row >= g.rows() || channel >= s.group_inputs()) return 0;
        const uint32_t pixel = row % s.pixels();
        const int32_t in = s.source(pixel / s.out_w, pixel % s.out_w, tap / s.kernel[1], tap % s.kernel[1]);
        if (in < 0) return g.padding_position;
        const size_t first = size_t{row / s.pixels()} * s.in_h * s.in_w;
        return g.in.stored((first + static_cast<size_t>(in)) * s.in_channels + channel) - g.offset;
    }
};

}  // namespace concrete::cuda

#pragma once

#include "cuda/block.h"
#include "cuda/code_map.h"
#include "cuda/conv_shape.h"
#include "cuda/finish.h"
#include "cuda/netlist_source.h"
#include "sim/operator.h"

namespace concrete::cuda {

/// The rows of a layer that one launch of a netlist's kernel computes: lane l is row first_row + l. Lanes past the last
/// row are computed like others, from zeros, and dropped.
struct NetlistPiece {
    uint32_t first_row = 0, rows = 0;

    CONCRETE_HOST_DEVICE uint32_t words() const { return ceil_div(rows, kWarpThreads); }
    CONCRETE_HOST_DEVICE uint32_t tiles() const { return ceil_div(words(), kTileWords); }
    CONCRETE_HOST_DEVICE bool has(uint32_t lane) const { return lane < rows; }
};

/// Transposes 32 words of 32 bits: out[lane i] = bits i of in[lane 0], in[lane 1], ..., for i below count.
template <typename Warp, typename Registers>
CONCRETE_DEVICE void transpose_bits(Warp& warp, unsigned count, const Registers& in, Registers& out) {
    for (unsigned i = 0; i < count; ++i) {
        const uint32_t bits = warp.ballot([&](ThreadIndex t) { return (in[t] >> i & 1) != 0; });
        warp.for_each_lane([&](ThreadIndex t) {
            if (t.lane() == i) out[t] = bits;
        });
    }
}

struct SlicePlanesArgs {
    CodeMap in;
    ConvShape shape;
    int64_t padding_code = 0;
    uint32_t code_bits = 1;
    bool skips = false;  ///< a plane more, 1 where the MAC happens; padding has none
    NetlistPiece piece;
    uint32_t* planes = nullptr;  ///< as NetlistSteps::planes

    CONCRETE_HOST_DEVICE uint32_t lane_planes() const { return code_bits + (skips ? 1 : 0); }
};

/// Splits the codes under the windows of a piece into planes. A warp makes one word of all planes, k after k.
///
/// Grid: x over tiles of all groups, y over k in chunks of kDepth. Block: a warp for each word of a tile. No shared
/// memory.
struct SlicePlanesProgram {
    using Args = SlicePlanesArgs;
    static constexpr unsigned kThreads = kTileWords * kWarpThreads;
    static constexpr unsigned kDepth = 32;

    template <typename Block>
    CONCRETE_DEVICE static void run(Block& block, const Args& g) {
        const uint32_t group = block.x() / g.piece.tiles(), tile = block.x() % g.piece.tiles();
        const uint32_t depth = g.shape.k(), first = block.y() * kDepth;
        const uint32_t end = depth - first < kDepth ? depth : first + kDepth;
        uint32_t* const planes = g.planes + size_t{block.x()} * depth * g.lane_planes() * kTileWords;
        auto pixels = block.template registers<Pixel>();
        auto codes = block.template registers<uint32_t>();
        auto words = block.template registers<uint32_t>();
        block.for_each_warp([&](auto& warp) {
            warp.for_each_lane([&](ThreadIndex t) { pixels[t] = pixel_of(g, tile * kThreads + t.index); });
            for (uint32_t k = first; k < end; ++k) {
                warp.for_each_lane([&](ThreadIndex t) { codes[t] = pattern(g, pixels[t], group, k); });
                transpose_bits(warp, g.lane_planes(), codes, words);
                uint32_t* const step = planes + size_t{k} * g.lane_planes() * kTileWords + warp.index();
                warp.for_each_lane([&](ThreadIndex t) {
                    if (t.lane() < g.lane_planes()) step[size_t{t.lane()} * kTileWords] = words[t];
                });
            }
        });
    }

  private:
    /// An output pixel, and the first input pixel of its picture.
    struct Pixel {
        size_t first_source;
        uint32_t y, x;
        bool exists;
    };

    CONCRETE_DEVICE static Pixel pixel_of(const Args& g, uint32_t lane) {
        const uint32_t row = g.piece.first_row + lane, pixel = row % g.shape.pixels();
        return {size_t{row / g.shape.pixels()} * g.shape.in_h * g.shape.in_w, pixel / g.shape.out_w,
                pixel % g.shape.out_w, g.piece.has(lane)};
    }

    /// The bits of all planes.
    CONCRETE_DEVICE static uint32_t pattern(const Args& g, const Pixel& pixel, uint32_t group, uint32_t k) {
        if (!pixel.exists) return 0;
        const ConvShape& s = g.shape;
        const uint32_t tap = k % s.taps();
        const int32_t source = s.source(pixel.y, pixel.x, tap / s.kernel[1], tap % s.kernel[1]);
        if (source < 0 && g.skips) return 0;
        const size_t channel = size_t{group} * s.group_inputs() + k / s.taps();
        const int64_t code =
            source < 0 ? g.padding_code : g.in.code((pixel.first_source + source) * s.in_channels + channel);
        return static_cast<uint32_t>(sim::encode(code, static_cast<int>(g.code_bits))) | uint32_t{g.skips}
                                                                                             << g.code_bits;
    }
};

/// Accumulators of a piece, as planes and as numbers.
struct NetlistAccumulators {
    Finish finish;
    uint32_t acc_bits = 1;
    bool loads_init = true;  ///< else they start from clear_value, and acc_0 is added at the end, modulo 2^W
    int64_t clear_value = 0;
    NetlistPiece piece;
    uint32_t* acc = nullptr;  ///< as NetlistSteps::acc

    /// Bit 0 of a word of a column; the next bit's word is kTileWords further.
    CONCRETE_HOST_DEVICE uint32_t* at(uint32_t column, uint32_t word) const {
        const size_t tile = size_t{column} * piece.tiles() + word / kTileWords;
        return acc + tile * acc_bits * kTileWords + word % kTileWords;
    }
    CONCRETE_HOST_DEVICE int64_t start(uint32_t lane, uint32_t column) const {
        if (!loads_init) return clear_value;
        return piece.has(lane) ? finish.start(piece.first_row + lane, column) : 0;
    }
};

/// Writes what accumulators start from.
///
/// Grid: x over tiles, y over columns in chunks of kColumns. Block: a warp for each word of a tile. No shared memory.
struct StartAccumulatorsProgram {
    using Args = NetlistAccumulators;
    static constexpr unsigned kThreads = kTileWords * kWarpThreads;
    static constexpr unsigned kColumns = 16;

    template <typename Block>
    CONCRETE_DEVICE static void run(Block& block, const Args& g) {
        const uint32_t first = block.y() * kColumns, left = g.finish.columns - first;
        auto starts = block.template registers<uint32_t>();
        auto words = block.template registers<uint32_t>();
        block.for_each_warp([&](auto& warp) {
            for (uint32_t column = first; column < first + (left < kColumns ? left : kColumns); ++column) {
                uint32_t* const acc = g.at(column, block.x() * kTileWords + warp.index());
                for (uint32_t low = 0; low < g.acc_bits; low += 32) {
                    const uint32_t bits = g.acc_bits - low < 32 ? g.acc_bits - low : 32;
                    warp.for_each_lane([&](ThreadIndex t) {
                        starts[t] = static_cast<uint32_t>(g.start(block.x() * kThreads + t.index, column) >> low);
                    });
                    transpose_bits(warp, bits, starts, words);
                    warp.for_each_lane([&](ThreadIndex t) {
                        if (t.lane() < bits) acc[size_t{low + t.lane()} * kTileWords] = words[t];
                    });
                }
            }
        });
    }
};

/// Puts accumulators together again and finishes them.
///
/// Grid: x over words, y over columns in chunks of kColumns. Shared memory: the chunk's accumulators, so that outputs
/// are written with columns side by side; a row has one more, so that lanes lie in different banks.
struct StoreAccumulatorsProgram {
    using Args = NetlistAccumulators;
    static constexpr unsigned kThreads = 256;
    static constexpr unsigned kColumns = 32, kStride = kColumns + 1;

    static constexpr size_t shared() { return shared_bytes<int64_t>(size_t{kWarpThreads} * kStride); }

    template <typename Block>
    CONCRETE_DEVICE static void run(Block& block, const Args& g) {
        const uint32_t first = block.y() * kColumns, left = g.finish.columns - first;
        const uint32_t columns = left < kColumns ? left : kColumns;
        int64_t* const values = block.template shared<int64_t>(kWarpThreads * kStride);
        auto words = block.template registers<uint32_t>();
        auto parts = block.template registers<uint32_t>();
        block.for_each_warp([&](auto& warp) {
            for (uint32_t i = warp.index(); i < columns; i += kThreads / kWarpThreads) {
                const uint32_t* const acc = g.at(first + i, block.x());
                for (uint32_t low = 0; low < g.acc_bits; low += 32) {
                    warp.for_each_lane([&](ThreadIndex t) {
                        words[t] = low + t.lane() < g.acc_bits ? acc[size_t{low + t.lane()} * kTileWords] : 0;
                    });
                    transpose_bits(warp, 32, words, parts);
                    warp.for_each_lane([&](ThreadIndex t) {
                        int64_t& value = values[t.lane() * kStride + i];
                        value = low == 0 ? int64_t{parts[t]} : value | static_cast<int64_t>(uint64_t{parts[t]} << low);
                    });
                }
            }
        });
        block.for_each_thread([&](ThreadIndex t) {
            for (uint32_t i = t.index; i < kWarpThreads * kColumns; i += kThreads) {
                const uint32_t lane = i / kColumns, column = i % kColumns;
                if (column < columns)
                    store(g, block.x() * kWarpThreads + lane, first + column,
                          static_cast<uint64_t>(values[lane * kStride + column]));
            }
        });
    }

  private:
    CONCRETE_DEVICE static void store(const Args& g, uint32_t lane, uint32_t column, uint64_t pattern) {
        if (!g.piece.has(lane)) return;
        const uint32_t row = g.piece.first_row + lane;
        if (!g.loads_init) pattern += static_cast<uint64_t>(g.finish.start(row, column));
        g.finish.store(row, column, sim::decode(pattern, static_cast<int>(g.acc_bits), true));
    }
};

}  // namespace concrete::cuda

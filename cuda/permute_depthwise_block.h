#pragma once

#include "cuda/block.h"
#include "cuda/code_map.h"
#include "cuda/conv_shape.h"
#include "cuda/divisor.h"
#include "cuda/finish.h"

namespace concrete::cuda {

struct DepthwiseArgs {
    CodeMap in;  ///< of one byte
    ConvShape shape;
    Divisor by_pixels, by_out_w;
    uint32_t offset = 0;             ///< of positions: code as stored, less this
    uint32_t padding_position = 0;   ///< or that of skipped ones
    const uint32_t* rows = nullptr;  ///< [channel tiles][taps][256][32], see below
    int64_t sum_offset = 0;          ///< what sums lack
    Finish finish;

    CONCRETE_HOST_DEVICE uint32_t row_count() const { return in.images * shape.pixels(); }
};

/// Sums over any table, of 16-bit entries that are not negative, where every channel is a group of its own. The rows of
/// the table that the weights need are laid out beforehand, since there are few, and copied to shared memory tap by
/// tap:
///
///     rows[tile][tap][position][i] = entry of channel i of the tile in the lower half, of channel i + 32 in the upper
///
/// Lane i looks up both, each at its own position, and always in bank i. A warp owns kWarpRows rows of all 64 channels.
///
/// Grid: x over tiles of rows, y over tiles of channels. Shared memory: two taps, 68 KiB.
struct DepthwiseProgram {
    using Args = DepthwiseArgs;
    static constexpr unsigned kThreads = 1024, kWarpRows = 16;
    static constexpr unsigned kRows = kThreads / kWarpThreads * kWarpRows, kChannels = 2 * kWarpThreads;
    static constexpr unsigned kTapWords = 256 * kWarpThreads;

    static constexpr size_t shared_bytes() {
        return cuda::shared_bytes<uint32_t>(size_t{2} * kTapWords) + cuda::shared_bytes<uint32_t>(size_t{2} * kRows);
    }

    template <typename Block>
    CONCRETE_DEVICE static void run(Block& block, const Args& g) {
        auto* const table = block.template shared<uint32_t>(2 * kTapWords);
        auto* const sources = block.template shared<uint32_t>(2 * kRows);
        auto sums = block.template registers<Sums>();
        const uint32_t first_row = block.x() * kRows, tile = block.y();
        const auto issue = [&](uint32_t tap) {
            block.issue_copies([&](ThreadIndex t, auto& copies) {
                if (tap >= g.shape.taps()) return;
                const uint32_t* const from = g.rows + size_t{tile * g.shape.taps() + tap} * kTapWords;
                for (unsigned i = 4 * t.index; i < kTapWords; i += 4 * kThreads)
                    copies.copy16(table + tap % 2 * kTapWords + i, from + i);
                if (t.index < kRows) sources[tap % 2 * kRows + t.index] = source(g, first_row + t.index, tap);
            });
        };

        block.for_each_thread([&](ThreadIndex t) { sums[t] = {}; });
        issue(0);
        for (uint32_t tap = 0; tap < g.shape.taps(); ++tap) {
            issue(tap + 1);
            block.template wait_for_copies<1>();
            block.for_each_thread([&](ThreadIndex t) {
                add_tap<0>(g, t, tile, table + tap % 2 * kTapWords, sources + tap % 2 * kRows, sums[t]);
                add_tap<1>(g, t, tile, table + tap % 2 * kTapWords, sources + tap % 2 * kRows, sums[t]);
            });
        }
        store_half<0>(block, g, sums, table);
        store_half<1>(block, g, sums, table);
    }

  private:
    struct Sums {
        uint32_t channels[2][kWarpRows];
    };
    static_assert(kRows <= kThreads && kRows * kWarpThreads <= 2 * kTapWords);

    CONCRETE_DEVICE static uint32_t channel_of(ThreadIndex t, uint32_t tile, unsigned half) {
        return tile * kChannels + half * kWarpThreads + t.lane();
    }

    static constexpr uint32_t kPadding = ~uint32_t{0};  // a source

    /// Where the codes of the pixel under a tap begin.
    CONCRETE_DEVICE static uint32_t source(const Args& g, uint32_t row, uint32_t tap) {
        const ConvShape& s = g.shape;
        if (row >= g.row_count()) return kPadding;
        const uint32_t pixel = g.by_pixels.remainder(row), kernel_y = tap / s.kernel[1];
        const int32_t in =
            s.source(g.by_out_w.quotient(pixel), g.by_out_w.remainder(pixel), kernel_y, tap - kernel_y * s.kernel[1]);
        if (in < 0) return kPadding;
        return (g.by_pixels.quotient(row) * s.in_h * s.in_w + static_cast<uint32_t>(in)) * s.in_channels;
    }

    /// All codes are loaded before the first is used, those of padding from any place: a branch around a load would
    /// make each wait for the one before.
    template <unsigned kHalf>
    CONCRETE_DEVICE static void add_tap(const Args& g, ThreadIndex t, uint32_t tile, const uint32_t* table,
                                        const uint32_t* sources, Sums& sums) {
        const auto* const codes = static_cast<const uint8_t*>(g.in.data);
        const uint32_t wanted = channel_of(t, tile, kHalf), channel = wanted < g.shape.in_channels ? wanted : 0;
        uint32_t positions[kWarpRows];
        for (unsigned i = 0; i < kWarpRows; ++i) {
            const uint32_t source = sources[t.warp() * kWarpRows + i];
            positions[i] = codes[(source == kPadding ? 0 : source) + channel];
        }
        for (unsigned i = 0; i < kWarpRows; ++i) {
            const bool is_padding = sources[t.warp() * kWarpRows + i] == kPadding;
            const uint32_t position = is_padding ? g.padding_position : positions[i] - g.offset;
            const uint32_t entries = table[position * kWarpThreads + t.lane()];
            sums.channels[kHalf][i] += kHalf == 0 ? entries & 0xFFFFU : entries >> 16;
        }
    }

    /// Through shared memory, so that a loop stores the sums and not kWarpRows copies of it.
    template <unsigned kHalf, typename Block, typename AllSums>
    CONCRETE_DEVICE static void store_half(Block& block, const Args& g, const AllSums& sums, uint32_t* results) {
        const uint32_t first_row = block.x() * kRows, tile = block.y();
        block.for_each_thread([&](ThreadIndex t) {
            for (unsigned i = 0; i < kWarpRows; ++i)
                results[(t.warp() * kWarpRows + i) * kWarpThreads + t.lane()] = sums[t].channels[kHalf][i];
        });
        block.for_each_thread([&](ThreadIndex t) {
            const uint32_t channel = channel_of(t, tile, kHalf);
            if (channel >= g.shape.out_channels) return;
            for (unsigned i = t.warp(); i < kRows && first_row + i < g.row_count(); i += kThreads / kWarpThreads) {
                const uint32_t sum = results[i * kWarpThreads + t.lane()];
                g.finish.store_sum(first_row + i, channel, g.sum_offset + int64_t{sum});
            }
        });
    }
};

}  // namespace concrete::cuda

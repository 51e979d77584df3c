#pragma once

#include "cuda/block.h"
#include "cuda/code_map.h"
#include "cuda/conv_shape.h"
#include "cuda/finish.h"
#include "sim/accumulator.h"

namespace concrete::cuda {

/// How the accumulator of GatherProgram adds.
enum class GatherAdder {
    modular,      ///< exact and wrapping: a sum modulo 2^64, wrapped at the end
    closed_form,  ///< a lower part or saturation, step by step
    table,        ///< an adder operator's table
};

struct GatherArgs {
    CodeMap in;
    ConvShape shape;
    int64_t padding_code = 0;
    bool skips = false;  ///< leaves padding out instead

    const int32_t* table = nullptr;  ///< products, [activation code - a_lowest][weight code - w_lowest]; null: exact
    int64_t a_lowest = 0, w_lowest = 0;
    uint32_t w_count = 0;
    const int32_t* w = nullptr;  ///< weight codes, [columns][k]

    sim::LowerPart lower_part = sim::LowerPart::or_with_carry;
    int or_bits = 0;
    const int32_t* adder_table = nullptr;  ///< [2^W][2^W], by raw patterns

    Finish finish;
};

/// sim/gather.cpp for a whole layer: the reference of the other engines on the device. One thread owns one output and
/// adds k = 0, 1, ... in turn. Nothing is padded: code 0 is an operand like any other.
///
/// Grid: x over rows * columns, columns fastest, so that a warp shares its activations. No shared memory.
template <GatherAdder kAdder>
struct GatherProgram {
    using Args = GatherArgs;
    static constexpr unsigned kThreads = 256;

    template <typename Block>
    CONCRETE_DEVICE static void run(Block& block, const Args& g) {
        block.for_each_thread([&](ThreadIndex t) {
            const uint32_t index = block.x() * kThreads + t.index, columns = g.shape.out_channels;
            if (index >= g.in.images * g.shape.pixels() * columns) return;
            const uint32_t row = index / columns, column = index % columns;
            g.finish.store(row, column, accumulate_window(g, row, column));
        });
    }

  private:
    CONCRETE_DEVICE static int64_t accumulate_window(const Args& g, uint32_t row, uint32_t column) {
        const ConvShape& s = g.shape;
        const uint32_t image = row / s.pixels(), y = row % s.pixels() / s.out_w, x = row % s.out_w;
        const size_t first_pixel = size_t{image} * s.in_h * s.in_w;
        const uint32_t first_channel = column / s.group_outputs() * s.group_inputs();
        const int32_t* w = g.w + size_t{column} * s.k();
        int64_t acc = g.finish.start(row, column);
        for (uint32_t channel = first_channel; channel < first_channel + s.group_inputs(); ++channel) {
            for (uint32_t ky = 0; ky < s.kernel[0]; ++ky) {
                for (uint32_t kx = 0; kx < s.kernel[1]; ++kx, ++w) {
                    const int32_t pixel = s.source(y, x, ky, kx);
                    if (pixel < 0 && g.skips) continue;
                    const int64_t a =
                        pixel < 0 ? g.padding_code : g.in.code((first_pixel + pixel) * s.in_channels + channel);
                    acc = add(g, acc, product(g, a, *w));
                }
            }
        }
        return kAdder == GatherAdder::modular ? sim::decode(static_cast<uint64_t>(acc), g.finish.acc_bits, true) : acc;
    }

    CONCRETE_DEVICE static int64_t product(const Args& g, int64_t a, int32_t w) {
        if (!g.table) return a * w;
        return g.table[static_cast<size_t>(a - g.a_lowest) * g.w_count + static_cast<size_t>(w - g.w_lowest)];
    }

    CONCRETE_DEVICE static int64_t add(const Args& g, int64_t acc, int64_t product) {
        if constexpr (kAdder == GatherAdder::modular) {
            return static_cast<int64_t>(static_cast<uint64_t>(acc) + static_cast<uint64_t>(product));
        }
        const auto sum = [&g](uint64_t a, uint64_t b) -> uint64_t {
            if constexpr (kAdder == GatherAdder::table) {
                return static_cast<uint64_t>(int64_t{g.adder_table[a << g.finish.acc_bits | b]});
            }
            return sim::detail::lower_part_sum(g.lower_part, a, b, g.or_bits);
        };
        return sim::accumulate_by(sum, g.finish.acc_bits, g.finish.overflow, acc, product);
    }
};

}  // namespace concrete::cuda

#pragma once

#include "cuda/block.h"
#include "cuda/code_map.h"
#include "cuda/conv_shape.h"

namespace concrete::cuda {

struct WindowSumsArgs {
    CodeMap in;
    ConvShape shape;
    const int64_t* values = nullptr;  ///< what is summed, by stored code; null: the codes themselves
    int64_t padding_value = 0;        ///< what a padding position adds; 0 where they are skipped
    uint32_t parts = 1;               ///< threads that share the sum of a pixel
    int64_t* pixel_sums = nullptr;    ///< [images][in_h][in_w][groups]
    int64_t* sums = nullptr;          ///< [rows][groups]

    CONCRETE_HOST_DEVICE size_t pixels() const { return size_t{in.images} * shape.in_h * shape.in_w; }
    CONCRETE_HOST_DEVICE size_t rows() const { return size_t{in.images} * shape.pixels(); }
};

/// Sums over the channels of a group, for every input pixel: a code is looked up once, however many windows it is in.
/// So many threads share a sum that none has to add much more than 16 codes, as far as a block has threads: fully
/// connected layers are one pixel of all features.
///
/// Grid: x over pixels * groups, kThreads / parts of them a block. Shared memory: kThreads sums.
struct PixelSumsProgram {
    using Args = WindowSumsArgs;
    static constexpr unsigned kThreads = 128;
    static constexpr size_t kSharedBytes = shared_bytes<int64_t>(kThreads);

    /// WindowSumsArgs::parts, a power of two.
    static constexpr uint32_t parts(uint32_t channels) {
        uint32_t parts = 1;
        while (parts < kThreads && parts * 16 < channels) parts *= 2;
        return parts;
    }

    template <typename Block>
    CONCRETE_DEVICE static void run(Block& block, const Args& g) {
        int64_t* const sums = block.template shared<int64_t>(kThreads);
        const size_t count = g.pixels() * g.shape.groups, first = size_t{block.x()} * (kThreads / g.parts);
        block.for_each_thread([&](ThreadIndex t) {
            const size_t index = first + t.index / g.parts;
            const uint32_t channels = g.shape.group_inputs();
            const size_t begin = index * channels;  // pixel * in_channels + group * channels
            int64_t sum = 0;
            for (size_t i = begin + t.index % g.parts; index < count && i < begin + channels; i += g.parts)
                sum += g.values ? g.values[g.in.stored(i)] : g.in.code(i);
            sums[t.index] = sum;
        });
        block.for_each_thread([&](ThreadIndex t) {
            if (t.index % g.parts != 0 || first + t.index / g.parts >= count) return;
            int64_t sum = 0;
            for (uint32_t part = 0; part < g.parts; ++part) sum += sums[t.index + part];
            g.pixel_sums[first + t.index / g.parts] = sum;
        });
    }
};

/// Sums of those over the taps of every window. Grid: x over rows * groups. No shared memory.
struct WindowSumsProgram {
    using Args = WindowSumsArgs;
    static constexpr unsigned kThreads = 128;

    template <typename Block>
    CONCRETE_DEVICE static void run(Block& block, const Args& g) {
        block.for_each_thread([&](ThreadIndex t) {
            const size_t index = size_t{block.x()} * kThreads + t.index;
            if (index >= g.rows() * g.shape.groups) return;
            g.sums[index] = window_sum(g, index / g.shape.groups, index % g.shape.groups);
        });
    }

  private:
    CONCRETE_DEVICE static int64_t window_sum(const Args& g, size_t row, size_t group) {
        const ConvShape& s = g.shape;
        const auto pixel = static_cast<uint32_t>(row % s.pixels());
        const size_t first_pixel = row / s.pixels() * s.in_h * s.in_w;
        int64_t sum = 0;
        for (uint32_t ky = 0; ky < s.kernel[0]; ++ky) {
            for (uint32_t kx = 0; kx < s.kernel[1]; ++kx) {
                const int32_t source = s.source(pixel / s.out_w, pixel % s.out_w, ky, kx);
                sum += source < 0 ? g.padding_value * s.group_inputs()
                                  : g.pixel_sums[(first_pixel + source) * s.groups + group];
            }
        }
        return sum;
    }
};

}  // namespace concrete::cuda

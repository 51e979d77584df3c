#pragma once

#include "cuda/block.h"
#include "cuda/code_map.h"
#include "sim/code_layers.h"
#include "sim/requantize.h"

/// sim/code_layers.h for devices, bit for bit. Each thread makes kPack codes that lie together: 16 where a code is a
/// byte and channels come in sixteens, which one access of 16 bytes moves; else one.
namespace concrete::cuda {

inline constexpr unsigned kCodeThreads = 256;

/// Grid of all programs here: x over what kPack threads each make. No shared memory.
template <typename Block, typename Body>
CONCRETE_DEVICE void for_each_pack(Block& block, size_t packs, const Body& body) {
    block.for_each_thread([&](ThreadIndex t) {
        const size_t pack = size_t{block.x()} * kCodeThreads + t.index;
        if (pack < packs) body(pack);
    });
}

template <unsigned kPack>
struct CodePack {
    int32_t codes[kPack];

    /// Args: first: index of the first code, a multiple of kPack.
    CONCRETE_DEVICE static CodePack load(const CodeMap& map, size_t first) {
        CodePack pack;
        if constexpr (kPack == 1) {
            pack.codes[0] = static_cast<int32_t>(map.code(first));
        } else {
            const Bytes bytes = static_cast<const Bytes*>(map.data)[first / kPack];
            for (unsigned i = 0; i < kPack; ++i)
                pack.codes[i] = bytes.values[i] + static_cast<int32_t>(map.format.lowest);
        }
        return pack;
    }
    CONCRETE_DEVICE void store(const CodeMap& map, size_t first) const {
        if constexpr (kPack == 1) {
            map.store(first, codes[0]);
        } else {
            Bytes bytes;
            for (unsigned i = 0; i < kPack; ++i)
                bytes.values[i] = static_cast<uint8_t>(codes[i] - static_cast<int32_t>(map.format.lowest));
            static_cast<Bytes*>(map.data)[first / kPack] = bytes;
        }
    }

  private:
    struct alignas(kPack) Bytes {
        uint8_t values[kPack];
    };
};

struct ReluArgs {
    CodeMap in, out;
    int32_t zero_point = 0;
};

template <unsigned kPack>
struct ReluProgram {
    using Args = ReluArgs;
    static constexpr unsigned kThreads = kCodeThreads;

    template <typename Block>
    CONCRETE_DEVICE static void run(Block& block, const Args& g) {
        for_each_pack(block, g.out.size() / kPack, [&](size_t pack) {
            auto codes = CodePack<kPack>::load(g.in, pack * kPack);
            for (int32_t& code : codes.codes) code = code < g.zero_point ? g.zero_point : code;
            codes.store(g.out, pack * kPack);
        });
    }
};

struct PoolArgs {
    CodeMap in, out;
    uint32_t kernel[2] = {1, 1}, stride[2] = {1, 1}, padding[2] = {0, 0};
    int32_t zero_point = 0;
    const sim::Requantizer* by_area = nullptr;  ///< average_requantizers(); null: the largest code
};

/// Where a kernel reaches the picture in the direction of an axis.
struct PoolReach {
    uint32_t begin, end;

    CONCRETE_DEVICE PoolReach(const PoolArgs& g, unsigned axis, uint32_t position, uint32_t extent) {
        const uint32_t first = position * g.stride[axis], last = first + g.kernel[axis], padding = g.padding[axis];
        begin = first < padding ? 0 : first - padding;
        end = last < padding ? 0 : last - padding < extent ? last - padding : extent;
    }
    CONCRETE_DEVICE uint32_t size() const { return end - begin; }
};

template <bool kAverage, unsigned kPack>
struct PoolProgram {
    using Args = PoolArgs;
    static constexpr unsigned kThreads = kCodeThreads;

    template <typename Block>
    CONCRETE_DEVICE static void run(Block& block, const Args& g) {
        for_each_pack(block, g.out.size() / kPack, [&](size_t pack) { pool(g, pack * kPack); });
    }

  private:
    CONCRETE_DEVICE static void pool(const Args& g, size_t index) {
        const uint32_t picture = g.out.h * g.out.w * g.out.channels;
        const auto image = static_cast<uint32_t>(index / picture), within = static_cast<uint32_t>(index % picture);
        const uint32_t channel = within % g.out.channels, pixel = within / g.out.channels;
        const PoolReach rows(g, 0, pixel / g.out.w, g.in.h), columns(g, 1, pixel % g.out.w, g.in.w);
        CodePack<kPack> result;
        for (int32_t& code : result.codes) code = kAverage ? 0 : INT32_MIN;
        for (uint32_t y = rows.begin; y < rows.end; ++y) {
            for (uint32_t x = columns.begin; x < columns.end; ++x) {
                const size_t at = ((size_t{image} * g.in.h + y) * g.in.w + x) * g.in.channels + channel;
                add(g, result, CodePack<kPack>::load(g.in, at));
            }
        }
        if constexpr (kAverage) {
            const sim::Requantizer& mean = g.by_area[size_t{rows.size()} * columns.size()];
            for (int32_t& code : result.codes) code = static_cast<int32_t>(sim::requantize(mean, code));
        }
        result.store(g.out, index);
    }

    CONCRETE_DEVICE static void add(const Args& g, CodePack<kPack>& result, const CodePack<kPack>& codes) {
        for (unsigned i = 0; i < kPack; ++i) {
            int32_t& sum = result.codes[i];
            if constexpr (kAverage) {
                sum += codes.codes[i] - g.zero_point;
            } else {
                sum = sum < codes.codes[i] ? codes.codes[i] : sum;
            }
        }
    }
};

struct AddArgs {
    static constexpr unsigned kMost = 16;  ///< addends; the arguments of a kernel fit 4 KiB

    struct Addend {
        CodeMap in;
        int32_t zero_point;
        sim::Requantizer to_sum;
    };
    Addend addends[kMost];
    uint32_t count = 0;
    CodeMap out;
    int64_t zero_point = 0, lowest = 0, highest = 0;
};

template <unsigned kPack>
struct AddProgram {
    using Args = AddArgs;
    static constexpr unsigned kThreads = kCodeThreads;

    template <typename Block>
    CONCRETE_DEVICE static void run(Block& block, const Args& g) {
        for_each_pack(block, g.out.size() / kPack, [&](size_t pack) {
            int64_t sums[kPack] = {};
            for (uint32_t j = 0; j < g.count; ++j) {
                const AddArgs::Addend& addend = g.addends[j];
                const auto codes = CodePack<kPack>::load(addend.in, pack * kPack);
                for (unsigned i = 0; i < kPack; ++i)
                    sums[i] += sim::requantize(addend.to_sum, codes.codes[i] - addend.zero_point);
            }
            CodePack<kPack> result;
            for (unsigned i = 0; i < kPack; ++i) result.codes[i] = rounded(g, sums[i]);
            result.store(g.out, pack * kPack);
        });
    }

  private:
    CONCRETE_DEVICE static int32_t rounded(const Args& g, int64_t sum) {
        constexpr int64_t kHalf = int64_t{1} << (sim::kAddendFractionBits - 1);
        const int64_t code = ((sum + kHalf) >> sim::kAddendFractionBits) + g.zero_point;
        return static_cast<int32_t>(code < g.lowest ? g.lowest : code > g.highest ? g.highest : code);
    }
};

struct FlattenArgs {
    CodeMap in, out;
};

/// Features count (channel, row, column), the column fastest.
struct FlattenProgram {
    using Args = FlattenArgs;
    static constexpr unsigned kThreads = kCodeThreads;

    template <typename Block>
    CONCRETE_DEVICE static void run(Block& block, const Args& g) {
        for_each_pack(block, g.out.size(), [&](size_t index) {
            const uint32_t feature = static_cast<uint32_t>(index % g.out.channels), pixels = g.in.h * g.in.w;
            const size_t image = index / g.out.channels, channel = feature / pixels, pixel = feature % pixels;
            g.out.store(index, g.in.code((image * pixels + pixel) * g.in.channels + channel));
        });
    }
};

struct PixelsArgs {
    const uint8_t* pixels = nullptr;  ///< [images][channels][h][w]
    const int32_t* table = nullptr;   ///< [channels][256]: codes
    CodeMap out;
};

/// Codes of pictures: what normalisation and quantisation make of the 256 values that a pixel has.
struct PixelsProgram {
    using Args = PixelsArgs;
    static constexpr unsigned kThreads = kCodeThreads;

    template <typename Block>
    CONCRETE_DEVICE static void run(Block& block, const Args& g) {
        for_each_pack(block, g.out.size(), [&](size_t index) {
            const size_t channel = index % g.out.channels, pixels = size_t{g.out.h} * g.out.w;
            const size_t image = index / g.out.channels / pixels, pixel = index / g.out.channels % pixels;
            g.out.store(index, g.table[channel * 256 + g.pixels[(image * g.out.channels + channel) * pixels + pixel]]);
        });
    }
};

}  // namespace concrete::cuda

#include "cuda/permute_depthwise.h"

#include <gtest/gtest.h>

#include "cuda/permute.h"
#include "cuda/product_testing.h"

namespace concrete::cuda {
namespace {

using sim::AccumulatorSpec;
using sim::Overflow;
using sim::PaddingMode;
using sim::testing::LayerCase;

std::unique_ptr<DeviceProduct> depthwise(const ProductSetup& setup) {
    return make_depthwise(setup, PermuteTable::of_sums(sim::summed_table(setup.task)));
}

LayerCase depthwise_case(size_t channels, size_t h, size_t w, const sim::Window& window) {
    return {channels, h, w, channels, channels, window};
}

TEST(DeviceDepthwise, EqualsTheCpuAroundTileSizes) {
    struct Case {
        size_t channels, h, w, images;
        sim::Window window;
    };
    const sim::Window same{{3, 3}, {1, 1}, {1, 1}, {1, 1}};
    const Case cases[] = {{1, 5, 4, 1, same},
                          {31, 4, 4, 3, same},
                          {32, 3, 3, 2, same},
                          {33, 3, 5, 1, {{3, 2}, {2, 1}, {2, 0}, {1, 2}}},
                          {63, 1, 7, 1, same},
                          {64, 2, 2, 1, {{2, 2}, {1, 1}, {0, 0}, {1, 1}}},
                          {65, 3, 3, 1, {{5, 3}, {1, 2}, {3, 2}, {1, 1}}},
                          {97, 2, 3, 2, {{1, 1}, {1, 1}, {0, 0}, {1, 1}}},
                          {2, 1, 511, 1, {{1, 3}, {1, 1}, {0, 1}, {1, 1}}},
                          {2, 1, 512, 1, {{1, 3}, {1, 1}, {0, 1}, {1, 1}}},
                          {2, 1, 513, 1, {{1, 3}, {1, 1}, {0, 1}, {1, 1}}},
                          {3, 13, 10, 8, {{7, 7}, {1, 1}, {3, 3}, {1, 1}}}};
    uint64_t seed = 0;
    for (const Case& c : cases) {
        for (const PaddingMode padding : {PaddingMode::code, PaddingMode::skip}) {
            ++seed;
            const AccumulatorSpec acc{seed % 3 == 0 ? 48 : seed % 3 == 1 ? 32 : 18, Overflow::wrap, 0, nullptr};
            const sim::MacLayer layer =
                make_layer(depthwise_case(c.channels, c.h, c.w, c.window), seed % 4 < 2, padding, acc, seed);
            testing::expect_layer(layer, sim::testing::random_codes(layer, c.images, seed), depthwise,
                                  "seed " + std::to_string(seed));
        }
    }
}

TEST(DeviceDepthwise, IsForChannelsOfTheirOwnAndEntriesOf16Bits) {
    HostExecutor executor;
    const auto covers = [&](const LayerCase& shape, int y_bits) {
        const auto multiplier = sim::testing::random_multiplier(8, 8, y_bits, true, 1);
        const sim::MacLayer layer = make_layer(shape, false, PaddingMode::code, {}, 1, multiplier);
        const sim::ProductTask task = sim::product_task(layer);
        return depthwise(product_setup(executor, layer, task)) != nullptr;
    };
    const sim::Window window{{3, 3}, {1, 1}, {1, 1}, {1, 1}};
    EXPECT_TRUE(covers(depthwise_case(6, 4, 4, window), 16));
    EXPECT_FALSE(covers(depthwise_case(6, 4, 4, window), 17));
    EXPECT_FALSE(covers({6, 4, 4, 6, 3, window}, 16));
    EXPECT_FALSE(covers({6, 4, 4, 12, 6, window}, 16));
}

}  // namespace
}  // namespace concrete::cuda

#include "cuda/window_sums.h"

#include <gtest/gtest.h>
#include <random>

#include "cuda/product_testing.h"

namespace concrete::cuda {
namespace {

TEST(WindowSums, AddAllCodesOfAWindow) {
    std::mt19937_64 random(1);
    for (const size_t channels : {1, 16, 17, 64, 2048, 2049, 5000}) {  // of a group
        const sim::testing::LayerCase shape{2 * channels, 3, 2, 2, 2, {{2, 2}, {2, 1}, {1, 0}, {1, 1}}};
        const sim::MacLayer layer = sim::testing::make_layer(shape, true, sim::PaddingMode::code, {}, channels);
        const sim::Tensor<int32_t> codes = sim::testing::random_codes(layer, 2, channels);
        std::vector<int64_t> values(256);
        for (int64_t& value : values) value = static_cast<int64_t>(random() % 100000) - 50000;

        std::vector<int64_t> expected;  // [image][y][x][group]
        for (size_t i = 0; i < 2 * layer.out_h * layer.out_w * 2; ++i) {
            const size_t group = i % 2, x = i / 2 % layer.out_w, y = i / 2 / layer.out_w % layer.out_h;
            const size_t image = i / 2 / layer.out_w / layer.out_h;
            int64_t sum = 0;
            for (size_t k = 0; k < channels * 4; ++k) {
                const size_t channel = group * channels + k / 4, row = 2 * y + k / 2 % 2, column = x + k % 2;
                const bool is_padding = row < 1 || row > 3;
                const size_t at = ((image * 2 * channels + channel) * 3 + row - 1) * 2 + column;
                sum += is_padding ? 7 : values[static_cast<size_t>(int64_t{codes.data[at]} + 128)];
            }
            expected.push_back(sum);
        }

        for (const auto& executor : testing::all_executors()) {
            const testing::DeviceCodes in(*executor, codes, layer.a_range);
            const WindowSums sums(*executor, ConvShape(layer), values, 7);
            const DeviceArray<int64_t> out(*executor, sums.sums(2)), scratch(*executor, sums.scratch(2));
            const auto stream = executor->make_stream();
            sums.run(*stream, in.map(), out.data(), scratch.data());
            stream->synchronize();
            EXPECT_EQ(out.values(), expected) << channels << " channels";
        }
    }
}

}  // namespace
}  // namespace concrete::cuda

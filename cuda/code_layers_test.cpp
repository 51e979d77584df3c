#include "cuda/code_layers.h"

#include <gtest/gtest.h>
#include <random>

#include "cuda/code_transfer.h"
#include "cuda/product_testing.h"
#include "sim/code_layers.h"
#include "sim/dataset.h"

namespace concrete::cuda {
namespace {

using sim::CodeRange;
using sim::CodeTensor;
using sim::Tensor;

const CodeRange kBytes{-128, 127}, kUnsigned{0, 200}, kWide{-5000, 3000};

CodeTensor random_tensor(const sim::Shape& shape, const sim::QuantParams& params, const CodeRange& range,
                         uint64_t seed) {
    CodeTensor result{Tensor<int32_t>(shape), params, range};
    std::mt19937_64 random(seed);
    for (int32_t& code : result.codes.data)
        code = static_cast<int32_t>(range.lowest + static_cast<int64_t>(random() % range.count()));
    return result;
}

/// Runs enqueue(executor, stream, out) and expects the codes of a tensor of the host on every executor.
template <typename Enqueue>
void expect_codes(const CodeTensor& expected, const std::string& label, const Enqueue& enqueue) {
    for (const auto& executor : testing::all_executors()) {
        Tensor<int32_t> nothing = expected.codes;
        std::fill(nothing.data.begin(), nothing.data.end(), static_cast<int32_t>(expected.range.lowest));
        const testing::DeviceCodes out(*executor, nothing, expected.range);
        const auto stream = executor->make_stream();
        enqueue(*executor, *stream, out.map());
        std::vector<uint8_t> bytes(out.map().bytes());
        stream->download(bytes.data(), out.map().data, bytes.size());
        stream->synchronize();
        CodeMap map = out.map();
        map.data = bytes.data();
        EXPECT_EQ(unpacked_codes(map).data, expected.codes.data) << label << ", " << executor->label();
    }
}

std::vector<sim::Shape> shapes() {
    return {{1, 1, 1, 1}, {2, 3, 5, 4}, {3, 16, 4, 7}, {2, 33, 3, 3}, {5, 17, 1, 1}, {1, 32, 9, 2}};
}

TEST(DeviceCodeLayers, ReluEqualsTheCpu) {
    uint64_t seed = 0;
    for (const sim::Shape& shape : shapes()) {
        for (const CodeRange& range : {kBytes, kUnsigned, kWide}) {
            for (const int64_t zero_point : {range.lowest, int64_t{7}, range.highest}) {
                const CodeTensor in = random_tensor(shape, {0.5, zero_point}, range, ++seed);
                expect_codes(sim::code_relu(in), "seed " + std::to_string(seed),
                             [&](auto& executor, auto& stream, auto& out) {
                                 const testing::DeviceCodes codes(executor, in.codes, range);
                                 code_relu(stream, codes.map(), zero_point, out);
                             });
            }
        }
    }
}

/// Pools of every kind over pictures of `extent` rows and columns, with the shape they put out.
std::vector<sim::Layer> pools(size_t channels, size_t rows, size_t columns) {
    std::vector<sim::Layer> result;
    for (const sim::Window& window :
         {sim::Window{{1, 1}, {1, 1}, {0, 0}, {1, 1}}, sim::Window{{2, 2}, {2, 2}, {0, 0}, {1, 1}},
          sim::Window{{3, 2}, {2, 1}, {1, 1}, {1, 1}}, sim::Window{{3, 3}, {3, 2}, {2, 2}, {1, 1}},
          sim::Window{{rows, columns}, {1, 1}, {0, 0}, {1, 1}}}) {
        sim::Layer layer;
        layer.window = window;
        const auto extent = [&](size_t in, size_t axis) {
            const size_t padded = in + 2 * window.padding[axis];
            return padded < window.kernel[axis] ? 0 : (padded - window.kernel[axis]) / window.stride[axis] + 1;
        };
        layer.output_shape = {channels, extent(rows, 0), extent(columns, 1)};
        if (sim::element_count(layer.output_shape) > 0) result.push_back(layer);
    }
    return result;
}

TEST(DeviceCodeLayers, PoolingEqualsTheCpu) {
    uint64_t seed = 0;
    for (const sim::Shape& shape : shapes()) {
        for (const CodeRange& range : {kBytes, kWide}) {
            ++seed;
            const CodeTensor in = random_tensor(shape, {0.5, seed % 2 == 0 ? -37 : 12}, range, seed);
            for (const sim::Layer& layer : pools(shape[1], shape[2], shape[3])) {
                const std::string label =
                    "seed " + std::to_string(seed) + ", kernel " + std::to_string(layer.window.kernel[0]);
                expect_codes(sim::code_max_pool(in, layer), "largest, " + label,
                             [&](auto& executor, auto& stream, auto& out) {
                                 const testing::DeviceCodes codes(executor, in.codes, range);
                                 code_max_pool(stream, codes.map(), layer.window, out);
                             });
                expect_codes(
                    sim::code_avg_pool(in, layer), "mean, " + label, [&](auto& executor, auto& stream, auto& out) {
                        const testing::DeviceCodes codes(executor, in.codes, range);
                        const DeviceArray<sim::Requantizer> by_area(
                            executor, sim::average_requantizers(layer.window, in.params, range));
                        code_avg_pool(stream, codes.map(), layer.window, in.params.zero_point, by_area.data(), out);
                    });
            }
        }
    }
}

TEST(DeviceCodeLayers, AdditionEqualsTheCpu) {
    uint64_t seed = 0;
    const sim::QuantParams sum{0.06, 5};
    for (const sim::Shape& shape : shapes()) {
        for (const CodeRange& range : {kBytes, kWide}) {
            for (const size_t count : {size_t{2}, size_t{3}, size_t{16}}) {
                std::vector<CodeTensor> in;
                for (size_t i = 0; i < count; ++i)
                    in.push_back(random_tensor(shape,
                                               {0.011 * static_cast<double>(i + 1), static_cast<int64_t>(3 * i) - 4},
                                               i == 1 ? kUnsigned : kBytes, ++seed));
                std::vector<const CodeTensor*> inputs;
                for (const CodeTensor& tensor : in) inputs.push_back(&tensor);
                expect_codes(sim::code_add(inputs, sum, range), "seed " + std::to_string(seed),
                             [&](auto& executor, auto& stream, auto& out) {
                                 std::vector<testing::DeviceCodes> codes;
                                 std::vector<CodeAddend> addends;
                                 for (const CodeTensor& tensor : in) {
                                     codes.emplace_back(executor, tensor.codes, tensor.range);
                                     addends.push_back({codes.back().map(), tensor.params.zero_point,
                                                        sim::addend_requantizer(tensor.params, sum)});
                                 }
                                 code_add(stream, addends, sum.zero_point, range, out);
                             });
            }
        }
    }
    EXPECT_EQ(code_add_problem(16), "");
    EXPECT_EQ(code_add_problem(17), "add of 17 tensors: at most 16");
}

TEST(DeviceCodeLayers, FlattenedFeaturesCountChannelsFirst) {
    for (const sim::Shape& shape : shapes()) {
        for (const CodeRange& range : {kBytes, kWide}) {
            const CodeTensor in = random_tensor(shape, {1, 0}, range, shape[1]);
            CodeTensor flat = in;
            flat.codes.shape = {shape[0], shape[1] * shape[2] * shape[3], 1, 1};
            expect_codes(flat, sim::to_string(shape), [&](auto& executor, auto& stream, auto& out) {
                const testing::DeviceCodes codes(executor, in.codes, range);
                code_flatten(stream, codes.map(), out);
            });
        }
    }
}

TEST(DeviceCodeLayers, PixelsBecomeTheCodesOfTheCpu) {
    const std::vector<float> mean{0.4914f, 0.1f, 0.4465f}, std_dev{0.2f, 0.9f, 0.26f};
    sim::Dataset pictures{Tensor<uint8_t>({3, 3, 11, 9}), {0, 0, 0}};
    std::mt19937_64 random(5);
    for (uint8_t& pixel : pictures.pixels.data) pixel = static_cast<uint8_t>(random());
    for (const auto& [spec, params, range] :
         {std::tuple{sim::QuantSpec{8, sim::Scheme::symmetric}, sim::QuantParams{0.02, 0}, CodeRange{-127, 127}},
          std::tuple{sim::QuantSpec{8, sim::Scheme::affine}, sim::QuantParams{0.03, 71}, CodeRange{0, 255}},
          std::tuple{sim::QuantSpec{12, sim::Scheme::symmetric}, sim::QuantParams{0.0013, 0}, CodeRange{-2047, 2047}},
          std::tuple{sim::QuantSpec{1, sim::Scheme::symmetric}, sim::QuantParams{0.7, 0}, CodeRange{0, 1}}}) {
        const CodeTensor expected =
            sim::quantize_tensor(sim::normalize(pictures, 0, 3, mean, std_dev), spec, params, range);
        const std::vector<int32_t> table_values = pixel_table(mean, std_dev, spec, params, range);
        ASSERT_EQ(table_values.size(), 3U * 256);
        expect_codes(expected, std::to_string(spec.bits) + " bits", [&](auto& executor, auto& stream, auto& out) {
            const DeviceArray<uint8_t> pixels(executor, pictures.pixels.data);
            const DeviceArray<int32_t> table(executor, table_values);
            codes_of_pixels(stream, pixels.data(), table.data(), out);
        });
    }
}

TEST(CodeTransfer, PacksWhatItUnpacks) {
    const CodeTensor in = random_tensor({2, 3, 4, 5}, {1, 0}, kWide, 1);
    CodeMap map{nullptr, code_format(kWide), 2, 4, 5, 3};
    std::vector<uint8_t> bytes = packed_codes(in.codes, map);
    map.data = bytes.data();
    EXPECT_EQ(map.code(1), in.codes.data[20]) << "channels lie together";
    EXPECT_EQ(unpacked_codes(map), in.codes);
    const std::vector<int64_t> values{0, 1, 2, 3, 4, 5};
    EXPECT_EQ(channels_first(values.data(), {1, 2, 1, 3}).data, (std::vector<int64_t>{0, 2, 4, 1, 3, 5}));
}

}  // namespace
}  // namespace concrete::cuda

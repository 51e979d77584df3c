#include "cuda/or_sums.h"

#include <gtest/gtest.h>

#include "cuda/product_testing.h"

namespace concrete::cuda {
namespace {

using sim::LowerPart;
using sim::testing::LayerCase;

struct LowParts {
    std::vector<uint16_t> ors, pairs;  // [rows][columns]
};

/// By loops over the operands of every output.
LowParts expected_low_parts(const sim::MacLayer& layer, const sim::Tensor<int32_t>& codes) {
    const sim::LogicAccumulator logic(layer.acc);
    const size_t picture = layer.in_channels * layer.in_h * layer.in_w;
    LowParts result;
    for (size_t image = 0; image < codes.shape[0]; ++image) {
        for (size_t pixel = 0; pixel < layer.out_h * layer.out_w; ++pixel) {
            for (size_t channel = 0; channel < layer.out_channels; ++channel) {
                const sim::NeuronTrace trace = sim::trace_neuron(layer, codes.data.data() + image * picture, channel,
                                                                 pixel / layer.out_w, pixel % layer.out_w);
                uint64_t ors = 0, pairs = 0;
                for (size_t k = 0; k < trace.a.size(); ++k) {
                    const uint64_t low = logic.low(layer.products->product(trace.a[k], trace.w[k]));
                    pairs |= ors & low;
                    ors |= low;
                }
                result.ors.push_back(static_cast<uint16_t>(ors));
                result.pairs.push_back(static_cast<uint16_t>(pairs));
            }
        }
    }
    return result;
}

LowParts low_parts(Executor& executor, const sim::MacLayer& layer, const sim::Tensor<int32_t>& codes,
                   const PermuteCut& cut) {
    const sim::ProductTask task = sim::product_task(layer);
    const OrSums sums(product_setup(executor, layer, task), cut);
    const size_t images = codes.shape[0], count = images * layer.outputs_per_image();
    const testing::DeviceCodes in(executor, codes, layer.a_range);
    const DeviceArray<uint16_t> ors(executor, count), pairs(executor, sums.has_pairs() ? count : 0);
    const DeviceArray<uint8_t> scratch(executor, sums.scratch_bytes(images));
    const auto stream = executor.make_stream();
    sums.run(*stream, in.map(), ors.data(), pairs.data(), scratch.data());
    stream->synchronize();
    return {ors.values(), pairs.values()};
}

/// A table whose bits are rare, so that it takes some dozen k until all have come, and some more until all have twice.
std::shared_ptr<sim::Operator> sparse_multiplier(uint64_t seed) {
    auto op = sim::testing::random_multiplier(8, 8, 16, true, seed);
    for (uint64_t more = 1; more <= 3; ++more) {
        const auto mask = sim::testing::random_multiplier(8, 8, 16, true, seed + 1000 * more);
        for (size_t i = 0; i < op->lut.size(); ++i) op->lut[i] &= mask->lut[i];
    }
    return op;
}

TEST(DeviceOrSums, EqualLoopsWhereBitsAreRare) {
    const LayerCase shapes[] = {{13, 9, 8, 9, 1, {{2, 2}, {1, 1}, {1, 1}, {1, 1}}},
                                {6, 4, 4, 10, 2, {{1, 2}, {1, 1}, {0, 0}, {1, 1}}},
                                {24, 1, 1, 75, 1, {{1, 1}, {1, 1}, {0, 0}, {1, 1}}},
                                {130, 1, 1, 70, 1, {{1, 1}, {1, 1}, {0, 0}, {1, 1}}},
                                {75, 5, 14, 10, 1, {{1, 1}, {1, 1}, {0, 0}, {1, 1}}}};
    uint64_t seed = 0;
    for (const LayerCase& shape : shapes) {
        for (const LowerPart part : {LowerPart::or_with_carry, LowerPart::eta_i}) {
            for (const PermuteCut& cut : {PermuteCut{false, 1}, {false, 3}, {true, 1}, {true, 2}}) {
                ++seed;
                const int low_bits = seed % 3 == 0 ? 5 : 16;
                const sim::MacLayer layer =
                    make_layer(shape, true, seed % 5 == 0 ? sim::PaddingMode::skip : sim::PaddingMode::code,
                               {30, sim::Overflow::wrap, low_bits, nullptr, part}, seed, sparse_multiplier(seed));
                const sim::Tensor<int32_t> codes = sim::testing::random_codes(layer, 2, seed);
                const LowParts expected = expected_low_parts(layer, codes);
                const bool has_pairs = part == LowerPart::eta_i;
                EXPECT_NE(expected.ors, expected.pairs);
                for (const auto& executor : testing::all_executors()) {
                    const LowParts got = low_parts(*executor, layer, codes, cut);
                    EXPECT_TRUE(got.ors == expected.ors) << "seed " << seed;
                    EXPECT_TRUE(got.pairs == (has_pairs ? expected.pairs : std::vector<uint16_t>())) << "seed " << seed;
                }
            }
        }
    }
}

}  // namespace
}  // namespace concrete::cuda

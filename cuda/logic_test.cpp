#include "cuda/logic.h"

#include <gtest/gtest.h>

#include "cuda/permute.h"
#include "cuda/product_testing.h"
#include "sim/error.h"

namespace concrete::cuda {
namespace {

using sim::AccumulatorSpec;
using sim::LowerPart;
using sim::Overflow;
using sim::PaddingMode;
using sim::testing::LayerCase;

constexpr LowerPart kParts[] = {LowerPart::or_with_carry, LowerPart::or_only, LowerPart::zero,
                                LowerPart::one,           LowerPart::copy,    LowerPart::eta_i};

testing::MakeProduct logic_of(const PermuteCut& cut) {
    return [cut](const ProductSetup& setup) { return make_logic(setup, make_permute(setup, cut), cut); };
}

void expect_logic(const sim::MacLayer& layer, const sim::Tensor<int32_t>& codes, const PermuteCut& cut, uint64_t seed) {
    testing::expect_layer(layer, codes, logic_of(cut), "seed " + std::to_string(seed));
}

/// Small tiles and large ones, in one part and in several.
PermuteCut cut_of(uint64_t seed) {
    return {seed % 3 == 0, static_cast<uint32_t>(1 + seed % 2)};
}

TEST(DeviceLogic, EqualsTheCpuOnEveryLowerPart) {
    const LayerCase shapes[] = {{5, 6, 4, 9, 1, {{2, 3}, {1, 1}, {1, 1}, {1, 1}}},
                                {35, 1, 1, 70, 1, {{1, 1}, {1, 1}, {0, 0}, {1, 1}}}};
    uint64_t seed = 0;
    for (const LowerPart part : kParts) {
        for (const int low_bits : {0, 1, 2, 7, 8, 9, 15, 16}) {
            for (const int bits : {16, 24, 40}) {
                const LayerCase& shape = shapes[++seed % 2];
                const AccumulatorSpec acc{bits, Overflow::wrap, low_bits, nullptr, part};
                const auto multiplier = sim::testing::random_multiplier(8, 8, seed % 3 == 0 ? 9 : 17, true, seed);
                const sim::MacLayer layer = make_layer(shape, true, PaddingMode::code, acc, seed, multiplier);
                expect_logic(layer, sim::testing::random_codes(layer, 2, seed), cut_of(seed / 2), seed);
            }
        }
    }
}

TEST(DeviceLogic, EqualsTheCpuOnEveryShape) {
    uint64_t seed = 1000;
    for (const LayerCase& shape : sim::testing::layer_cases()) {
        for (const LowerPart part : {LowerPart::or_with_carry, LowerPart::eta_i}) {
            for (const PaddingMode padding : {PaddingMode::code, PaddingMode::skip}) {
                ++seed;
                const AccumulatorSpec acc{26, Overflow::wrap, 10, nullptr, part};
                const sim::MacLayer layer = make_layer(shape, seed % 2 == 0, padding, acc, seed);
                expect_logic(layer, sim::testing::random_codes(layer, 2, seed), cut_of(seed), seed);
            }
        }
    }
}

/// Layers with so many k that most warps leave early, and others never do.
TEST(DeviceLogic, EqualsTheCpuWhereWarpsLeaveEarly) {
    const LayerCase shapes[] = {{260, 3, 40, 10, 1, {{1, 1}, {1, 1}, {0, 0}, {1, 1}}},
                                {500, 1, 1, 90, 1, {{1, 1}, {1, 1}, {0, 0}, {1, 1}}}};
    uint64_t seed = 2000;
    for (const LayerCase& shape : shapes) {
        for (const LowerPart part : {LowerPart::or_only, LowerPart::eta_i}) {
            for (const int low_bits : {3, 12}) {
                ++seed;
                const AccumulatorSpec acc{28, Overflow::wrap, low_bits, nullptr, part};
                sim::MacLayer layer =
                    make_layer(shape, false, PaddingMode::code, acc, seed, sim::testing::exact_multiplier(8, 8, true));
                // A column of nothing, one with a bit in the last k only, and one of even weights.
                const size_t k = layer.k();
                std::fill_n(layer.w_codes.begin(), 2 * k, 0);
                layer.w_codes[2 * k - 1] = 1;
                for (size_t i = 2 * k; i < 3 * k; ++i) layer.w_codes[i] &= ~1;
                prepare(layer, sim::Engine::gather);
                sim::Tensor<int32_t> codes = sim::testing::random_codes(layer, 2, seed);
                expect_logic(layer, codes, cut_of(seed), seed);
                // A few rows have codes in their last channels only.
                const size_t pixels = layer.in_h * layer.in_w;
                for (size_t i = 0; i < codes.data.size(); ++i) {
                    if (i % pixels % 7 == 0 && i / pixels % shape.in_c + 3 < shape.in_c) codes.data[i] = 0;
                }
                expect_logic(layer, codes, cut_of(seed), seed);
            }
        }
    }
}

TEST(DeviceLogic, IsNamedSoAndTakesTheMemoryOfBothOneAfterTheOther) {
    const LayerCase shape{5, 6, 4, 9, 1, {{2, 3}, {1, 1}, {1, 1}, {1, 1}}};
    const AccumulatorSpec acc{24, Overflow::wrap, 6, nullptr};
    const sim::MacLayer layer = make_layer(shape, true, PaddingMode::code, acc, 1);
    HostExecutor executor;
    const sim::ProductTask task = sim::product_task(layer);
    const ProductSetup setup = product_setup(executor, layer, task);
    const auto sums = make_permute(setup, PermuteCut{});
    const auto logic = make_logic(setup, make_permute(setup, PermuteCut{}), PermuteCut{});
    EXPECT_EQ(logic->engine(), sim::Engine::logic);
    EXPECT_EQ(logic->scratch_bytes(2), sums->scratch_bytes(2) + 1024);  // 2 x 7 x 4 x 9 halves, rounded up
}

TEST(DeviceLogic, SaysWhatItCannotCompute) {
    const LayerCase shape{5, 6, 4, 9, 1, {{2, 3}, {1, 1}, {1, 1}, {1, 1}}};
    const sim::MacLayer layer = make_layer(shape, false, PaddingMode::code, {24, Overflow::wrap, 17, nullptr}, 1);
    HostExecutor executor;
    const sim::ProductTask task = sim::product_task(layer);
    EXPECT_THROW(make_logic(product_setup(executor, layer, task), nullptr), InputError);
}

}  // namespace
}  // namespace concrete::cuda

#include "cuda/gather.h"

#include <gtest/gtest.h>

#include "cuda/product_testing.h"
#include "sim/error.h"

namespace concrete::cuda {
namespace {

using sim::Overflow;

TEST(DeviceGather, EqualsTheCpuOnEveryShapeAndAccumulator) {
    const std::vector<sim::AccumulatorSpec> accumulators{
        {32, Overflow::wrap, 0, nullptr},
        {64, Overflow::wrap, 0, nullptr},
        {17, Overflow::saturate, 0, nullptr},
        {24, Overflow::wrap, 6, nullptr},
        {18, Overflow::saturate, 3, nullptr},
        {10, Overflow::saturate, 0, sim::testing::inverting_adder(10)},
        {20, Overflow::wrap, 9, nullptr, sim::LowerPart::eta_i},
    };
    uint64_t seed = 0;
    for (const sim::testing::LayerCase& shape : sim::testing::layer_cases()) {
        for (const sim::AccumulatorSpec& acc : accumulators) {
            for (const bool zero_points : {false, true}) {
                const sim::PaddingMode padding = ++seed % 2 == 0 ? sim::PaddingMode::skip : sim::PaddingMode::code;
                const sim::MacLayer layer = sim::testing::make_layer(shape, zero_points, padding, acc, seed);
                testing::expect_layer(layer, sim::testing::random_codes(layer, 1 + seed % 3, seed), make_gather,
                                      "seed " + std::to_string(seed));
            }
        }
    }
}

TEST(DeviceGather, ComputesExactProductsOfWideCodesWithoutATable) {
    const sim::testing::LayerCase shape{3, 5, 4, 7, 1, {{3, 2}, {1, 1}, {1, 0}, {1, 1}}};
    sim::MacLayer layer =
        sim::testing::make_layer(shape, true, sim::PaddingMode::code, {48, Overflow::wrap, 0, nullptr}, 3);
    auto exact = sim::testing::exact_multiplier(8, 8, true);
    exact->lut.clear();
    exact->a.bits = exact->b.bits = 16;
    exact->y.bits = 32;
    layer.a_range = layer.a_used = {-32768, 32767};
    layer.products = std::make_shared<sim::ProductModel>(exact, layer.a_range, layer.w_range, false);
    prepare(layer, sim::Engine::gather);
    testing::expect_layer(layer, sim::testing::random_codes(layer, 2, 5), make_gather, "16 bits");
}

TEST(DeviceGather, SaysWhatItCannotCompute) {
    const sim::testing::LayerCase shape = sim::testing::layer_cases()[0];
    sim::MacLayer layer = sim::testing::make_layer(shape, false, sim::PaddingMode::code, {}, 1);
    auto without_table = std::make_shared<sim::Operator>(*sim::testing::inverting_adder(8));
    without_table->lut.clear();
    layer.acc = {8, Overflow::wrap, 0, without_table};
    EXPECT_EQ(gather_problem(sim::product_task(layer)), "inverting has no table");
    HostExecutor executor;
    const sim::ProductTask task = sim::product_task(layer);
    EXPECT_THROW(make_gather(product_setup(executor, layer, task)), InputError);
}

}  // namespace
}  // namespace concrete::cuda

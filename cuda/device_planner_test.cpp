#include "cuda/device_planner.h"

#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cuda/product_testing.h"
#include "sim/error.h"

namespace concrete::cuda {
namespace {

using sim::Engine;
using sim::Overflow;
using ::testing::HasSubstr;

constexpr DeviceLimits kH100{9, 0, 132, 227 << 10, 1.7};
const sim::testing::LayerCase kSmall{16, 6, 5, 24, 1, {{3, 3}, {1, 1}, {1, 1}, {1, 1}}};
const sim::testing::LayerCase kLarge{64, 28, 28, 64, 1, {{3, 3}, {1, 1}, {1, 1}, {1, 1}}};

sim::MacLayer layer_of(const std::shared_ptr<sim::Operator>& multiplier, const sim::AccumulatorSpec& acc = {},
                       const sim::testing::LayerCase& shape = kLarge) {
    return sim::testing::make_layer(shape, true, sim::PaddingMode::code, acc, 5, multiplier);
}

std::vector<sim::EnginePlan> plans_of(const sim::MacLayer& layer) {
    return plan_engines(kH100, sim::product_task(layer), ConvShape(layer), sim::kPlannedImages);
}

TEST(DevicePlanner, ChoosesByRankAccumulatorAndWidth) {
    const auto random = sim::testing::random_multiplier(8, 8, 16, true, 7);
    EXPECT_EQ(plans_of(layer_of(sim::testing::low_rank_multiplier()))[0].engine, Engine::decomposed);
    EXPECT_EQ(plans_of(layer_of(random))[0].engine, Engine::permute);
    EXPECT_EQ(plans_of(layer_of(random, {24, Overflow::wrap, 6, nullptr}))[0].engine, Engine::logic);
    EXPECT_EQ(plans_of(layer_of(random, {17, Overflow::saturate, 0, nullptr}))[0].engine, Engine::gather);
    const auto logic = plans_of(layer_of(sim::testing::exact_multiplier(8, 8, true), {24, Overflow::wrap, 2, nullptr}));
    EXPECT_EQ(logic[0].engine, Engine::logic);
    EXPECT_EQ(logic[0].method, sim::SumMethod::decomposed);
    EXPECT_GT(logic[0].passes, 1U);
}

TEST(DevicePlanner, KnowsWhatPermuteDoesWithWideTablesAndDepthwiseLayers) {
    const auto narrow = sim::testing::random_multiplier(8, 8, 16, true, 7);
    const auto wide = sim::testing::random_multiplier(8, 8, 20, true, 7);
    const auto seconds = [](const sim::MacLayer& layer, Engine engine) {
        for (const sim::EnginePlan& plan : plans_of(layer))
            if (plan.engine == engine) return plan.seconds;
        return 0.0;
    };
    EXPECT_DOUBLE_EQ(seconds(layer_of(wide), Engine::permute), 2 * seconds(layer_of(narrow), Engine::permute));
    const sim::testing::LayerCase depthwise{64, 28, 28, 64, 64, {{3, 3}, {1, 1}, {1, 1}, {1, 1}}};
    EXPECT_LT(4 * seconds(layer_of(narrow, {}, depthwise), Engine::permute),
              seconds(layer_of(wide, {}, depthwise), Engine::permute));
}

TEST(DevicePlanner, NamesEveryEngineOnceAtLeastWithATimeOrAReason) {
    for (const sim::EnginePlan& plan : plans_of(layer_of(sim::testing::random_multiplier(8, 8, 16, true, 7))))
        EXPECT_EQ(plan.problem.empty(), plan.seconds > 0) << sim::to_string(plan.engine) << plan.problem;
    const auto plans = plans_of(layer_of(sim::testing::low_rank_multiplier()));
    for (const Engine engine : sim::all_engines()) {
        EXPECT_TRUE(std::any_of(plans.begin(), plans.end(), [&](const auto& plan) { return plan.engine == engine; }));
    }
    // Twice the multiprocessors, half the time, where there is work for all.
    DeviceLimits half = kH100;
    half.multiprocessors /= 2;
    const sim::MacLayer layer = layer_of(sim::testing::low_rank_multiplier());
    EXPECT_GT(plan_engines(half, sim::product_task(layer), ConvShape(layer), 1024)[0].seconds,
              plan_engines(kH100, sim::product_task(layer), ConvShape(layer), 1024)[0].seconds);
}

TEST(DevicePlanner, MakesTheEngineAskedForOrSaysWhyNot) {
    HostExecutor executor;
    const sim::MacLayer layer = layer_of(sim::testing::low_rank_multiplier());
    const sim::ProductTask task = sim::product_task(layer);
    for (const Engine engine : {Engine::gather, Engine::permute, Engine::decomposed})
        EXPECT_EQ(make_product(product_setup(executor, layer, task), engine)->engine(), engine);
    try {
        make_product(product_setup(executor, layer, task), Engine::netlist);
        ADD_FAILURE() << "low_rank has no netlist";
    } catch (const InputError& error) {
        EXPECT_THAT(error.what(), HasSubstr("netlist: low_rank has no netlist"));
    }
    EXPECT_THROW(make_product(product_setup(executor, layer, task), Engine::logic), InputError);
}

TEST(DevicePlanner, RefusesSumsAloneWhereLowPartsAreReduced) {
    HostExecutor executor;
    const sim::MacLayer layer = layer_of(sim::testing::low_rank_multiplier(), {24, Overflow::wrap, 2, nullptr}, kSmall);
    const sim::ProductTask task = sim::product_task(layer);
    for (const Engine engine : {Engine::permute, Engine::decomposed}) {
        try {
            make_product(product_setup(executor, layer, task), engine);
            ADD_FAILURE() << sim::to_string(engine);
        } catch (const InputError& error) {
            EXPECT_THAT(error.what(),
                        HasSubstr("engine " + sim::to_string(engine) + ": the accumulator is not modular; use logic"));
        }
    }
    EXPECT_EQ(make_product(product_setup(executor, layer, task), Engine::logic)->engine(), Engine::logic);
}

TEST(DevicePlanner, EveryChoiceEqualsTheCpu) {
    const std::vector<sim::AccumulatorSpec> accumulators{
        {32, Overflow::wrap, 0, nullptr}, {24, Overflow::wrap, 2, nullptr}, {17, Overflow::saturate, 0, nullptr}};
    const auto make = [](const ProductSetup& setup) { return make_product(setup, std::nullopt); };
    for (const auto& multiplier : {sim::testing::low_rank_multiplier(), sim::testing::exact_multiplier(8, 8, true),
                                   sim::testing::random_multiplier(8, 8, 16, true, 7)}) {
        for (const sim::AccumulatorSpec& acc : accumulators) {
            const sim::MacLayer layer = layer_of(multiplier, acc, kSmall);
            testing::expect_layer(layer, sim::testing::random_codes(layer, 2, 9), make,
                                  multiplier->name + ", " + sim::adder_label(acc));
        }
    }
}

}  // namespace
}  // namespace concrete::cuda

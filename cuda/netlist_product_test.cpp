#include "cuda/netlist_product.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <memory>
#include <string>

#include "cuda/netlist_source.h"
#include "cuda/product_testing.h"
#include "sim/error.h"

namespace concrete::cuda {
namespace {

using sim::CodeRange;
using sim::Engine;
using sim::Overflow;
using sim::PaddingMode;
using sim::testing::LayerCase;

const std::vector<PaddingMode> kPaddings{PaddingMode::code, PaddingMode::skip};

/// A fully connected layer.
LayerCase features(size_t k, size_t n) {
    return {k, 1, 1, n, 1, {{1, 1}, {1, 1}, {0, 0}, {1, 1}}};
}

/// Padding on all sides, two groups.
const LayerCase kSmallPicture{4, 4, 3, 6, 2, {{3, 2}, {1, 1}, {1, 1}, {1, 1}}};

struct Operands {
    std::shared_ptr<sim::Operator> op;
    CodeRange a, w;
    bool sign_magnitude = false;
};

Operands random_operands() {
    return {sim::testing::with_netlist(sim::testing::random_multiplier(5, 4, 9, true, 3)), {-16, 15}, {-8, 7}};
}

/// A layer with codes of these operands. Its expected result is that of `reference` on the CPU.
sim::MacLayer layer_of(const LayerCase& shape, const Operands& operands, bool zero_points, PaddingMode padding,
                       const sim::AccumulatorSpec& acc, uint64_t seed, Engine reference = Engine::gather) {
    sim::MacLayer layer = sim::testing::make_layer(shape, zero_points, padding, {}, seed);
    layer.acc = acc;
    layer.a_range = layer.a_used = operands.a;
    layer.w_range = operands.w;
    for (int32_t& code : layer.w_codes) {
        const int64_t position = (code + 128) * int64_t{40503} % static_cast<int64_t>(operands.w.count());
        code = static_cast<int32_t>(operands.w.lowest + position);
    }
    layer.a_params.zero_point = std::clamp(layer.a_params.zero_point, operands.a.lowest, operands.a.highest);
    for (int64_t& bias : layer.bias_codes) bias = sim::decode(static_cast<uint64_t>(bias), acc.bits, true);
    layer.products = std::make_shared<sim::ProductModel>(operands.op, operands.a, operands.w, operands.sign_magnitude);
    prepare(layer, reference);
    return layer;
}

std::unique_ptr<DeviceProduct> make_product(const ProductSetup& setup) {
    return make_netlist_product(setup);
}

void expect_images(const sim::MacLayer& layer, size_t images, uint64_t seed) {
    const std::string label = fmt::format("{} W={} {} {} images, seed {}", layer.products->multiplier().name,
                                          layer.acc.bits, adder_label(layer.acc), images, seed);
    testing::expect_layer(layer, sim::testing::random_codes(layer, images, seed), make_product, label);
}

TEST(DeviceNetlist, EqualsTheCpuOnEveryShape) {
    const Operands operands = random_operands();
    uint64_t seed = 0;
    for (const LayerCase& shape : sim::testing::layer_cases()) {
        for (const bool zero_points : {false, true}) {
            for (const PaddingMode padding : kPaddings) {
                const sim::AccumulatorSpec acc{18, Overflow::saturate, 3, nullptr};
                ++seed;
                expect_images(layer_of(shape, operands, zero_points, padding, acc, seed), 1 + seed % 3, seed);
            }
        }
    }
}

TEST(DeviceNetlist, EqualsTheCpuOnRaggedRowsAndColumns) {
    const Operands operands = random_operands();
    const sim::AccumulatorSpec acc{18, Overflow::saturate, 3, nullptr};
    uint64_t seed = 100;
    for (const size_t rows : {1, 31, 32, 33, 255, 256, 257}) {
        for (const auto& [k, n] : {std::array<size_t, 2>{1, 1}, {1, 33}, {33, 17}, {32, 1}}) {
            const sim::MacLayer layer = layer_of(features(k, n), operands, false, PaddingMode::code, acc, ++seed);
            expect_images(layer, rows, seed);
        }
    }
}

TEST(DeviceNetlist, EqualsTheCpuInPieces) {
    const LayerCase shape{2, 20, 21, 3, 1, {{3, 3}, {1, 1}, {1, 1}, {1, 1}}};  // 420 rows a picture
    const sim::AccumulatorSpec acc{18, Overflow::saturate, 3, nullptr};
    const sim::MacLayer layer = layer_of(shape, random_operands(), true, PaddingMode::skip, acc, 7);
    const size_t tile_bytes = (18 * 6 + 3 * 18) * sizeof(uint32_t) * kTileWords;
    for (const size_t piece_bytes : {size_t{1}, tile_bytes, 2 * tile_bytes + 1, 3 * tile_bytes}) {
        const auto make_pieces = [&](const ProductSetup& setup) { return make_netlist_product(setup, piece_bytes); };
        testing::expect_layer(layer, sim::testing::random_codes(layer, 2, 9), make_pieces, "in pieces");
    }
}

TEST(DeviceNetlist, EqualsTheCpuOnEveryAccumulator) {
    const Operands operands = random_operands();
    uint64_t seed = 200;
    for (const int bits : {2, 9, 31, 32, 33, 64}) {
        for (const Overflow overflow : {Overflow::wrap, Overflow::saturate}) {
            const PaddingMode padding = kPaddings[seed % 2];
            const sim::AccumulatorSpec acc{bits, overflow, seed % 3 == 0 ? bits / 2 : 0, nullptr};
            ++seed;
            expect_images(layer_of(kSmallPicture, operands, true, padding, acc, seed), 3, seed);
        }
    }
    const sim::AccumulatorSpec eta{12, Overflow::saturate, 5, nullptr, sim::LowerPart::eta_i};
    expect_images(layer_of(kSmallPicture, operands, true, PaddingMode::skip, eta, seed), 3, seed);
}

TEST(DeviceNetlist, EqualsTheCpuOnOtherOperands) {
    const auto unsigned_op = sim::testing::with_netlist(sim::testing::random_multiplier(3, 5, 9, false, 5));
    const auto scaled = sim::testing::with_netlist(sim::testing::random_multiplier(5, 3, 4, true, 6));
    scaled->y_lsb = 3;
    const auto bit = sim::testing::with_netlist(sim::testing::random_multiplier(1, 1, 2, false, 8));
    uint64_t seed = 300;
    for (const Operands& operands :
         {Operands{unsigned_op, {0, 7}, {0, 31}}, Operands{unsigned_op, {-7, 7}, {-31, 31}, true},
          Operands{scaled, {-16, 15}, {-4, 3}}, Operands{bit, {0, 1}, {0, 1}},
          Operands{sim::testing::twisted_multiplier(), {-128, 127}, {-128, 127}}}) {
        const sim::AccumulatorSpec acc{seed % 2 == 0 ? 32 : 11, Overflow::wrap, 0, nullptr};
        expect_images(layer_of(kSmallPicture, operands, true, kPaddings[seed / 2 % 2], acc, seed), 3, seed);
        ++seed;
    }
}

TEST(DeviceNetlist, AddsAsAdderOperatorsDo) {
    const auto adder = sim::testing::with_netlist(sim::testing::inverting_adder(9));
    for (const Overflow overflow : {Overflow::wrap, Overflow::saturate}) {
        const sim::AccumulatorSpec acc = make_accumulator(9, overflow, adder);
        expect_images(layer_of(kSmallPicture, random_operands(), true, PaddingMode::skip, acc, 11), 3, 11);
    }
}

TEST(DeviceNetlist, RunsWideOperatorsWithoutTable) {
    auto wide = std::make_shared<sim::Operator>(sim::testing::bare_operator(
        "wide", sim::OperatorKind::multiplier, {"a", 16, true}, {"b", 16, true}, {"y", 32, true}));
    wide->netlist = sim::testing::exact_product_netlist(16, 16, true);
    auto carry_free = std::make_shared<sim::Operator>(sim::testing::bare_operator(
        "exclusive", sim::OperatorKind::adder, {"a", 40, true}, {"b", 40, true}, {"y", 40, true}));
    sim::NetlistBuilder build(80);
    sim::NetlistBuilder::Word sum;
    for (uint32_t i = 0; i < 40; ++i) sum.push_back(build.exclusive_or(build.input(i), build.input(40 + i)));
    carry_free->netlist = build.finish(sum);
    const Operands operands{wide, {-32768, 32767}, {-32768, 32767}};
    const sim::AccumulatorSpec acc = make_accumulator(40, Overflow::wrap, carry_free);
    const sim::MacLayer layer = layer_of(kSmallPicture, operands, false, PaddingMode::skip, acc, 13, Engine::netlist);
    expect_images(layer, 3, 13);
}

TEST(DeviceNetlist, RunsMacUnitsWithAndWithoutInit) {
    uint64_t seed = 400;
    for (const std::string init : {"init", ""}) {
        for (const PaddingMode padding : kPaddings) {
            const Operands operands{sim::testing::broken_carry_unit(init), {-8, 7}, {-8, 7}};
            const sim::MacLayer layer = layer_of(kSmallPicture, operands, true, padding,
                                                 {12, Overflow::wrap, 0, nullptr}, ++seed, Engine::netlist);
            expect_images(layer, 3, seed);
        }
    }
}

TEST(DeviceNetlist, SaysWhatItCannotCompute) {
    const auto op = sim::testing::random_multiplier(8, 8, 16, true, 1);
    const sim::MacLayer layer =
        sim::testing::make_layer(kSmallPicture, false, PaddingMode::code, {32, Overflow::wrap, 0, nullptr}, 1, op);
    const sim::ProductTask task = product_task(layer);
    EXPECT_EQ(netlist_problem(task), "random has no netlist");
    HostExecutor executor;
    EXPECT_THROW(make_netlist_product(product_setup(executor, layer, task)), InputError);
    op->netlist.emplace();
    op->netlist->nodes.resize(8192);
    EXPECT_EQ(netlist_problem(task), std::nullopt);
    op->netlist->nodes.resize(8193);
    EXPECT_EQ(netlist_problem(task), "the circuit has 8193 nodes, on a device at most 8192");
}

}  // namespace
}  // namespace concrete::cuda

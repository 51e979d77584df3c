#include "cuda/permute.h"

#include <gtest/gtest.h>

#include "cuda/permute_tiles.h"
#include "cuda/product_testing.h"
#include "sim/error.h"

namespace concrete::cuda {
namespace {

using sim::AccumulatorSpec;
using sim::CodeRange;
using sim::Overflow;
using sim::PaddingMode;
using sim::testing::LayerCase;

constexpr PermuteCut kSmall{false, 1}, kLarge{true, 1};
/// Tiles of both sizes, in one part and in several, more than there are stages among them.
constexpr PermuteCut kCuts[] = {kSmall, {false, 3}, kLarge, {true, 2}};

testing::MakeProduct permute_of(std::optional<PermuteCut> cut = std::nullopt) {
    return [cut](const ProductSetup& setup) { return make_permute(setup, cut); };
}

LayerCase fully_connected(size_t inputs, size_t outputs) {
    return {inputs, 1, 1, outputs, 1, {{1, 1}, {1, 1}, {0, 0}, {1, 1}}};
}

void expect_permuted(const sim::MacLayer& layer, size_t images, const PermuteCut& cut, uint64_t seed) {
    testing::expect_layer(layer, sim::testing::random_codes(layer, images, seed), permute_of(cut),
                          "seed " + std::to_string(seed));
}

/// Another multiplier and other codes for a layer that is made.
void set_codes(sim::MacLayer& layer, const std::shared_ptr<sim::Operator>& multiplier, CodeRange a, CodeRange w) {
    layer.a_range = layer.a_used = a;
    layer.w_range = w;
    layer.a_params.zero_point = std::clamp<int64_t>(3, a.lowest, a.highest);
    for (size_t i = 0; i < layer.w_codes.size(); ++i) {
        const auto code = static_cast<int64_t>(i * 7 % w.count());
        layer.w_codes[i] = static_cast<int32_t>(w.lowest + code);
    }
    layer.products = std::make_shared<sim::ProductModel>(multiplier, a, w, false);
    prepare(layer, sim::Engine::gather);
}

std::shared_ptr<sim::Operator> random_multiplier(sim::Port a, sim::Port b, int y_bits, uint64_t seed) {
    auto op = sim::testing::random_multiplier(a.bits, b.bits, y_bits, true, seed);
    op->a = std::move(a), op->b = std::move(b);
    return op;
}

TEST(DevicePermute, EqualsTheCpuOnEveryShape) {
    uint64_t seed = 0;
    for (const LayerCase& shape : sim::testing::layer_cases()) {
        for (const bool zero_points : {false, true}) {
            for (const PermuteCut& cut : kCuts) {
                const PaddingMode padding = ++seed / 4 % 2 == 0 ? PaddingMode::skip : PaddingMode::code;
                const sim::MacLayer layer = sim::testing::make_layer(shape, zero_points, padding, {}, seed);
                expect_permuted(layer, 1 + seed % 3, cut, seed);
            }
        }
    }
}

TEST(DevicePermute, EqualsTheCpuOnEveryAccumulator) {
    const LayerCase shapes[] = {{5, 4, 3, 3, 1, {{2, 2}, {1, 1}, {1, 1}, {1, 1}}}, fully_connected(21, 70)};
    uint64_t seed = 100;
    for (const int bits : {2, 3, 8, 16, 17, 31, 32, 33, 40, 63, 64}) {
        for (const LayerCase& shape : shapes) {
            const AccumulatorSpec acc{bits, Overflow::wrap, 0, nullptr};
            ++seed;
            const auto wide = sim::testing::random_multiplier(8, 8, bits % 2 == 0 ? 24 : 17, true, seed);
            expect_permuted(make_layer(shape, true, PaddingMode::code, acc, seed, wide), 2, kCuts[seed % 4], seed);
        }
    }
}

TEST(DevicePermute, EqualsTheCpuOnEveryTable) {
    const LayerCase shapes[] = {{6, 5, 4, 9, 1, {{2, 3}, {1, 1}, {1, 1}, {1, 1}}}, fully_connected(11, 40)};
    const CodeRange s8{-128, 127}, u8{0, 255};
    struct Case {
        std::shared_ptr<sim::Operator> multiplier;
        CodeRange a, w;
    };
    auto in_eights = sim::testing::random_multiplier(8, 8, 13, true, 4);
    in_eights->y_lsb = 3;
    auto closed = sim::testing::exact_multiplier(8, 8, true);
    closed->lut.clear();
    const Case cases[] = {
        {sim::testing::random_multiplier(8, 8, 16, true, 1), s8, s8},
        {sim::testing::random_multiplier(8, 8, 17, true, 2), s8, s8},
        {sim::testing::random_multiplier(8, 8, 28, true, 3), s8, s8},
        {in_eights, s8, {-127, 127}},
        {closed, s8, s8},
        {random_multiplier({"a", 8, false}, {"b", 8, true}, 16, 5), u8, s8},
        {random_multiplier({"a", 8, true}, {"b", 8, false}, 9, 6), s8, u8},
        {random_multiplier({"a", 5, true}, {"b", 4, true}, 9, 7), {-16, 15}, {-8, 7}},
        {random_multiplier({"a", 1, false}, {"b", 2, true}, 12, 8), {0, 1}, {-1, 1}},
        {sim::testing::random_multiplier(8, 8, 16, true, 9), {5, 5}, {-128, -100}},
    };
    uint64_t seed = 200;
    for (const Case& c : cases) {
        for (const LayerCase& shape : shapes) {
            const AccumulatorSpec acc{++seed % 3 == 0 ? 48 : 29, Overflow::wrap, 0, nullptr};
            sim::MacLayer layer = make_layer(shape, false, PaddingMode::code, acc, seed);
            set_codes(layer, c.multiplier, c.a, c.w);
            expect_permuted(layer, 3, kCuts[seed % 4], seed);
        }
    }
}

TEST(DevicePermute, EqualsTheCpuOnCodesOfTwoBytes) {
    const LayerCase shapes[] = {{8, 4, 3, 6, 2, {{2, 2}, {1, 1}, {1, 1}, {1, 1}}}, fully_connected(12, 33)};
    for (const LayerCase& shape : shapes) {
        for (const PaddingMode padding : {PaddingMode::code, PaddingMode::skip}) {
            sim::MacLayer layer = make_layer(shape, true, padding, {}, 300);
            set_codes(layer, random_multiplier({"a", 9, true}, {"b", 8, true}, 16, 31), {-256, 255}, {-128, 127});
            layer.a_used = {-20, 215};  // a part that bytes tell apart
            prepare(layer, sim::Engine::gather);
            expect_permuted(layer, 2, kSmall, 301);
        }
    }
}

// Around the sizes of tiles and stages; the other extents are small.
TEST(DevicePermute, EqualsTheCpuAroundTileSizes) {
    uint64_t seed = 400;
    const auto expect = [&seed](const LayerCase& shape, size_t images, const PermuteCut& cut) {
        ++seed;
        expect_permuted(make_layer(shape, true, PaddingMode::code, {}, seed), images, cut, seed);
    };
    for (const size_t width : {1, 31, 33, 127, 129, 511, 512, 513, 1031})
        expect({3, 1, width, 2, 1, {{1, 2}, {1, 1}, {0, 1}, {1, 1}}}, 1, seed % 2 == 0 ? kLarge : kSmall);
    for (const size_t width : {4095, 4096, 4097, 4129})
        expect({2, 1, width, 1, 1, {{1, 1}, {1, 1}, {0, 0}, {1, 1}}}, 1, kLarge);
    for (const size_t channels : {7, 8, 9, 17})
        expect({5, 3, 3, channels, 1, {{2, 2}, {1, 1}, {1, 1}, {1, 1}}}, 3, seed % 2 == 0 ? kLarge : kSmall);
    for (const size_t channels : {1, 2, 3, 4, 5, 7, 8, 16, 67})
        expect({channels, 4, 3, 3, 1, {{3, 2}, {1, 1}, {1, 1}, {1, 1}}}, 1,
               {false, static_cast<uint32_t>(1 + seed % 5)});
    for (const size_t rows : {1, 7, 8, 9, 64, 65}) {
        expect(fully_connected(37, 83), rows, kSmall);
        expect(fully_connected(64, 517), rows, {false, 4});
    }
    expect(fully_connected(3, 4099), 2, kLarge);
    expect(fully_connected(513, 1), 1030, kSmall);
}

TEST(DevicePermute, ChoosesWhichWayRoundByTheSizes) {
    HostExecutor executor;
    const auto columns_are_lanes = [&](const LayerCase& shape, size_t images) {
        const sim::MacLayer layer = make_layer(shape, false, PaddingMode::code, {}, 1);
        const sim::ProductTask task = sim::product_task(layer);
        const PermuteTable table{PermuteTable::Reduction::sums, 228, 256, std::vector<uint32_t>(size_t{228} * 256), 0};
        return PermuteRows(product_setup(executor, layer, task), table).columns_are_lanes(images);
    };
    EXPECT_TRUE(columns_are_lanes(fully_connected(9, 1000), 1));
    EXPECT_TRUE(columns_are_lanes(fully_connected(9, 1000), 64));
    EXPECT_FALSE(columns_are_lanes(fully_connected(9, 10), 64));
    EXPECT_FALSE(columns_are_lanes({4, 32, 32, 8, 1, {{3, 3}, {1, 1}, {1, 1}, {1, 1}}}, 1));
}

TEST(DevicePermute, FillsTheDevice) {
    DeviceLimits h100, t4;
    h100.multiprocessors = 132, h100.shared_bytes = 227 << 10;
    t4.multiprocessors = 40, t4.shared_bytes = 64 << 10;
    const auto cut = [](const DeviceLimits& limits, size_t lanes, size_t tiles, size_t k) {
        const PermuteCut result = permute_cut(limits, lanes, tiles, k / 4);
        return std::pair(result.is_large, result.splits);
    };
    EXPECT_EQ(cut(h100, 200704, 8, 576), std::pair(true, 1U));    // 392 blocks
    EXPECT_EQ(cut(h100, 12544, 32, 2304), std::pair(true, 3U));   // 128 blocks
    EXPECT_EQ(cut(t4, 200704, 8, 576), std::pair(false, 1U));     // too little shared memory
    EXPECT_EQ(cut(h100, 4096, 1, 25088), std::pair(true, 264U));  // one picture, fully connected
    EXPECT_EQ(cut(h100, 512, 1, 64), std::pair(false, 1U));       // too short to split
    EXPECT_EQ(cut(t4, 1, 100000, 65536).second, 1U);
    EXPECT_EQ(cut(t4, 1, 100000, 65540).second, 2U);  // longer sums would not be exact
}

/// The largest entry so often that its 16 bits overflow a sum of 32, unless k is split.
TEST(DevicePermute, SumsMoreEntriesThanFit32Bits) {
    constexpr size_t kLong = 65540;
    auto multiplier = sim::testing::exact_multiplier(8, 8, true);
    multiplier->lut[127 * 256 + 127] = 32767;
    multiplier->lut[0] = -32768;
    sim::MacLayer layer = make_layer(fully_connected(kLong, 2), false, PaddingMode::code,
                                     {48, Overflow::wrap, 0, nullptr}, 500, multiplier);
    std::fill(layer.w_codes.begin(), layer.w_codes.end(), 127);
    prepare(layer, sim::Engine::gather);
    sim::Tensor<int32_t> codes = sim::testing::random_codes(layer, 1, 500);
    std::fill(codes.data.begin(), codes.data.end(), 127);
    testing::expect_layer(layer, codes, permute_of(), "long sums");
}

/// The host with the limits of a large GPU, on which other kernels are chosen.
class LargeExecutor : public HostExecutor {
  public:
    LargeExecutor() {
        limits_.multiprocessors = 2;
        limits_.shared_bytes = 227 << 10;
    }
    const DeviceLimits& limits() const override { return limits_; }

  private:
    DeviceLimits limits_;
};

TEST(DevicePermute, EqualsTheCpuOnWhatIsChosenForLargeDevices) {
    const LayerCase shapes[] = {{5, 45, 50, 19, 1, {{3, 3}, {1, 1}, {1, 1}, {1, 1}}},
                                {35, 9, 8, 35, 35, {{3, 3}, {1, 1}, {1, 1}, {1, 1}}},
                                fully_connected(300, 2200)};
    LargeExecutor executor;
    for (const LayerCase& shape : shapes) {
        const sim::MacLayer layer = make_layer(shape, true, PaddingMode::code, {}, 600);
        const sim::Tensor<int32_t> codes = sim::testing::random_codes(layer, 1, 600);
        const std::vector<int64_t> expected = testing::channels_last(sim::run_mac_layer(layer, codes, 1));
        EXPECT_TRUE(testing::run_layer(executor, layer, codes, permute_of()) == expected) << shape.in_c;
        const sim::ProductTask task = sim::product_task(layer);
        const auto product = make_permute(product_setup(executor, layer, task));
        EXPECT_EQ(product->scratch_bytes(1) == 0, shape.groups > 1);  // only depthwise needs none
    }
}

TEST(DevicePermute, SaysWhatItCannotCompute) {
    const AccumulatorSpec saturating{10, Overflow::saturate, 0, nullptr};
    const sim::MacLayer layer = make_layer(fully_connected(9, 3), false, PaddingMode::code, saturating, 1);
    HostExecutor executor;
    const sim::ProductTask task = sim::product_task(layer);
    EXPECT_THROW(make_permute(product_setup(executor, layer, task)), InputError);
}

}  // namespace
}  // namespace concrete::cuda

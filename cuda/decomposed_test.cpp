#include "cuda/decomposed.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <random>

#include "cuda/decomposed_expand.h"
#include "cuda/product_testing.h"
#include "sim/error.h"

namespace concrete::cuda {
namespace {

using sim::Decomposition;
using sim::MacLayer;
using sim::Overflow;
using sim::PaddingMode;
using sim::testing::LayerCase;

const sim::AccumulatorSpec kUsual{32, Overflow::wrap, 0, nullptr};

LayerCase plain(size_t in_c, size_t h, size_t w, size_t out_c, size_t kernel, size_t groups = 1) {
    return {in_c, h, w, out_c, groups, {{kernel, kernel}, {1, 1}, {kernel / 2, kernel / 2}, {1, 1}}};
}

LayerCase fully_connected(size_t in, size_t out) {
    return plain(in, 1, 1, out, 1);
}

std::unique_ptr<DeviceProduct> make_found(const ProductSetup& setup) {
    return make_decomposed(setup);
}

/// A decomposition with random operands over the whole of what bytes span, in either signedness; where there is a
/// skipped position, its row is 0.
Decomposition random_decomposition(const MacLayer& layer, const std::vector<int>& shifts, uint64_t seed) {
    const sim::CodePositions positions = sim::product_task(layer).positions;
    std::mt19937_64 random(seed);
    const auto values = [&](size_t count, int64_t lowest, uint64_t span) {
        std::vector<int32_t> result(count);
        for (int32_t& value : result)
            value = static_cast<int32_t>(lowest + static_cast<int64_t>(random() % (span + 1)));
        return result;
    };
    Decomposition d{values(positions.count(), -3000, 9000), values(256, -100, 900), {}};
    for (const int shift : shifts) {
        const bool is_large = shift > 8;  // entries fit 32 bits
        const bool is_other = random() % 2 == 0;
        d.terms.push_back({shift, values(positions.count(), is_large || is_other ? 0 : -77, is_large ? 3 : 255),
                           values(256,
                                  is_large   ? -2
                                  : is_other ? -128
                                             : 40,
                                  is_large ? 3 : 255)});
        d.terms.back().u.back() = 0;
    }
    if (positions.skips) d.f.back() = 0, std::fill(d.g.begin(), d.g.end(), 0);
    return d;
}

/// Gives the layer a multiplier with that table for the codes that occur, and other products elsewhere.
void use_table(MacLayer& layer, const Decomposition& d, uint64_t seed) {
    auto op = sim::testing::random_multiplier(8, 8, 32, true, seed);
    for (size_t row = 0; row < layer.a_used.count(); ++row) {
        const auto code = static_cast<size_t>(layer.a_used.lowest + static_cast<int64_t>(row)) & 255;
        for (size_t column = 0; column < 256; ++column) {
            int64_t entry = int64_t{d.f[row]} + d.g[column];
            for (const Decomposition::Term& term : d.terms)
                entry += int64_t{term.u[row]} * term.v[column] * (int64_t{1} << term.shift);
            ASSERT_EQ(entry, static_cast<int32_t>(entry));
            op->lut[code * 256 + (column + 128) % 256] = static_cast<int32_t>(entry);
        }
    }
    layer.products = std::make_shared<sim::ProductModel>(op, layer.a_range, layer.w_range, false);
    prepare(layer, sim::Engine::gather);
}

/// Expects a layer on a table of random terms.
void expect_terms(const LayerCase& shape, const std::vector<int>& shifts, PaddingMode padding, size_t images,
                  uint64_t seed) {
    MacLayer layer = sim::testing::make_layer(shape, seed % 2 == 0, padding, kUsual, seed);
    const auto d = std::make_shared<const Decomposition>(random_decomposition(layer, shifts, seed));
    use_table(layer, *d, seed);
    testing::expect_layer(
        layer, sim::testing::random_codes(layer, images, seed),
        [&](const ProductSetup& setup) {
            auto product = make_decomposed(setup, d);
            EXPECT_EQ(product->passes(), shifts.size());
            return product;
        },
        "seed " + std::to_string(seed));
}

TEST(DeviceDecomposed, TransposesBytes) {
    const uint32_t words[4] = {0x03020100, 0x13121110, 0x23222120, 0x33323130};
    uint32_t all[4], one[1];
    transpose_bytes(words, all);
    transpose_bytes(words, one);
    EXPECT_EQ(one[0], 0x30201000U);
    for (uint32_t place = 0; place < 4; ++place) EXPECT_EQ(all[place], 0x30201000U + place * 0x01010101U);
    EXPECT_EQ(permute_bytes(0x33221100, 0x77665544, 0x0726), 0x00772266U);
}

TEST(DeviceDecomposed, EqualsTheCpuOnEveryShapeAndAccumulator) {
    const auto multiplier = sim::testing::low_rank_multiplier();
    const std::vector<sim::AccumulatorSpec> accumulators{kUsual,
                                                         {8, Overflow::wrap, 0, nullptr},
                                                         {64, Overflow::wrap, 0, nullptr},
                                                         {30, Overflow::saturate, 0, nullptr}};
    uint64_t seed = 0;
    for (const LayerCase& shape : sim::testing::layer_cases()) {
        for (const sim::AccumulatorSpec& acc : accumulators) {
            for (const PaddingMode padding : {PaddingMode::code, PaddingMode::skip}) {
                ++seed;
                const MacLayer layer = sim::testing::make_layer(shape, seed % 4 < 2, padding, acc, seed, multiplier);
                testing::expect_layer(layer, sim::testing::random_codes(layer, 1 + seed % 3, seed), make_found,
                                      "seed " + std::to_string(seed));
            }
        }
    }
}

TEST(DeviceDecomposed, SumsUpperPartsWhereNothingIsReducedBelow) {
    for (const int low_bits : {2, 8}) {
        const sim::AccumulatorSpec acc{low_bits == 8 ? 8 : 24, Overflow::wrap, low_bits, nullptr, sim::LowerPart::copy};
        const MacLayer layer = sim::testing::make_layer(plain(16, 4, 5, 9, 3), true, PaddingMode::code, acc, 6,
                                                        sim::testing::exact_multiplier(8, 8, true));
        testing::expect_layer(layer, sim::testing::random_codes(layer, 1, 6), make_found, std::to_string(low_bits));
    }
}

TEST(DeviceDecomposed, TakesAnyNumberOfTermsAndShifts) {
    const std::vector<std::vector<int>> cases{
        {},
        {0},
        {3},
        {0, 0},
        {0, 0, 0},
        {5, 5, 5, 5},
        {0, 1},
        {4, 0, 4, 2},
        {0, 0, 0, 0, 0},
        {1, 1, 1, 1, 1, 1, 1, 1, 1},
        {20, 0},
        {0, 0, 0, 0, 0, 6, 6, 6, 6, 6, 6, 6, 26},
    };
    uint64_t seed = 100;
    for (const std::vector<int>& shifts : cases) {
        for (const PaddingMode padding : {PaddingMode::code, PaddingMode::skip}) {
            expect_terms(plain(5, 4, 5, 9, 3), shifts, padding, 1, ++seed);  // 20 rows: small tiles
            expect_terms(plain(16, 5, 7, 35, 3), shifts, padding, 1, ++seed);
        }
    }
}

TEST(DeviceDecomposed, TakesARadix4BoothMultiplierWithTruncatedRows) {
    auto op = sim::testing::exact_multiplier(8, 8, true);
    op->closed_form = sim::ClosedForm::none;
    for (int a = 0; a < 256; ++a) {
        for (int b = 0; b < 256; ++b) {
            int32_t sum = 0;
            for (int row = 0; row < 4; ++row) {
                const int bits = (b << 1) >> (2 * row) & 7;  // b_{2 row + 1}, b_{2 row}, b_{2 row - 1}
                const int digit = (bits & 1) + (bits >> 1 & 1) - 2 * (bits >> 2);
                sum += (digit * static_cast<int8_t>(a) * (1 << (2 * row))) >> 6 << 6;
            }
            op->lut[static_cast<size_t>(a << 8 | b)] = sum;
        }
    }
    const MacLayer layer = sim::testing::make_layer(plain(16, 5, 7, 40, 3), true, PaddingMode::code, kUsual, 5, op);
    testing::expect_layer(layer, sim::testing::random_codes(layer, 1, 5), make_found, "Booth");
}

TEST(DeviceDecomposed, TakesCodesThatAreOperandsThemselves) {
    uint64_t seed = 150;
    for (const int32_t offset : {-100, -28, 0, 60}) {  // -28: u is the stored code; 60: and beyond a byte
        for (const std::vector<int>& shifts : {std::vector{2}, {3, 1}, {0, 0}}) {
            MacLayer layer = sim::testing::make_layer(plain(16, 4, 9, 9, 3), true, PaddingMode::code, kUsual, ++seed);
            Decomposition d = random_decomposition(layer, shifts, seed);
            for (size_t i = 0; i < d.rows(); ++i) d.terms[0].u[i] = static_cast<int32_t>(i) + offset;
            use_table(layer, d, seed);
            testing::expect_layer(
                layer, sim::testing::random_codes(layer, 1, seed),
                [&](const ProductSetup& setup) { return make_decomposed(setup, std::make_shared<Decomposition>(d)); },
                "offset " + std::to_string(offset) + ", seed " + std::to_string(seed));
        }
    }
    const MacLayer exact = sim::testing::make_layer(plain(5, 4, 9, 9, 3), true, PaddingMode::skip, kUsual, ++seed,
                                                    sim::testing::exact_multiplier(8, 8, true));
    testing::expect_layer(exact, sim::testing::random_codes(exact, 1, seed), make_found, "exact");
}

TEST(DeviceDecomposed, TakesSizesAroundItsTiles) {
    uint64_t seed = 200;
    for (const size_t rows : {1, 7, 31, 32, 33, 127, 128, 129}) {
        for (const size_t columns : {1, 7, 8, 9, 31, 32, 33, 65})
            expect_terms(fully_connected(33, columns), {0, 2}, PaddingMode::code, rows, ++seed);
    }
    for (const size_t k : {1, 2, 15, 16, 17, 31, 32, 48, 63, 64, 80, 127, 160, 211}) {
        expect_terms(fully_connected(k, 5), {0, 0, 0, 0, 2}, PaddingMode::code, 3, ++seed);
        expect_terms(fully_connected(k, 37), {0}, PaddingMode::code, 34, ++seed);
    }
}

TEST(DeviceDecomposed, ConvolvesSixteenChannelsAtOnceOrOneByOne) {
    uint64_t seed = 300;
    for (const PaddingMode padding : {PaddingMode::code, PaddingMode::skip}) {
        for (const size_t channels : {16, 48, 17}) {
            for (const LayerCase& shape : {
                     LayerCase{channels, 6, 5, 10, 1, {{3, 3}, {1, 1}, {1, 1}, {1, 1}}},
                     LayerCase{channels, 7, 8, 34, 1, {{3, 2}, {2, 1}, {2, 0}, {1, 2}}},
                     LayerCase{2 * channels, 7, 5, 18, 2, {{2, 3}, {1, 2}, {1, 2}, {2, 1}}},
                     LayerCase{channels, 3, 4, 2 * channels, channels, {{3, 3}, {1, 1}, {3, 1}, {1, 1}}},
                 })
                expect_terms(shape, {1, 0}, padding, 2, ++seed);
        }
    }
}

TEST(DeviceDecomposed, TakesExtremeCodes) {
    for (const auto& [a, w] : {std::pair{-100, -128}, std::pair{127, 127}, std::pair{127, -128}}) {
        MacLayer layer = sim::testing::make_layer(plain(150, 2, 3, 3, 3), true, PaddingMode::code, kUsual, 7);
        std::fill(layer.w_codes.begin(), layer.w_codes.end(), w);
        Decomposition d = random_decomposition(layer, {0, 7, 14}, 7);
        for (Decomposition::Term& term : d.terms) {
            const size_t span = term.shift > 8 ? 3 : 255;
            for (size_t i = 0; i < term.u.size(); ++i) term.u[i] = static_cast<int32_t>(i * span / (term.u.size() - 1));
            for (size_t i = 0; i < 256; ++i) term.v[i] = static_cast<int32_t>(i * span / 255) - 128;
        }
        use_table(layer, d, 7);
        sim::Tensor<int32_t> codes = sim::testing::random_codes(layer, 1, 7);
        std::fill(codes.data.begin(), codes.data.end(), a);
        testing::expect_layer(
            layer, codes,
            [&](const ProductSetup& setup) { return make_decomposed(setup, std::make_shared<Decomposition>(d)); },
            std::to_string(a) + " x " + std::to_string(w));
    }
}

/// A host like a large GPU. Args: multiprocessors: so many that tiles of 128 rows are too few for them, or not.
class LargeExecutor : public HostExecutor {
  public:
    LargeExecutor(ThreadOrder order, int multiprocessors) : HostExecutor(order) {
        limits_.multiprocessors = multiprocessors;
        limits_.shared_bytes = 227 << 10;
    }
    const DeviceLimits& limits() const override { return limits_; }

  private:
    DeviceLimits limits_;
};

TEST(DeviceDecomposed, GivesTheSameInTilesOfEverySize) {
    uint64_t seed = 400;
    for (const size_t columns : {1, 32, 33, 64, 65, 128, 250}) {
        for (const std::vector<int>& shifts : {std::vector{3}, {0, 0}, {1, 0, 0, 0, 0, 0}}) {
            MacLayer layer =
                sim::testing::make_layer(plain(19, 9, 15, columns, 3), true, PaddingMode::code, kUsual, ++seed);
            const auto d = std::make_shared<const Decomposition>(random_decomposition(layer, shifts, seed));
            use_table(layer, *d, seed);
            const auto codes = sim::testing::random_codes(layer, 1, seed);
            const std::vector<int64_t> expected = testing::channels_last(sim::run_mac_layer(layer, codes, 1));
            for (const ThreadOrder order : testing::all_orders()) {
                for (const int multiprocessors : {1, 5, 1000}) {
                    LargeExecutor executor(order, multiprocessors);
                    EXPECT_EQ(testing::run_layer(executor, layer, codes,
                                                 [&](const ProductSetup& setup) { return make_decomposed(setup, d); }),
                              expected)
                        << "seed " << seed << ", " << multiprocessors << " multiprocessors";
                }
            }
        }
    }
}

TEST(DeviceDecomposed, RequantizesToCodes) {
    MacLayer layer = sim::testing::make_layer(plain(16, 5, 5, 11, 3), true, PaddingMode::code, kUsual, 9,
                                              sim::testing::low_rank_multiplier());
    for (size_t i = 0; i < layer.out_channels; ++i) {
        layer.requantizers.push_back(
            sim::make_requantizer(0.002 + 0.0001 * static_cast<double>(i), -5, sim::CodeRange{-128, 127}));
    }
    const auto codes = sim::testing::random_codes(layer, 3, 9);
    const std::vector<int64_t> accumulators = testing::channels_last(sim::run_mac_layer(layer, codes, 1));
    for (const auto& executor : testing::all_executors()) {
        const sim::ProductTask task = sim::product_task(layer);
        const DeviceLayer on_device(*executor, layer, make_decomposed(product_setup(*executor, layer, task)));
        const testing::DeviceCodes in(*executor, codes, layer.a_range);
        const DeviceArray<uint8_t> out(*executor, accumulators.size()), scratch(*executor, on_device.scratch_bytes(3));
        const auto stream = executor->make_stream();
        on_device.run(*stream, in.map(), {{out.data(), {-128, 1}, 3, 5, 5, 11}, nullptr}, scratch.data());
        stream->synchronize();
        const std::vector<uint8_t> got = out.values();
        for (size_t i = 0; i < got.size(); ++i)
            ASSERT_EQ(got[i] - 128, sim::requantize(layer.requantizers[i % 11], accumulators[i])) << i;
        EXPECT_NE(*std::min_element(got.begin(), got.end()), *std::max_element(got.begin(), got.end()));
    }
}

TEST(DeviceDecomposed, SaysWhatItCannotCompute) {
    const auto problem = [](const MacLayer& layer) { return decomposed_problem(sim::product_task(layer)); };
    const LayerCase shape = fully_connected(70000, 1);
    MacLayer layer = sim::testing::make_layer(shape, false, PaddingMode::code, kUsual, 1);
    EXPECT_EQ(problem(layer), std::nullopt);
    layer.acc.bits = 40;
    EXPECT_EQ(problem(layer),
              "the accumulator has more than 32 bits, but 70000 entries of up to 32768 do not fit a sum of 32 bits");
    layer.acc.bits = 20;
    layer.acc.overflow = Overflow::saturate;
    EXPECT_NE(problem(layer), std::nullopt);
    HostExecutor executor;
    const sim::ProductTask saturating = sim::product_task(layer);
    EXPECT_THROW(make_decomposed(product_setup(executor, layer, saturating)), InputError);

    layer = sim::testing::make_layer(fully_connected(3, 2), false, PaddingMode::code, kUsual, 1);
    const sim::ProductTask task = sim::product_task(layer);
    const auto sizes = std::make_shared<Decomposition>(Decomposition{{0, 1}, {2}, {}});
    EXPECT_THROW(make_decomposed(product_setup(executor, layer, task), sizes), ShapeError);

    const auto wide = sim::testing::random_multiplier(9, 8, 16, true, 4);
    layer.a_range = {-256, 255};
    layer.products = std::make_shared<sim::ProductModel>(wide, layer.a_range, layer.w_range, false);
    EXPECT_EQ(problem(layer), "512 activation codes, of which a byte has 256");
}

}  // namespace
}  // namespace concrete::cuda

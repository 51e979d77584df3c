#include "sim/mac_layer.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <random>

#include "sim/mac_layer_testing.h"
#include "sim/task_decomposition.h"

namespace concrete::sim {
namespace {

using testing::layer_cases;
using testing::LayerCase;
using testing::make_layer;

/// One output straight from docs/arithmetic.md, on a picture copied into its padding.
int64_t reference(const MacLayer& l, const int32_t* picture, size_t oc, size_t oy, size_t ox) {
    const size_t ph = l.in_h + 2 * l.window.padding[0], pw = l.in_w + 2 * l.window.padding[1];
    const auto za = static_cast<int32_t>(l.a_params.zero_point);
    const auto zw = static_cast<int32_t>(l.w_params[oc].zero_point);
    const size_t channels = l.in_channels / l.groups, first = oc / (l.out_channels / l.groups) * channels;
    std::vector<std::pair<int32_t, int32_t>> macs;
    size_t k = 0;
    for (size_t c = 0; c < channels; ++c) {
        std::vector<int32_t> padded(ph * pw, za);
        std::vector<bool> real(ph * pw, false);
        for (size_t y = 0; y < l.in_h; ++y) {
            for (size_t x = 0; x < l.in_w; ++x) {
                const size_t at = (y + l.window.padding[0]) * pw + x + l.window.padding[1];
                padded[at] = picture[((first + c) * l.in_h + y) * l.in_w + x];
                real[at] = true;
            }
        }
        for (size_t ky = 0; ky < l.window.kernel[0]; ++ky) {
            for (size_t kx = 0; kx < l.window.kernel[1]; ++kx, ++k) {
                const size_t at = (oy * l.window.stride[0] + ky * l.window.dilation[0]) * pw + ox * l.window.stride[1] +
                                  kx * l.window.dilation[1];
                if (!real[at] && l.padding == PaddingMode::skip) continue;
                macs.emplace_back(padded[at], l.w_codes[oc * l.k() + k]);
            }
        }
    }
    int64_t init = l.bias_codes[oc] + static_cast<int64_t>(macs.size()) * za * zw, correction = 0;
    for (const auto& [a, w] : macs) {
        init -= int64_t{za} * w;
        correction -= int64_t{zw} * a;
    }
    int64_t acc = fit_accumulator(l.acc, init);
    for (const auto& [a, w] : macs) acc = accumulate(l.acc, acc, l.products->product(a, w));
    return fit_accumulator(l.acc, acc + correction);
}

TEST(MacLayer, EqualsTheDefinitionOnEveryShape) {
    uint64_t seed = 0;
    size_t differing_from_zero = 0, logic_by_terms = 0;
    std::map<Engine, size_t> runs;
    const std::shared_ptr<Operator> multipliers[] = {testing::random_multiplier(8, 8, 16, true, 77),
                                                     testing::low_rank_multiplier(), testing::twisted_multiplier()};
    const std::vector<AccumulatorSpec> accumulators{{32, Overflow::wrap, 0, nullptr},
                                                    {18, Overflow::wrap, 0, nullptr},
                                                    {17, Overflow::saturate, 0, nullptr},
                                                    {24, Overflow::wrap, 6, nullptr},
                                                    {18, Overflow::saturate, 3, nullptr}};
    for (const LayerCase& c : layer_cases()) {
        for (const AccumulatorSpec& acc : accumulators) {
            for (const bool zero_points : {false, true}) {
                for (const PaddingMode padding : {PaddingMode::code, PaddingMode::skip}) {
                    ++seed;
                    MacLayer layer = make_layer(c, zero_points, padding, acc, seed, multipliers[seed % 3]);
                    const Tensor<int32_t> codes = testing::random_codes(layer, 3, seed);
                    const Tensor<int64_t> out = run_mac_layer(layer, codes, 1 + static_cast<int>(seed % 3));
                    size_t i = 0;
                    for (size_t n = 0; n < 3; ++n) {
                        const int32_t* picture = codes.data.data() + n * c.in_c * c.h * c.w;
                        for (size_t oc = 0; oc < c.out_c; ++oc) {
                            for (size_t y = 0; y < layer.out_h; ++y) {
                                for (size_t x = 0; x < layer.out_w; ++x, ++i) {
                                    ASSERT_EQ(out.data[i], reference(layer, picture, oc, y, x))
                                        << "seed " << seed << " at " << i;
                                    differing_from_zero += out.data[i] != 0;
                                }
                            }
                        }
                    }
                    ASSERT_EQ(i, out.size());
                    for (const Engine engine : all_engines()) {
                        if (engine_problem(engine, product_task(layer))) continue;
                        // Other tables have no decomposition worth a search.
                        const bool has_terms = seed % 3 == 1;
                        if (engine == Engine::decomposed && !has_terms) continue;
                        const bool by_terms = engine == Engine::logic && has_terms && seed % 2 == 0 &&
                                              task_decomposition(product_task(layer));
                        prepare(layer, engine, by_terms ? SumMethod::decomposed : SumMethod::permute);
                        logic_by_terms += by_terms ? 1 : 0;
                        ASSERT_EQ(run_mac_layer(layer, codes, 1 + static_cast<int>(seed % 2) * 6), out)
                            << to_string(engine) << ", seed " << seed;
                        ++runs[engine];
                    }
                }
            }
        }
    }
    EXPECT_GT(differing_from_zero, 1000u);
    for (const Engine engine : {Engine::permute, Engine::decomposed, Engine::netlist, Engine::logic})
        EXPECT_GT(runs[engine], 10u) << to_string(engine);
    EXPECT_GT(logic_by_terms, 3u);
}

/// Pictures do not know of each other, nor of the threads: batches of 1, 7 and 64 give the same bits.
TEST(MacLayer, GivesTheSameBitsInEveryBatch) {
    constexpr size_t kImages = 64;
    // Fully connected, so that batches decide what lies along the lanes; strided and padded; depthwise.
    const LayerCase shapes[] = {
        {37, 1, 1, 150, 1, {{1, 1}, {1, 1}, {0, 0}, {1, 1}}}, layer_cases()[4], layer_cases()[3]};
    const std::shared_ptr<Operator> multipliers[] = {testing::low_rank_multiplier(), testing::twisted_multiplier()};
    std::map<Engine, size_t> runs;
    for (const LayerCase& c : shapes) {
        for (const AccumulatorSpec& acc :
             {AccumulatorSpec{32, Overflow::wrap, 0, nullptr}, {20, Overflow::wrap, 5, nullptr, LowerPart::eta_i}}) {
            for (const auto& multiplier : multipliers) {
                MacLayer layer = make_layer(c, true, PaddingMode::code, acc, 31, multiplier);
                Tensor<int32_t> codes({kImages, c.in_c, c.h, c.w});
                std::mt19937_64 random(32);
                for (int32_t& code : codes.data) code = static_cast<int32_t>(random() % layer.a_used.count()) - 100;
                const Tensor<int64_t> expected = run_mac_layer(layer, codes, 1);
                const size_t in_size = codes.size() / kImages, out_size = expected.size() / kImages;
                for (const Engine engine : all_engines()) {
                    if (engine_problem(engine, product_task(layer))) continue;
                    if (engine == Engine::decomposed && multiplier == multipliers[1]) continue;
                    prepare(layer, engine);
                    ++runs[engine];
                    for (const size_t batch : {1, 7, 64}) {
                        for (const int threads : {1, 2, 7}) {
                            const size_t first = batch == kImages ? 0 : batch + 3;
                            Tensor<int32_t> some({batch, c.in_c, c.h, c.w});
                            std::copy_n(codes.data.begin() + static_cast<std::ptrdiff_t>(first * in_size), some.size(),
                                        some.data.begin());
                            const Tensor<int64_t> out = run_mac_layer(layer, some, threads);
                            ASSERT_EQ(out.size(), batch * out_size);
                            ASSERT_TRUE(
                                std::equal(out.data.begin(), out.data.end(),
                                           expected.data.begin() + static_cast<std::ptrdiff_t>(first * out_size)))
                                << to_string(engine) << ", batch " << batch << ", threads " << threads << ", "
                                << multiplier->name << ", " << c.in_c << " channels, " << adder_label(acc);
                        }
                    }
                }
            }
        }
    }
    EXPECT_EQ(runs[Engine::gather], 12u);
    EXPECT_EQ(runs[Engine::netlist], 6u);
    for (const Engine engine : {Engine::permute, Engine::decomposed, Engine::logic}) EXPECT_GE(runs[engine], 3u);
}

TEST(MacLayer, TracesReplayToTheSameAccumulator) {
    for (const PaddingMode padding : {PaddingMode::code, PaddingMode::skip}) {
        const MacLayer layer = make_layer(layer_cases()[4], true, padding, {20, Overflow::saturate, 4, nullptr}, 99);
        Tensor<int32_t> codes({1, layer.in_channels, layer.in_h, layer.in_w});
        std::mt19937_64 random(5);
        for (int32_t& code : codes.data) code = static_cast<int32_t>(random() % 228) - 100;
        const Tensor<int64_t> out = run_mac_layer(layer, codes, 1);
        size_t i = 0;
        for (size_t oc = 0; oc < layer.out_channels; ++oc) {
            for (size_t y = 0; y < layer.out_h; ++y) {
                for (size_t x = 0; x < layer.out_w; ++x) {
                    const NeuronTrace trace = trace_neuron(layer, codes.data.data(), oc, y, x);
                    int64_t acc = trace.init;
                    for (size_t k = 0; k < trace.a.size(); ++k) {
                        acc = accumulate(layer.acc, acc, layer.products->product(trace.a[k], trace.w[k]));
                    }
                    EXPECT_EQ(apply_correction(layer.acc, acc, trace.correction), out.data[i++]);
                }
            }
        }
    }
}

// A back end of its own starts from these without preparing the layer for the CPU.
TEST(MacLayer, InitialAccumulatorsAreThoseOfTheTraces) {
    uint64_t seed = 500;
    for (const LayerCase& c : layer_cases()) {
        for (const PaddingMode padding : {PaddingMode::code, PaddingMode::skip}) {
            MacLayer layer = make_layer(c, true, padding, {18, Overflow::saturate, 0, nullptr}, ++seed);
            layer.initial.clear();
            layer.prepared = {};
            const std::vector<int64_t> initial = initial_accumulators(layer);
            const size_t pixels = padding == PaddingMode::skip ? layer.out_h * layer.out_w : 1;
            ASSERT_EQ(initial.size(), pixels * c.out_c);
            const std::vector<int32_t> picture(c.in_c * c.h * c.w, -37);
            for (size_t i = 0; i < layer.outputs_per_image(); ++i) {
                const size_t pixel = i / c.out_c, channel = i % c.out_c;
                const NeuronTrace trace =
                    trace_neuron(layer, picture.data(), channel, pixel / layer.out_w, pixel % layer.out_w);
                ASSERT_EQ(initial[pixel % pixels * c.out_c + channel], trace.init) << "seed " << seed << " at " << i;
            }
        }
    }
}

TEST(MacLayer, SkippedPositionsAreNoMacs) {
    for (const LayerCase& c : layer_cases()) {
        const AccumulatorSpec acc{24, Overflow::wrap, 0, nullptr};
        const MacLayer layer = make_layer(c, false, PaddingMode::skip, acc, 7);
        const std::vector<int32_t> codes(c.in_c * c.h * c.w, 1);
        size_t macs = 0;
        for (size_t oc = 0; oc < c.out_c; ++oc) {
            for (size_t i = 0; i < layer.out_h * layer.out_w; ++i) {
                macs += trace_neuron(layer, codes.data(), oc, i / layer.out_w, i % layer.out_w).a.size();
            }
        }
        EXPECT_EQ(layer.macs_per_image(), macs);
        EXPECT_LE(macs, make_layer(c, false, PaddingMode::code, acc, 7).macs_per_image());
    }
}

TEST(MacLayer, CorrectionsWrapOrClampOnce) {
    EXPECT_EQ(apply_correction({8, Overflow::wrap, 0, nullptr}, 120, 10), -126);
    EXPECT_EQ(apply_correction({8, Overflow::saturate, 0, nullptr}, 120, 10), 127);
    EXPECT_EQ(apply_correction({64, Overflow::saturate, 0, nullptr}, lowest_accumulator(64), -1),
              lowest_accumulator(64));
}

}  // namespace
}  // namespace concrete::sim

#include "sim/operand_recorder.h"

#include <gtest/gtest.h>
#include <random>

#include "sim/error.h"
#include "sim/mac_layer_testing.h"
#include "sim/testing.h"

namespace concrete::sim {
namespace {

struct Ports {
    int a_bits, b_bits;
    bool is_signed, sign_magnitude;
    CodeRange range;
};

// Codes as wide as the ports, narrower codes on wider ports, and magnitudes: -128 becomes 128.
std::vector<Ports> all_ports() {
    return {{8, 8, true, false, {-128, 127}},
            {7, 9, true, false, {-7, 7}},
            {8, 8, false, true, {-128, 127}},
            {5, 6, false, false, {0, 31}}};
}

std::shared_ptr<const ProductModel> products(const Ports& p) {
    auto op = std::make_shared<Operator>(testing::bare_operator(
        "op", OperatorKind::multiplier, {"a", p.a_bits, p.is_signed}, {"b", p.b_bits, p.is_signed}, {"y", 20, true}));
    op->lut.resize(size_t{1} << (p.a_bits + p.b_bits));
    return std::make_shared<const ProductModel>(op, p.range, p.range, p.sign_magnitude);
}

int32_t draw(std::mt19937_64& random, const CodeRange& range) {
    return static_cast<int32_t>(range.lowest) + static_cast<int32_t>(random() % range.count());
}

MacLayer make_layer(const testing::LayerCase& c, const Ports& ports, PaddingMode padding, uint64_t seed) {
    std::mt19937_64 random(seed);
    MacLayer layer = testing::shaped_layer(c);
    layer.a_range = layer.w_range = ports.range;
    layer.a_params = {0.5, draw(random, ports.range)};
    layer.w_params.assign(c.out_c, {0.25, 3});
    layer.bias_codes.assign(c.out_c, 0);
    for (size_t i = 0; i < c.out_c * layer.k(); ++i) layer.w_codes.push_back(draw(random, ports.range));
    layer.products = products(ports);
    layer.padding = padding;
    return layer;
}

Tensor<int32_t> make_codes(const MacLayer& layer, size_t images, uint64_t seed) {
    std::mt19937_64 random(seed);
    Tensor<int32_t> codes({images, layer.in_channels, layer.in_h, layer.in_w});
    for (int32_t& code : codes.data) code = draw(random, layer.a_range);
    return codes;
}

/// Visits every multiply-accumulate of every output neuron.
std::vector<int64_t> brute_force(const MacLayer& layer, const Tensor<int32_t>& codes) {
    const Operator& op = layer.products->multiplier();
    const bool magnitude = layer.products->sign_magnitude();
    std::vector<int64_t> joint(size_t{1} << (op.a.bits + op.b.bits));
    for (size_t image = 0; image < codes.shape[0]; ++image) {
        const int32_t* picture = codes.data.data() + image * codes.size() / codes.shape[0];
        for (size_t i = 0; i < layer.outputs_per_image(); ++i) {
            const size_t column = i % layer.out_w, row = i / layer.out_w % layer.out_h;
            const NeuronTrace trace = trace_neuron(layer, picture, i / layer.out_w / layer.out_h, row, column);
            for (size_t k = 0; k < trace.a.size(); ++k) {
                const int64_t a = magnitude ? std::abs(trace.a[k]) : trace.a[k];
                const int64_t w = magnitude ? std::abs(trace.w[k]) : trace.w[k];
                ++joint[encode(a, op.a.bits) << op.b.bits | encode(w, op.b.bits)];
            }
        }
    }
    return joint;
}

TEST(OperandRecorder, CountsEveryMultiplyAccumulate) {
    uint64_t seed = 0;
    for (const testing::LayerCase& c : testing::layer_cases()) {
        for (const Ports& ports : all_ports()) {
            for (const PaddingMode padding : {PaddingMode::code, PaddingMode::skip}) {
                const MacLayer layer = make_layer(c, ports, padding, ++seed);
                const Tensor<int32_t> first = make_codes(layer, 2, seed + 100), second = make_codes(layer, 1, seed);
                std::vector<int64_t> expected = brute_force(layer, first);
                const std::vector<int64_t> more = brute_force(layer, second);
                for (size_t i = 0; i < more.size(); ++i) expected[i] += more[i];

                LayerOperandRecorder recorder(layer, true);
                recorder.add(first, 1 + static_cast<int>(seed % 3));
                recorder.add(second, 2);
                const OperandCounts counts = recorder.result();
                ASSERT_EQ(counts.joint, expected) << "seed " << seed;
                EXPECT_EQ(counts.macs(), static_cast<int64_t>(3 * layer.macs_per_image())) << "seed " << seed;
                std::vector<int64_t> a(counts.a_counts.size()), b(counts.b_counts.size());
                for (size_t i = 0; i < expected.size(); ++i) {
                    a[i >> ports.b_bits] += expected[i];
                    b[i & ((size_t{1} << ports.b_bits) - 1)] += expected[i];
                }
                EXPECT_EQ(counts.a_counts, a);
                EXPECT_EQ(counts.b_counts, b);
            }
        }
    }
}

// 257 channels x 2^16 codes are more counters than are kept: they go in blocks.
TEST(OperandRecorder, ManyCodesGoInBlocks) {
    auto op = std::make_shared<Operator>(
        testing::bare_operator("wide", OperatorKind::multiplier, {"a", 16, true}, {"b", 4, true}, {"y", 20, true}));
    op->closed_form = ClosedForm::product;
    op->lut.resize(size_t{1} << 20);
    Ports ports{8, 4, true, false, {-7, 7}};
    MacLayer layer = make_layer({257, 1, 1, 2, 1, {{1, 1}, {1, 1}, {0, 0}, {1, 1}}}, ports, PaddingMode::code, 5);
    layer.a_range = {-32768, 32767};
    layer.products = std::make_shared<const ProductModel>(op, layer.a_range, layer.w_range, false);
    const Tensor<int32_t> codes = make_codes(layer, 2, 6);
    LayerOperandRecorder joint(layer, true), marginals(layer, false);
    for (LayerOperandRecorder* recorder : {&joint, &marginals}) recorder->add(codes, 2);
    const OperandCounts counts = joint.result(), bare = marginals.result();
    EXPECT_EQ(counts.joint, brute_force(layer, codes));
    EXPECT_TRUE(bare.joint.empty());
    EXPECT_EQ(bare.a_counts, counts.a_counts);
    EXPECT_EQ(bare.b_counts, counts.b_counts);
}

}  // namespace
}  // namespace concrete::sim

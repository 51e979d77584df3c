#include "sim/quantized_network.h"

#include <cmath>
#include <cstdlib>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <random>

#include "sim/calibration_testing.h"
#include "sim/error.h"
#include "sim/file.h"
#include "sim/float_layers.h"
#include "sim/testing.h"

namespace concrete::sim {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr const char* kNetwork = R"(
name: residual
input: {shape: [2, 8, 8], mean: [0.5, 0.4], std: [0.5, 0.3]}
layers:
  - {name: conv1, type: conv2d, out_channels: 4, kernel: 3, padding: 1}
  - {name: relu1, type: relu}
  - {name: pool1, type: max_pool, kernel: 2}
  - {name: conv2, type: conv2d, out_channels: 4, kernel: [3, 1], padding: [1, 0], groups: 2}
  - {name: sum1, type: add, in: [conv2, pool1]}
  - {name: relu2, type: relu}
  - {name: pool2, type: avg_pool, kernel: 3, stride: 2, padding: 1}
  - {name: flat, type: flatten}
  - {name: fc1, type: linear, out_features: 5}
)";

std::shared_ptr<const Operator> provide(const OperatorRef& ref) {
    if (ref.name == "random") return testing::random_multiplier(8, 8, 16, true, 3);
    if (ref.name == "unsigned") return testing::random_multiplier(8, 8, 16, false, 4);
    if (ref.name == "exact8u") return testing::exact_multiplier(8, 8, false);
    auto op = std::make_shared<Operator>(testing::bare_operator("mul16s_exact", OperatorKind::multiplier,
                                                                {"a", 16, true}, {"b", 16, true}, {"y", 32, true}));
    op->closed_form = ClosedForm::product;
    return op;
}

class QuantizedNetworkTest : public ::testing::Test {
  protected:
    QuantizedNetworkTest() {
        setenv("CONCRETE_CACHE_DIR", (folder_.path() / "cache").c_str(), 1);
        write_file(folder_.path() / "net.yaml", kNetwork);
        network_ = load_network(folder_.path() / "net.yaml");
        std::mt19937_64 random(42);
        for (const Layer& layer : network_.layers) {
            if (!layer.is_mac()) continue;
            Tensor<float> weight(weight_shape(network_, layer)), bias({layer.out_channels});
            for (auto* tensor : {&weight, &bias}) {
                for (float& v : tensor->data) v = static_cast<float>(random() % 2001) / 1000.0f - 1.0f;
            }
            weights_[layer.name + ".weight"] = weight;
            weights_[layer.name + ".bias"] = bias;
        }
        images_ = Tensor<float>({64, 2, 8, 8});
        for (float& v : images_.data) v = static_cast<float>(random() % 256) / 127.5f - 1.0f;
    }
    ~QuantizedNetworkTest() override { unsetenv("CONCRETE_CACHE_DIR"); }

    /// Calibrated on images_ themselves; load_or_calibrate() has tests of its own.
    QuantizedNetwork make(const std::string& settings, const LayerPreparer& prepare = cpu_preparer()) {
        write_file(folder_.path() / "c.yaml",
                   "network: net.yaml\nweights: w.h5\ndata: {kind: idx, dir: .}\n" + settings);
        const RunConfig config = load_run_config(folder_.path() / "c.yaml");
        const auto operators = bind_operators(config, provide);
        const CodePlan plan = plan_codes(config, operators);
        const Calibration calibration = testing::calibrate_on(network_, weights_, plan, images_);
        return {config, weights_, operators, plan, calibration, prepare};
    }

    Tensor<float> slice(size_t first, size_t count) const {
        const size_t size = images_.size() / 64;
        const auto begin = images_.data.begin() + static_cast<std::ptrdiff_t>(first * size);
        return {{count, 2, 8, 8}, {begin, begin + static_cast<std::ptrdiff_t>(count * size)}};
    }

    void expect_near_float(const std::string& settings, double tolerance) {
        const Tensor<double> logits = make(settings).run(images_, 2);
        const Tensor<float> real = forward_network(network_, weights_, images_, 1).back();
        double largest = 0, error = 0;
        for (size_t i = 0; i < real.size(); ++i) {
            largest = std::max(largest, std::abs(double{real.data[i]}));
            error = std::max(error, std::abs(real.data[i] - logits.data[i]));
        }
        EXPECT_LT(error, tolerance * largest) << settings;
        EXPECT_GT(error, 0) << "codes were not used at all";
    }

    TemporaryFolder folder_;
    Network network_;
    Weights weights_;
    Tensor<float> images_;
};

// Fine codes on an exact multiplier follow the float network closely: every scale, zero point and shift is in place.
TEST_F(QuantizedNetworkTest, FineExactCodesFollowTheFloatNetwork) {
    const std::string fine = "weights: {bits: 14, SCHEME}, activations: {bits: 14, SCHEME}, accumulator: {bits: 48}";
    for (const std::string scheme : {"scheme: symmetric", "scheme: affine", "scheme: fixed_point"}) {
        for (const std::string padding : {"code", "skip"}) {
            std::string settings = fine;
            for (size_t at; (at = settings.find("SCHEME")) != std::string::npos;) settings.replace(at, 6, scheme);
            expect_near_float("defaults: {multiplier: wide, padding: " + padding + ", " + settings + "}\n", 2e-3);
        }
    }
    expect_near_float("defaults: {multiplier: wide, sign_magnitude: true}\n", 0.08);
    expect_near_float("defaults: {multiplier: exact8u, sign_magnitude: true}\n", 0.08);
    expect_near_float("defaults: {multiplier: exact8u, weights: {scheme: affine}, activations: {scheme: affine}}\n",
                      0.05);
}

TEST_F(QuantizedNetworkTest, FloatLayersMayStandAnywhere) {
    const std::string fine = "defaults: {multiplier: wide, weights: {bits: 14}, activations: {bits: 14}}\n";
    for (const char* layer : {"conv1", "conv2", "fc1"}) {
        expect_near_float(fine + "layers: {" + layer + ": {mode: float}}\n", 2e-3);
    }
}

TEST_F(QuantizedNetworkTest, BitsDependNeitherOnBatchNorOnThreads) {
    for (const std::string adder : {"exact", "{loa: 5}"}) {
        const QuantizedNetwork q =
            make("defaults: {multiplier: random, accumulator: {bits: 20, overflow: saturate, adder: " + adder + "}}\n");
        const Tensor<double> whole = q.run(images_, 1);
        for (const size_t batch : {size_t{1}, size_t{7}, size_t{64}}) {
            for (const int threads : {1, 2, 7}) {
                std::vector<double> joined;
                for (size_t first = 0; first < 64; first += batch) {
                    const Tensor<double> part = q.run(slice(first, std::min(batch, 64 - first)), threads);
                    joined.insert(joined.end(), part.data.begin(), part.data.end());
                }
                ASSERT_EQ(joined, whole.data) << "batch " << batch << ", " << threads << " threads";
            }
        }
    }
}

TEST_F(QuantizedNetworkTest, ApproximateOperatorsChangeTheLogits) {
    EXPECT_NE(make("defaults: {multiplier: random}\n").run(images_, 1).data,
              make("defaults: {multiplier: wide}\n").run(images_, 1).data);
    EXPECT_NE(make("defaults: {multiplier: wide, accumulator: {adder: {loa: 8}}}\n").run(images_, 1).data,
              make("defaults: {multiplier: wide}\n").run(images_, 1).data);
}

TEST_F(QuantizedNetworkTest, ObserversSeeWhatTheHardwareWouldCompute) {
    const QuantizedNetwork q = make(
        "defaults: {multiplier: unsigned, weights: {scheme: affine}, activations: {scheme: affine},"
        " accumulator: {bits: 22, adder: {loa: 4}}}\n");
    std::vector<std::string> seen;
    size_t neurons = 0;
    q.run(
        slice(0, 2), 1,
        [&](const MacLayerRecord& record) {
            const MacLayer& layer = *record.layer;
            seen.push_back(layer.name);
            EXPECT_EQ(record.first_image, 30u);
            size_t i = 0;
            for (size_t n = 0; n < record.images; ++n) {
                const int32_t* codes =
                    record.input_codes->data.data() + n * layer.in_channels * layer.in_h * layer.in_w;
                for (size_t c = 0; c < layer.out_channels; ++c) {
                    for (size_t p = 0; p < layer.out_h * layer.out_w; ++p, ++i) {
                        const NeuronTrace t = trace_neuron(layer, codes, c, p / layer.out_w, p % layer.out_w);
                        int64_t acc = t.init;
                        for (size_t k = 0; k < t.a.size(); ++k) {
                            acc = accumulate(layer.acc, acc, layer.products->product(t.a[k], t.w[k]));
                        }
                        acc = apply_correction(layer.acc, acc, t.correction);
                        ASSERT_EQ(acc, record.accumulators->data[i]) << layer.name;
                        if (record.output_codes) {
                            ASSERT_EQ(requantize(layer.requantizers[c], acc), record.output_codes->data[i]);
                        }
                        ++neurons;
                    }
                }
            }
        },
        30);
    EXPECT_EQ(seen, (std::vector<std::string>{"conv1", "conv2", "fc1"}));
    EXPECT_EQ(neurons, 2u * (4 * 64 + 4 * 16 + 5));
    EXPECT_EQ(q.macs_per_image(), 4u * 64 * 18 + 4u * 16 * 6 + 5u * 16);
}

TEST_F(QuantizedNetworkTest, LayersThatCannotRunNameTheReason) {
    const auto error_of = [&](const std::string& settings) -> std::string {
        try {
            make(settings);
        } catch (const InputError& error) {
            return error.what();
        }
        return "accepted";
    };
    EXPECT_THAT(error_of("defaults: {multiplier: unsigned}\n"), AllOf(HasSubstr("layer 'conv1'"), HasSubstr("port a")));
    EXPECT_THAT(error_of("defaults: {multiplier: random, accumulator: {bits: 4}}\n"),
                AllOf(HasSubstr("layer 'conv1'"), HasSubstr("bias of channel"), HasSubstr("outside 4 bits")));
}

TEST_F(QuantizedNetworkTest, LayersAreMadeReadyAsAsked) {
    const std::string settings = "defaults: {multiplier: random}\n";
    for (const Engine engine : {Engine::gather, Engine::permute}) {
        const QuantizedNetwork network = make(settings, cpu_preparer(engine));
        for (const MacLayer& layer : network.mac_layers()) EXPECT_EQ(layer.prepared.engine, engine) << layer.name;
    }
    std::vector<std::string> seen;
    const QuantizedNetwork bare = make(settings, [&](const MacLayer& layer) {
        seen.push_back(layer.name);
        EXPECT_FALSE(product_task(layer).products == nullptr || layer.w_codes.empty());
    });
    EXPECT_EQ(seen, (std::vector<std::string>{"conv1", "conv2", "fc1"}));
    EXPECT_THROW(bare.run(slice(0, 1), 1), std::logic_error);
    try {
        make(settings, [](const MacLayer& layer) {
            if (layer.groups > 1) throw InputError("groups are beyond it");
        });
        FAIL();
    } catch (const InputError& error) {
        EXPECT_STREQ(error.what(), "layer 'conv2': groups are beyond it");
    }
}

TEST_F(QuantizedNetworkTest, OneBitNetworksRun) {
    const QuantizedNetwork q =
        make("defaults: {multiplier: random, weights: {bits: 1}, activations: {bits: 1}, accumulator: {bits: 24}}\n");
    for (const MacLayer& layer : q.mac_layers()) {
        for (const int32_t code : layer.w_codes) ASSERT_TRUE(code == -1 || code == 1);
    }
    q.run(slice(0, 2), 1, [](const MacLayerRecord& record) {
        for (const int32_t code : record.input_codes->data) ASSERT_TRUE(code == 0 || code == 1);
    });
}

TEST(ArgmaxRows, TiesGoToTheLowestIndex) {
    const Tensor<double> logits({2, 3}, {1, 5, 5, -2, -2, -3});
    EXPECT_EQ(argmax_rows(logits), (std::vector<size_t>{1, 0}));
}

}  // namespace
}  // namespace concrete::sim

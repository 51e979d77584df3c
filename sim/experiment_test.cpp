#include "sim/experiment.h"

#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/cpu_runner.h"
#include "sim/error.h"
#include "sim/file.h"
#include "sim/testing.h"

namespace concrete::sim {
namespace {

using ::testing::HasSubstr;

// Two pixels, two classes, fully connected with weight codes 127 * [[1, 0], [0, 1]]: the brighter pixel wins.
class ExperimentTest : public ::testing::Test {
  protected:
    ExperimentTest() {
        write_file(folder_.path() / "net.yaml", R"(
name: brighter
input: {shape: [1, 1, 2], mean: [0.0], std: [1.0]}
layers:
  - {name: flat, type: flatten}
  - {name: fc1, type: linear, out_features: 2}
)");
        write_file(folder_.path() / "c.yaml",
                   "network: net.yaml\nweights: w.h5\ndata: {kind: idx, dir: .}\ndefaults: {multiplier: m}\n");
        weights_["fc1.weight"] = Tensor<float>({2, 2}, {1, 0, 0, 1});
        weights_["fc1.bias"] = Tensor<float>({2}, {0, 0});
        data_.pixels = Tensor<uint8_t>({4, 1, 1, 2}, {255, 0, 0, 255, 200, 100, 10, 10});
        data_.labels = {0, 1, 1, 0};
    }

    QuantizedNetwork make(std::shared_ptr<const Operator> multiplier) {
        const RunConfig config = load_run_config(folder_.path() / "c.yaml");
        const auto operators = bind_operators(config, [&](const OperatorRef&) { return multiplier; });
        const Calibration calibration{{{"flat", {1.0 / 127, 0}}}, "test"};
        return {config, weights_, operators, plan_codes(config, operators), calibration};
    }

    ExperimentResult run(const std::shared_ptr<const Operator>& multiplier, const ExperimentOptions& options) {
        const QuantizedNetwork network = make(multiplier);
        CpuRunner runner(network, options.threads);
        return run_experiment(runner, data_, options);
    }

    TemporaryFolder folder_;
    Weights weights_;
    Dataset data_;
};

TEST_F(ExperimentTest, CountsCorrectPicturesAndBreaksTiesLow) {
    const ExperimentResult r = run(testing::exact_multiplier(8, 8, true), {2, 3, 64, {}});
    EXPECT_EQ(r.predictions, (std::vector<size_t>{0, 1, 0, 0}));
    EXPECT_EQ(r.correct, 3u);
    EXPECT_EQ(r.accuracy_percent(), 75);
    EXPECT_EQ(r.macs(), 16u);
    ASSERT_EQ(r.layers.size(), 1u);
    EXPECT_EQ(r.layers[0].error.accumulators, 8u);
    EXPECT_EQ(r.layers[0].error.wce, 0);
    EXPECT_TRUE(std::isinf(r.layers[0].error.snr_db()));
    EXPECT_GT(r.layers[0].error.mean_square, 0);
}

TEST_F(ExperimentTest, LayerErrorsAreThoseOfTheTable) {
    auto op = testing::exact_multiplier(8, 8, true);
    for (int32_t& y : op->lut) y += 3;  // each of the two MACs of a neuron is 3 too large
    const ExperimentResult r = run(op, {1, 4, 2, {}});
    const LayerError& e = r.layers[0].error;
    EXPECT_EQ(e.accumulators, 4u);
    EXPECT_EQ(e.mean_error, 6);
    EXPECT_EQ(e.mae, 6);
    EXPECT_EQ(e.wce, 6);
    EXPECT_EQ(e.mse, 36);
    EXPECT_NEAR(e.snr_db(), 10 * std::log10(127.0 * 127 * 127 * 127 / 2 / 36), 1e-9);
}

// The observer sees all batches, the layer errors only the pictures asked for.
TEST_F(ExperimentTest, AnObserverSeesEveryBatch) {
    size_t observed = 0;
    const ExperimentResult r = run(testing::exact_multiplier(8, 8, true),
                                   {1, 3, 1, {}, [&](const MacLayerRecord& record) { observed += record.images; }});
    EXPECT_EQ(observed, 4u);
    EXPECT_EQ(r.layers[0].error.accumulators, 2u);
    EXPECT_EQ(r.images, 4u);
    EXPECT_GT(r.layers[0].seconds, 0);
    EXPECT_LT(r.layers[0].seconds, r.seconds);
}

TEST_F(ExperimentTest, DataThatDoesNotFitTheNetworkIsRefused) {
    const auto exact = testing::exact_multiplier(8, 8, true);
    data_.labels[2] = 2;
    try {
        run(exact, {});
        FAIL();
    } catch (const InputError& error) {
        EXPECT_THAT(error.what(), HasSubstr("picture 2 has label 2, but network 'brighter' has 2 classes"));
    }
    data_.labels[2] = 1;
    data_.pixels.shape = {4, 1, 2, 1};
    EXPECT_THROW(run(exact, {}), InputError);
}

}  // namespace
}  // namespace concrete::sim

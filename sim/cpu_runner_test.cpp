#include "sim/cpu_runner.h"

#include <chrono>
#include <gtest/gtest.h>
#include <random>
#include <stdexcept>
#include <thread>

#include "sim/file.h"
#include "sim/testing.h"

namespace concrete::sim {
namespace {

using Clock = std::chrono::steady_clock;

/// Two layers on a random table, so that L(0, 0) != 0 and operands do not commute; random pictures.
class CpuRunnerTest : public ::testing::Test {
  protected:
    static constexpr size_t kImages = 65;

    CpuRunnerTest() {
        std::mt19937_64 random(8);
        data_.pixels = Tensor<uint8_t>({kImages, 1, 5, 4});
        for (uint8_t& pixel : data_.pixels.data) pixel = static_cast<uint8_t>(random());
        data_.labels.resize(kImages);
    }

    QuantizedNetwork make(Engine engine = Engine::gather) {
        const TemporaryFolder folder;
        write_file(folder.path() / "net.yaml", R"(
name: tiny
input: {shape: [1, 5, 4], mean: [0.4], std: [0.3]}
layers:
  - {name: conv1, type: conv2d, out_channels: 3, kernel: 3, padding: 1}
  - {name: relu1, type: relu}
  - {name: flat, type: flatten}
  - {name: fc1, type: linear, out_features: 7}
)");
        write_file(folder.path() / "c.yaml",
                   "network: net.yaml\nweights: w.h5\ndata: {kind: idx, dir: .}\ndefaults: {multiplier: m}\n");
        const RunConfig config = load_run_config(folder.path() / "c.yaml");
        std::mt19937_64 random(9);
        Weights weights;
        for (const Layer& layer : config.network.layers) {
            if (!layer.is_mac()) continue;
            Tensor<float> weight(weight_shape(config.network, layer)), bias({layer.out_channels});
            for (auto* tensor : {&weight, &bias})
                for (float& v : tensor->data) v = static_cast<float>(random() % 2001) / 1000.0f - 1.0f;
            weights[layer.name + ".weight"] = weight;
            weights[layer.name + ".bias"] = bias;
        }
        const auto operators =
            bind_operators(config, [](const OperatorRef&) { return testing::random_multiplier(8, 8, 16, true, 3); });
        const CodePlan plan = plan_codes(config, operators);
        Calibration calibration{{}, "test"};
        for (size_t i = 0; i < plan.tensors.size(); ++i)
            if (plan.tensors[i].has_format) calibration.activations[config.network.layers[i].name] = {1.0 / 32, 0};
        return {config, weights, operators, plan, calibration, cpu_preparer(engine)};
    }

    Dataset data_;
};

TEST_F(CpuRunnerTest, LogitsAreThoseOfTheNetworkInOrderForEveryBatchSize) {
    const QuantizedNetwork network = make();
    const Network& net = network.network();
    const Tensor<double> whole = network.run(normalize(data_, 0, kImages, net.mean, net.std_dev), 1);
    ASSERT_NE(std::vector(whole.data.begin(), whole.data.begin() + 7),
              std::vector(whole.data.begin() + 7, whole.data.begin() + 14))
        << "pictures cannot be told apart";
    for (const int threads : {1, 2}) {
        CpuRunner runner(network, threads);
        for (const size_t batch : {size_t{1}, size_t{7}, size_t{64}, kImages, size_t{250}}) {
            std::vector<double> joined;
            runner.run({.data = data_, .batch = batch, .sink = [&](size_t first, const Tensor<double>& logits) {
                            EXPECT_EQ(first * 7, joined.size()) << "batch " << batch;
                            EXPECT_EQ(logits.shape, (Shape{std::min(batch, kImages - first), 7}));
                            joined.insert(joined.end(), logits.data.begin(), logits.data.end());
                        }});
            EXPECT_EQ(joined, whole.data) << "batch " << batch << ", " << threads << " threads";
        }
    }
}

TEST_F(CpuRunnerTest, ObserversSeeTheBatchesThatBeginBeforeTheLimit) {
    const QuantizedNetwork network = make();
    CpuRunner runner(network, 1);
    const auto events = [&](size_t observed_images) {
        std::vector<std::string> seen;
        runner.run({.data = data_,
                    .batch = 30,
                    .sink = [&](size_t first, const auto&) { seen.push_back(std::to_string(first)); },
                    .observer =
                        [&](const MacLayerRecord& r) {
                            EXPECT_EQ(r.accumulators->shape[0], r.images);
                            seen.push_back(r.layer->name + " " + std::to_string(r.first_image) + "+" +
                                           std::to_string(r.images));
                        },
                    .observed_images = observed_images});
        return seen;
    };
    using Events = std::vector<std::string>;
    EXPECT_EQ(events(0), (Events{"0", "30", "60"}));
    EXPECT_EQ(events(1), (Events{"conv1 0+30", "fc1 0+30", "0", "30", "60"}));
    EXPECT_EQ(events(30), events(1));
    EXPECT_EQ(events(31), (Events{"conv1 0+30", "fc1 0+30", "0", "conv1 30+30", "fc1 30+30", "30", "60"}));
    EXPECT_EQ(events(~size_t{0}), (Events{"conv1 0+30", "fc1 0+30", "0", "conv1 30+30", "fc1 30+30", "30", "conv1 60+5",
                                          "fc1 60+5", "60"}));
}

TEST_F(CpuRunnerTest, TimesAreByLayerAndWithoutTheObserver) {
    const QuantizedNetwork network = make();
    CpuRunner runner(network, 1);
    constexpr std::chrono::milliseconds kPause{20};
    const auto start = Clock::now();
    const RunTimes observed =
        runner.run({.data = data_, .observer = [&](const MacLayerRecord&) { std::this_thread::sleep_for(kPause); }});
    const std::chrono::duration<double> elapsed = Clock::now() - start, paused = 2 * kPause;
    EXPECT_LE(observed.seconds, (elapsed - paused).count());
    const RunTimes times = runner.run({.data = data_, .batch = 1});
    for (const RunTimes& t : {observed, times}) {
        ASSERT_EQ(t.layer_seconds.size(), 2u);
        EXPECT_GT(t.layer_seconds[0], 0);
        EXPECT_GT(t.layer_seconds[1], 0);
        EXPECT_LT(t.layer_seconds[0] + t.layer_seconds[1], t.seconds);
    }
}

TEST_F(CpuRunnerTest, AnExceptionEndsTheRun) {
    const QuantizedNetwork network = make();
    CpuRunner runner(network, 2);
    size_t calls = 0;
    const auto stop = [&](const auto&...) {
        ++calls;
        throw std::runtime_error("enough");
    };
    EXPECT_THROW(runner.run({.data = data_, .batch = 7, .sink = stop}), std::runtime_error);
    EXPECT_THROW(runner.run({.data = data_, .batch = 7, .observer = stop}), std::runtime_error);
    EXPECT_EQ(calls, 2u);
}

TEST_F(CpuRunnerTest, SaysWhatComputes) {
    for (const Engine engine : {Engine::gather, Engine::permute}) {
        const QuantizedNetwork network = make(engine);
        const CpuRunner one(network, 1), two(network, 2);
        EXPECT_EQ(&one.network(), &network);
        EXPECT_EQ(one.engine_of(1).name, to_string(engine));
        EXPECT_EQ(one.engine_of(1).passes, 0u);
        EXPECT_EQ(one.backend(), "cpu");
        EXPECT_EQ(one.label(), "cpu, 1 thread");
        EXPECT_EQ(two.label(), "cpu, 2 threads");
    }
}

}  // namespace
}  // namespace concrete::sim

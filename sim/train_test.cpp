#include "sim/train.h"

#include <cmath>
#include <cstdlib>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/error.h"
#include "sim/file.h"
#include "sim/float_layers.h"
#include "sim/random.h"

namespace concrete::sim {
namespace {

using testing::AllOf;
using testing::HasSubstr;

Network make_network(const std::string& layers) {
    TemporaryFolder folder;
    write_file(folder.path() / "net.yaml",
               "name: net\ninput: {shape: [1, 6, 6], mean: [0.5], std: [0.5]}\nlayers:\n" + layers);
    return load_network(folder.path() / "net.yaml");
}

// A branch, so that gradients of one output are summed, an average and a maximum, and a softmax at the end.
Network branching_network() {
    return make_network(
        "  - {name: c1, type: conv2d, out_channels: 4, kernel: 3, padding: 1}\n  - {name: r1, type: relu}\n"
        "  - {name: c2, type: conv2d, out_channels: 4, kernel: 3, padding: 1, groups: 2, bias: false}\n"
        "  - {name: s, type: add, in: [c2, r1]}\n  - {name: p, type: max_pool, kernel: 2}\n"
        "  - {name: q, type: avg_pool, kernel: 2, stride: 1}\n  - {name: f, type: flatten}\n"
        "  - {name: fc, type: linear, out_features: 3}\n  - {name: prob, type: softmax}\n");
}

Network linear_network() {
    return make_network("  - {name: f, type: flatten}\n  - {name: fc, type: linear, out_features: 3}\n");
}

// Noise, plus a bright row whose number is the label: linearly separable.
Dataset striped_pictures(size_t count, uint64_t seed) {
    Dataset data{Tensor<uint8_t>({count, 1, 6, 6}), std::vector<uint8_t>(count)};
    Random random(seed);
    for (size_t n = 0; n < count; ++n) {
        data.labels[n] = static_cast<uint8_t>(random.below(3));
        for (size_t i = 0; i < 36; ++i) {
            const bool bright = i / 6 == size_t{2} * data.labels[n];
            data.pixels.data[n * 36 + i] = static_cast<uint8_t>(random.below(60) + (bright ? 150 : 0));
        }
    }
    return data;
}

TrainConfig quick_config() {
    TrainConfig config;
    config.epochs = 4;
    config.batch = 32;
    config.learning_rate = 0.05;
    return config;
}

TEST(Train, ASeparableSetIsLearntCompletely) {
    const Dataset learn = striped_pictures(333, 1), test = striped_pictures(100, 2);
    for (const Optimizer optimizer : {Optimizer::sgd, Optimizer::adam})
        for (const Network& network : {linear_network(), branching_network()}) {
            TrainConfig config = quick_config();
            config.optimizer = optimizer;
            config.learning_rate = optimizer == Optimizer::sgd ? 0.05 : 0.01;
            config.schedule = Schedule::cosine;
            config.epochs = 8;
            std::vector<EpochResult> epochs;
            const Weights weights =
                train(config, network, learn, test, 1, [&](const EpochResult& e) { epochs.push_back(e); });
            ASSERT_EQ(epochs.size(), 8u);
            EXPECT_EQ(epochs.back().epoch, 8u);
            EXPECT_LT(epochs.back().train_loss, 0.3 * epochs.front().train_loss);
            EXPECT_EQ(epochs.back().train_accuracy_percent, 100);
            EXPECT_EQ(epochs.back().test_accuracy_percent, 100);
            EXPECT_EQ(float_accuracy_percent(network, weights, test, 1), 100);
            EXPECT_LT(float_accuracy_percent(network, initial_weights(network, 1), test, 1), 80);
        }
}

// The very first gradient against finite differences, through every layer type: one sgd step of rate r moves a weight
// by -r times the gradient of the mean loss.
TEST(Train, OneStepFollowsTheGradientOfTheLoss) {
    const Network network = branching_network();
    const Dataset data = striped_pictures(8, 3);
    TrainConfig config;
    config.epochs = 1;
    config.batch = 8;
    config.momentum = 0;
    config.learning_rate = 1e-3;
    const Weights before = initial_weights(network, config.seed);
    const Weights after = train(config, network, data, data, 1, {});
    const auto loss = [&](const Weights& weights) {
        const Tensor<float> batch = normalize(data, 0, 8, network.mean, network.std_dev);
        const Tensor<float> p = forward_network(network, weights, batch, 1).back();
        double sum = 0;
        for (size_t n = 0; n < 8; ++n) sum -= std::log(double{p.data[n * 3 + data.labels[n]]});
        return sum / 8;
    };
    Random random(9);
    for (const auto& [name, tensor] : before)
        for (int trial = 0; trial < 6; ++trial) {
            const size_t i = static_cast<size_t>(random.below(tensor.size()));
            const double step = (tensor.data[i] - after.at(name).data[i]) / config.learning_rate;
            Weights up = before, down = before;
            up[name].data[i] += 0.001f;
            down[name].data[i] -= 0.001f;
            EXPECT_NEAR(step, (loss(up) - loss(down)) / 0.002, 0.002 + 0.01 * std::abs(step)) << name << " " << i;
        }
}

TEST(Train, EqualSeedsGiveEqualBitsAndOthersDoNot) {
    const Network network = branching_network();
    const Dataset learn = striped_pictures(100, 1), test = striped_pictures(20, 2);
    TrainConfig config = quick_config();
    config.epochs = 1;
    config.augment_shift = 1;
    config.augment_flip = true;
    for (const int threads : {1, 2}) {
        const Weights first = train(config, network, learn, test, threads, {});
        EXPECT_EQ(train(config, network, learn, test, threads, {}), first);
        TrainConfig other = config;
        other.seed = 2;
        EXPECT_NE(train(other, network, learn, test, threads, {}), first);
        other = config;
        other.augment_shift = 2;
        EXPECT_NE(train(other, network, learn, test, threads, {}), first);
        other = config;
        other.augment_flip = false;
        EXPECT_NE(train(other, network, learn, test, threads, {}), first);
    }
}

TEST(Train, TestPicturesChangeNothing) {
    const Network network = linear_network();
    const Dataset learn = striped_pictures(50, 1);
    const TrainConfig config = quick_config();
    EXPECT_EQ(train(config, network, learn, striped_pictures(20, 2), 1, {}),
              train(config, network, learn, striped_pictures(30, 3), 1, {}));
}

TEST(Train, StepsAreReported) {
    std::vector<std::pair<size_t, size_t>> steps;
    TrainConfig config = quick_config();
    config.epochs = 2;
    train(config, linear_network(), striped_pictures(65, 1), striped_pictures(5, 2), 1, {},
          [&](size_t step, size_t total) { steps.emplace_back(step, total); });
    EXPECT_EQ(steps, (std::vector<std::pair<size_t, size_t>>{{1, 3}, {2, 3}, {3, 3}, {1, 3}, {2, 3}, {3, 3}}));
}

std::string train_error(const TrainConfig& config, const Network& network, const Dataset& data) {
    try {
        train(config, network, data, data, 1, {});
    } catch (const InputError& e) {
        return e.what();
    }
    return "no error";
}

TEST(Train, DivergenceIsAnError) {
    TrainConfig config = quick_config();
    config.learning_rate = 1e30;
    EXPECT_THAT(train_error(config, branching_network(), striped_pictures(100, 1)),
                AllOf(HasSubstr("diverged"), HasSubstr("not finite in epoch 1"), HasSubstr("learning_rate")));
    config.batch = 100;  // a single step: the weights themselves show it
    config.epochs = 1;
    config.learning_rate = 1e39;
    EXPECT_THAT(train_error(config, branching_network(), striped_pictures(100, 1)), HasSubstr("diverged"));
}

TEST(Train, DataThatDoNotFitTheNetworkAreErrors) {
    const Dataset good = striped_pictures(10, 1);
    Dataset bad = good;
    bad.labels[3] = 3;
    EXPECT_THAT(train_error(quick_config(), linear_network(), bad), HasSubstr("label 3, the network only 3 classes"));
    bad = good;
    bad.pixels.shape = {10, 1, 4, 9};
    EXPECT_THAT(train_error(quick_config(), linear_network(), bad),
                AllOf(HasSubstr("[1, 6, 6]"), HasSubstr("[1, 4, 9]")));
    EXPECT_THAT(train_error(quick_config(), make_network("  - {name: r, type: relu}\n"), good),
                HasSubstr("end with a linear layer"));
}

TEST(Train, InitialWeightsHaveTheirVariance) {
    const Network network = make_network(
        "  - {name: f, type: flatten}\n  - {name: a, type: linear, out_features: 300}\n  - {name: r, type: relu}\n"
        "  - {name: b, type: linear, out_features: 100}\n");
    const Weights weights = initial_weights(network, 5);
    EXPECT_EQ(weights, initial_weights(network, 5));
    EXPECT_NE(weights, initial_weights(network, 6));
    const auto mean_square = [&](const std::string& name) {
        double sum = 0;
        for (const float w : weights.at(name).data) sum += double{w} * w;
        return sum / static_cast<double>(weights.at(name).size());
    };
    EXPECT_NEAR(mean_square("a.weight") * 36, 2, 0.05);
    EXPECT_NEAR(mean_square("b.weight") * 300, 1, 0.03);
    EXPECT_EQ(mean_square("a.bias"), 0);
    EXPECT_EQ(weights.size(), 4u);
}

// The weights in nets/, on the test pictures. Another processor sums in another order, which may turn a few pictures.
void expect_accuracy(const std::filesystem::path& pictures, const std::string& data, double mlp, double lenet5) {
    const std::filesystem::path nets = std::filesystem::path(CONCRETE_SOURCE_DIR) / "nets";
    const Dataset test = load_dataset({DatasetKind::idx, pictures, Split::test});
    for (const auto& [name, expected] : {std::pair<std::string, double>{"mlp", mlp}, {"lenet5", lenet5}}) {
        const Network network = load_network(nets / (name + ".yaml"));
        const Weights weights = load_weights(nets / "weights" / (name + "_" + data + ".h5"), network);
        EXPECT_NEAR(float_accuracy_percent(network, weights, test, 1), expected, 0.05) << name;
    }
}

TEST(Train, ShippedWeightsHaveTheirAccuracyOnFashionMnist) {
    const std::filesystem::path pictures = "/usr/share/datasets/fashion-mnist";
    if (!std::filesystem::exists(pictures)) GTEST_SKIP() << "package dataset-fashion-mnist is not installed";
    expect_accuracy(pictures, "fashion", 90.13, 91.24);
}

TEST(Train, ShippedWeightsHaveTheirAccuracyOnMnist) {
    const char* pictures = std::getenv("CONCRETE_MNIST_DIR");
    if (pictures == nullptr) GTEST_SKIP() << "CONCRETE_MNIST_DIR does not name a folder with MNIST";
    expect_accuracy(pictures, "mnist", 98.86, 99.33);
}

}  // namespace
}  // namespace concrete::sim

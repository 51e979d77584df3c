#include "sim/optimizer.h"

#include <cmath>
#include <gtest/gtest.h>

namespace concrete::sim {
namespace {

// Three steps of sgd on one weight and one bias, worked out by hand: v1 = 1 + 0.5 * 2 = 2, w1 = 2 - 0.1 * 2 = 1.8;
// v2 = 0.5 * 2 + 1 + 0.5 * 1.8 = 2.9, w2 = 1.51; biases do not decay.
TEST(Optimizer, SgdWithMomentumAndDecayOfWeightsOnly) {
    TrainConfig config;
    config.momentum = 0.5;
    config.weight_decay = 0.5;
    OptimizerState state(config);
    Weights w{{"a.weight", Tensor<float>({1}, {2})}, {"a.bias", Tensor<float>({1}, {2})}};
    const Weights g{{"a.weight", Tensor<float>({1}, {1})}, {"a.bias", Tensor<float>({1}, {1})}};
    state.step(w, g, 0.1);
    EXPECT_FLOAT_EQ(w["a.weight"].data[0], 1.8f);
    EXPECT_FLOAT_EQ(w["a.bias"].data[0], 1.9f);
    state.step(w, g, 0.1);
    EXPECT_FLOAT_EQ(w["a.weight"].data[0], 1.51f);
    EXPECT_FLOAT_EQ(w["a.bias"].data[0], 1.75f);
    state.step(w, g, 0);
    EXPECT_FLOAT_EQ(w["a.weight"].data[0], 1.51f);
}

// The update as the papers write it, in double.
TEST(Optimizer, AdamEqualsItsDefinition) {
    TrainConfig config;
    config.optimizer = Optimizer::adam;
    config.weight_decay = 0.1;
    OptimizerState state(config);
    Weights w{{"a.weight", Tensor<float>({1}, {0.7f})}, {"a.bias", Tensor<float>({1}, {0.7f})}};
    double weight = 0.7, bias = 0.7, m = 0, v = 0;
    for (int t = 1; t <= 50; ++t) {
        const double g = std::sin(t), rate = 0.01 / t;
        const Tensor<float> gradient({1}, {static_cast<float>(g)});
        state.step(w, {{"a.weight", gradient}, {"a.bias", gradient}}, rate);
        m = 0.9 * m + 0.1 * g;
        v = 0.999 * v + 0.001 * g * g;
        const double move = m / (1 - std::pow(0.9, t)) / (std::sqrt(v / (1 - std::pow(0.999, t))) + 1e-8);
        weight -= rate * (move + 0.1 * weight);
        bias -= rate * move;
        ASSERT_NEAR(w["a.weight"].data[0], weight, 1e-5) << t;
        ASSERT_NEAR(w["a.bias"].data[0], bias, 1e-5) << t;
    }
    EXPECT_GT(std::abs(weight - bias), 1e-3);
}

TEST(Optimizer, Schedules) {
    TrainConfig config;
    config.learning_rate = 2;
    config.epochs = 4;
    for (const size_t step : {0, 17, 39}) EXPECT_EQ(learning_rate_at(config, step, 10), 2);

    config.schedule = Schedule::step;
    config.step_epochs = 2;
    config.step_factor = 0.25;
    EXPECT_EQ(learning_rate_at(config, 0, 10), 2);
    EXPECT_EQ(learning_rate_at(config, 19, 10), 2);
    EXPECT_EQ(learning_rate_at(config, 20, 10), 0.5);
    EXPECT_EQ(learning_rate_at(config, 40, 10), 0.125);

    config.schedule = Schedule::cosine;
    EXPECT_DOUBLE_EQ(learning_rate_at(config, 0, 10), 2);
    EXPECT_DOUBLE_EQ(learning_rate_at(config, 20, 10), 1);
    EXPECT_NEAR(learning_rate_at(config, 10, 10), 1 + std::sqrt(0.5), 1e-12);
    EXPECT_GT(learning_rate_at(config, 39, 10), 0);
    EXPECT_LT(learning_rate_at(config, 39, 10), 0.004);
}

}  // namespace
}  // namespace concrete::sim

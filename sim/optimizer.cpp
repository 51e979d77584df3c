#include "sim/optimizer.h"

#include <cmath>
#include <numbers>

namespace concrete::sim {

void OptimizerState::step(Weights& weights, const Weights& gradients, double learning_rate) {
    ++steps_;
    for (auto& [name, w] : weights) {
        const double decay = name.ends_with(".bias") ? 0 : config_.weight_decay;
        const Tensor<float>& g = gradients.at(name);
        Tensor<float>& first = first_.try_emplace(name, w.shape).first->second;
        if (config_.optimizer == Optimizer::sgd) {
            step_sgd(w, g, first, learning_rate, decay);
        } else {
            step_adam(w, g, first, second_.try_emplace(name, w.shape).first->second, learning_rate, decay);
        }
    }
}

void OptimizerState::step_sgd(Tensor<float>& w, const Tensor<float>& g, Tensor<float>& v, double rate,
                              double decay) const {
    const auto r = static_cast<float>(rate), d = static_cast<float>(decay);
    const auto momentum = static_cast<float>(config_.momentum);
    for (size_t i = 0; i < w.size(); ++i) {
        v.data[i] = momentum * v.data[i] + g.data[i] + d * w.data[i];
        w.data[i] -= r * v.data[i];
    }
}

void OptimizerState::step_adam(Tensor<float>& w, const Tensor<float>& g, Tensor<float>& m, Tensor<float>& v,
                               double rate, double decay) const {
    const auto t = static_cast<double>(steps_);
    const auto b1 = static_cast<float>(config_.adam_beta1), b2 = static_cast<float>(config_.adam_beta2);
    const auto m_scale = static_cast<float>(1 / (1 - std::pow(config_.adam_beta1, t)));
    const auto v_scale = static_cast<float>(1 / (1 - std::pow(config_.adam_beta2, t)));
    const auto epsilon = static_cast<float>(config_.adam_epsilon);
    const auto r = static_cast<float>(rate), d = static_cast<float>(decay);
    for (size_t i = 0; i < w.size(); ++i) {
        m.data[i] = b1 * m.data[i] + (1 - b1) * g.data[i];
        v.data[i] = b2 * v.data[i] + (1 - b2) * g.data[i] * g.data[i];
        w.data[i] -= r * (m.data[i] * m_scale / (std::sqrt(v.data[i] * v_scale) + epsilon) + d * w.data[i]);
    }
}

double learning_rate_at(const TrainConfig& config, size_t step, size_t steps_per_epoch) {
    const size_t epoch = step / steps_per_epoch;
    switch (config.schedule) {
        case Schedule::step: {
            const size_t reductions = epoch / config.step_epochs;
            return config.learning_rate * std::pow(config.step_factor, static_cast<double>(reductions));
        }
        case Schedule::cosine: {
            const auto steps = static_cast<double>(config.epochs * steps_per_epoch);
            return config.learning_rate * (1 + std::cos(std::numbers::pi * static_cast<double>(step) / steps)) / 2;
        }
        case Schedule::constant:
            break;
    }
    return config.learning_rate;
}

}  // namespace concrete::sim

#pragma once

#include "sim/train.h"

namespace concrete::sim {

/// Changes weights by their gradients, as TrainConfig says. w weight, g gradient, r learning rate, d weight decay (0
/// for biases), t = 1, 2, ... the step:
///
///     sgd     v <- momentum * v + g + d * w;   w <- w - r * v
///     adam    m <- b1 * m + (1 - b1) * g;   v <- b2 * v + (1 - b2) * g^2
///             w <- w - r * (m / (1 - b1^t) / (sqrt(v / (1 - b2^t)) + epsilon) + d * w)
///
/// Adam: Kingma and Ba, ICLR 2015; weight decay apart from the gradient: Loshchilov and Hutter, ICLR 2019.
class OptimizerState {
  public:
    explicit OptimizerState(const TrainConfig& config) : config_(config) {}

    /// One step; `gradients` has a tensor of the same shape for every weight.
    void step(Weights& weights, const Weights& gradients, double learning_rate);

  private:
    void step_sgd(Tensor<float>& w, const Tensor<float>& g, Tensor<float>& v, double rate, double decay) const;
    void step_adam(Tensor<float>& w, const Tensor<float>& g, Tensor<float>& m, Tensor<float>& v, double rate,
                   double decay) const;

    const TrainConfig config_;
    Weights first_, second_;  // v of sgd; m and v of adam
    uint64_t steps_ = 0;
};

/// Learning rate at a step counted from 0 over the whole training:
///
///     constant   r                           cosine   r * (1 + cos(pi * step / steps)) / 2
///     step       r * factor^(epoch div step_epochs), epoch from 0
///
/// Cosine: Loshchilov and Hutter, ICLR 2017, without restarts.
double learning_rate_at(const TrainConfig& config, size_t step, size_t steps_per_epoch);

}  // namespace concrete::sim

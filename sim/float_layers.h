#pragma once

#include <vector>

#include "sim/network.h"
#include "sim/tensor.h"
#include "sim/weights.h"

namespace concrete::sim {

/// Output of one layer for a batch in fp32, by oneDNN: the baseline, calibration, and `mode: float`.
///
/// Args:
///     inputs: one [n, ...] tensor for each of layer.inputs.
///     weight, bias: of MAC layers; null elsewhere, bias null where the layer has none.
///     threads: 1 or more.
/// Average pooling leaves padding out of the count. softmax is over the features.
Tensor<float> forward_layer(const Network& network, const Layer& layer, const std::vector<const Tensor<float>*>& inputs,
                            const Tensor<float>* weight, const Tensor<float>* bias, int threads);

/// Outputs of all layers for a batch, indexed like network.layers; element 0 is the batch itself.
std::vector<Tensor<float>> forward_network(const Network& network, const Weights& weights, Tensor<float> batch,
                                           int threads);

/// Gradients of one layer. d_output is the gradient of the loss with respect to the layer's output; the results are
/// those with respect to each input and, for MAC layers, weight and bias.
struct LayerGradients {
    std::vector<Tensor<float>> d_inputs;
    Tensor<float> d_weight, d_bias;
};
LayerGradients backward_layer(const Network& network, const Layer& layer,
                              const std::vector<const Tensor<float>*>& inputs, const Tensor<float>& output,
                              const Tensor<float>* weight, const Tensor<float>& d_output, int threads);

}  // namespace concrete::sim

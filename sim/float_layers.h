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
/// Average pooling leaves padding out of the count; in max pooling padding never wins. softmax is over the features.
/// Throws: ShapeError if an argument does not fit the layer.
Tensor<float> forward_layer(const Network& network, const Layer& layer, const std::vector<const Tensor<float>*>& inputs,
                            const Tensor<float>* weight, const Tensor<float>* bias, int threads);

/// Outputs of all layers for a batch, indexed like network.layers; element 0 is the batch itself.
std::vector<Tensor<float>> forward_network(const Network& network, const Weights& weights, Tensor<float> batch,
                                           int threads);

/// Gradients of one layer. d_output is the gradient of the loss with respect to the layer's output; the results are
/// those with respect to each input and, for MAC layers, weight and bias (empty where the layer has none).
struct LayerGradients {
    std::vector<Tensor<float>> d_inputs;  ///< empty where input_gradient was false
    Tensor<float> d_weight, d_bias;
};

/// Args:
///     output: what forward_layer() gave for these inputs.
///     input_gradient: false saves the work for d_inputs of a MAC layer where nobody needs them.
/// relu passes nothing at 0; max_pool gives the whole gradient of a window to the first of its largest values.
/// Throws: ShapeError if an argument does not fit the layer.
LayerGradients backward_layer(const Network& network, const Layer& layer,
                              const std::vector<const Tensor<float>*>& inputs, const Tensor<float>& output,
                              const Tensor<float>* weight, const Tensor<float>& d_output, int threads,
                              bool input_gradient = true);

}  // namespace concrete::sim

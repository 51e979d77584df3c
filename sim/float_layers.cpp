#include "sim/float_layers.h"

#include <algorithm>
#include <fmt/format.h>
#include <functional>

#include "sim/error.h"
#include "sim/float_dnnl.h"

namespace concrete::sim {
namespace {

using detail::borrow;
using detail::DnnlSession;
using detail::plain;
using dnnl::memory;

// Convolution or inner product: the primitive chooses layouts, data is brought there and back.
template <typename Primitive, typename Description>
void run_mac(DnnlSession& session, const Description& pd, const memory& input, const memory& weight,
             const Tensor<float>* bias, Tensor<float>& output) {
    memory result = borrow(output);
    const bool direct = result.get_desc() == pd.dst_desc();
    memory destination = direct ? result : memory(pd.dst_desc(), detail::dnnl_engine());
    std::unordered_map<int, memory> arguments{{DNNL_ARG_SRC, session.reordered(input, pd.src_desc())},
                                              {DNNL_ARG_WEIGHTS, session.reordered(weight, pd.weights_desc())},
                                              {DNNL_ARG_DST, destination}};
    if (bias) arguments.emplace(DNNL_ARG_BIAS, borrow(*bias));
    Primitive(pd).execute(session.stream(), arguments);
    session.stream().wait();
    if (!direct) session.copy(destination, result);
}

template <typename Primitive, typename Description>
void run_plain(DnnlSession& session, const Description& pd, const Tensor<float>& input, Tensor<float>& output) {
    Primitive(pd).execute(session.stream(), {{DNNL_ARG_SRC, borrow(input)}, {DNNL_ARG_DST, borrow(output)}});
    session.stream().wait();
}

void run_max_pool(DnnlSession& session, const dnnl::pooling_forward::primitive_desc& pd, const Tensor<float>& input,
                  Tensor<float>& output) {
    const memory workspace(pd.workspace_desc(), detail::dnnl_engine());
    dnnl::pooling_forward(pd).execute(
        session.stream(),
        {{DNNL_ARG_SRC, borrow(input)}, {DNNL_ARG_DST, borrow(output)}, {DNNL_ARG_WORKSPACE, workspace}});
    session.stream().wait();
}

void check_bias(const Layer& layer, const Tensor<float>* bias) {
    const bool fits = layer.has_bias ? bias && bias->shape == Shape{layer.out_channels} : bias == nullptr;
    if (!fits)
        throw ShapeError(fmt::format("{}: the bias is {}, expected {}", layer.name,
                                     bias ? to_string(bias->shape) : "absent",
                                     layer.has_bias ? to_string(Shape{layer.out_channels}) : "none"));
}

}  // namespace

Tensor<float> forward_layer(const Network& network, const Layer& layer, const std::vector<const Tensor<float>*>& inputs,
                            const Tensor<float>* weight, const Tensor<float>* bias, int threads) {
    const size_t batch = detail::check_layer_arguments(network, layer, inputs, weight);
    if (layer.is_mac()) check_bias(layer, bias);
    const Tensor<float>& input = *inputs[0];
    if (layer.type == LayerType::flatten) return {detail::with_batch(batch, layer.output_shape), input.data};

    DnnlSession session(threads);
    Tensor<float> output(detail::with_batch(batch, layer.output_shape));
    switch (layer.type) {
        case LayerType::conv2d:
            run_mac<dnnl::convolution_forward>(
                session, detail::convolution_forward(network, layer, batch), borrow(input),
                borrow(*weight, detail::grouped_weight_shape(network, layer)), bias, output);
            break;
        case LayerType::linear:
            run_mac<dnnl::inner_product_forward>(session, detail::inner_product_forward(network, layer, batch),
                                                 borrow(input), borrow(*weight), bias, output);
            break;
        case LayerType::max_pool:
            run_max_pool(session, detail::pooling_forward(network, layer, batch), input, output);
            break;
        case LayerType::avg_pool:
            run_plain<dnnl::pooling_forward>(session, detail::pooling_forward(network, layer, batch), input, output);
            break;
        case LayerType::relu:
            run_plain<dnnl::eltwise_forward>(session, detail::relu_forward(input.shape), input, output);
            break;
        case LayerType::softmax:
            run_plain<dnnl::softmax_forward>(session, detail::softmax_forward(input.shape), input, output);
            break;
        case LayerType::add:
            for (const Tensor<float>* addend : inputs)
                std::transform(addend->data.begin(), addend->data.end(), output.data.begin(), output.data.begin(),
                               std::plus<>());
            break;
        case LayerType::flatten:
        case LayerType::input:
            break;  // nothing to compute
    }
    return output;
}

std::vector<Tensor<float>> forward_network(const Network& network, const Weights& weights, Tensor<float> batch,
                                           int threads) {
    const Shape& picture = network.input().output_shape;
    if (batch.shape.size() != 4 || batch.shape[0] == 0 ||
        !std::equal(picture.begin(), picture.end(), batch.shape.begin() + 1))
        throw ShapeError(fmt::format("{}: the batch is {}, expected [n, ...] with pictures {}", network.name,
                                     to_string(batch.shape), to_string(picture)));
    const auto find = [&](const std::string& name) {
        const auto found = weights.find(name);
        return found == weights.end() ? nullptr : &found->second;
    };
    std::vector<Tensor<float>> outputs;
    outputs.reserve(network.layers.size());
    outputs.push_back(std::move(batch));
    for (size_t i = 1; i < network.layers.size(); ++i) {
        const Layer& layer = network.layers[i];
        std::vector<const Tensor<float>*> inputs;
        for (const size_t from : layer.inputs) inputs.push_back(&outputs[from]);
        outputs.push_back(
            forward_layer(network, layer, inputs, find(layer.name + ".weight"), find(layer.name + ".bias"), threads));
    }
    return outputs;
}

}  // namespace concrete::sim

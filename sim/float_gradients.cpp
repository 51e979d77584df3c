// Gradients of the layers of sim/float_layers.cpp.

#include <fmt/format.h>

#include "sim/error.h"
#include "sim/float_dnnl.h"
#include "sim/float_layers.h"

namespace concrete::sim {
namespace {

using detail::any;
using detail::borrow;
using detail::dims;
using detail::DnnlSession;
using detail::plain;
using dnnl::memory;

// Runs a primitive whose result lands in `target`, through a buffer where oneDNN chose another layout.
void run_into(DnnlSession& session, const dnnl::primitive& primitive, const memory::desc& layout, memory target,
              int argument, std::unordered_map<int, memory> arguments) {
    const bool direct = target.get_desc() == layout;
    const memory buffer = direct ? target : memory(layout, detail::dnnl_engine());
    arguments.emplace(argument, buffer);
    primitive.execute(session.stream(), arguments);
    session.stream().wait();
    if (!direct) session.copy(buffer, target);
}

// What the two kinds of MAC layer have in common once their primitives are described.
struct MacBackward {
    DnnlSession& session;
    memory input, weight, d_output;

    template <typename Primitive, typename Description>
    void data(const Description& pd, memory d_input) {
        run_into(session, Primitive(pd), pd.diff_src_desc(), d_input, DNNL_ARG_DIFF_SRC,
                 {{DNNL_ARG_DIFF_DST, session.reordered(d_output, pd.diff_dst_desc())},
                  {DNNL_ARG_WEIGHTS, session.reordered(weight, pd.weights_desc())}});
    }

    template <typename Primitive, typename Description>
    void weights(const Description& pd, memory d_weight, const Tensor<float>& d_bias) {
        std::unordered_map<int, memory> arguments{{DNNL_ARG_DIFF_DST, session.reordered(d_output, pd.diff_dst_desc())},
                                                  {DNNL_ARG_SRC, session.reordered(input, pd.src_desc())}};
        if (!d_bias.empty()) arguments.emplace(DNNL_ARG_DIFF_BIAS, borrow(d_bias));
        run_into(session, Primitive(pd), pd.diff_weights_desc(), d_weight, DNNL_ARG_DIFF_WEIGHTS, std::move(arguments));
    }
};

void convolution_backward(DnnlSession& session, const Network& network, const Layer& layer, const Tensor<float>& input,
                          const Tensor<float>& weight, const Tensor<float>& d_output, bool input_gradient,
                          LayerGradients& result) {
    const auto forward = detail::convolution_forward(network, layer, input.shape[0]);
    const Shape weight_as = detail::grouped_weight_shape(network, layer);
    const Window& w = layer.window;
    const auto algorithm = dnnl::algorithm::convolution_direct;
    MacBackward mac{session, borrow(input), borrow(weight, weight_as), borrow(d_output)};
    if (input_gradient) {
        const dnnl::convolution_backward_data::desc desc(algorithm, any(input.shape), any(weight_as),
                                                         any(d_output.shape), dims(w.stride), detail::dilation_dims(w),
                                                         dims(w.padding), dims(w.padding));
        mac.data<dnnl::convolution_backward_data>(
            dnnl::convolution_backward_data::primitive_desc(desc, detail::dnnl_engine(), forward),
            borrow(result.d_inputs[0]));
    }
    const dnnl::convolution_backward_weights::desc desc(
        algorithm, any(input.shape), any(weight_as), layer.has_bias ? plain({layer.out_channels}) : memory::desc(),
        any(d_output.shape), dims(w.stride), detail::dilation_dims(w), dims(w.padding), dims(w.padding));
    mac.weights<dnnl::convolution_backward_weights>(
        dnnl::convolution_backward_weights::primitive_desc(desc, detail::dnnl_engine(), forward),
        borrow(result.d_weight, weight_as), result.d_bias);
}

void linear_backward(DnnlSession& session, const Network& network, const Layer& layer, const Tensor<float>& input,
                     const Tensor<float>& weight, const Tensor<float>& d_output, bool input_gradient,
                     LayerGradients& result) {
    const auto forward = detail::inner_product_forward(network, layer, input.shape[0]);
    MacBackward mac{session, borrow(input), borrow(weight), borrow(d_output)};
    if (input_gradient) {
        const dnnl::inner_product_backward_data::desc desc(any(input.shape), any(weight.shape), any(d_output.shape));
        mac.data<dnnl::inner_product_backward_data>(
            dnnl::inner_product_backward_data::primitive_desc(desc, detail::dnnl_engine(), forward),
            borrow(result.d_inputs[0]));
    }
    const dnnl::inner_product_backward_weights::desc desc(any(input.shape), any(weight.shape),
                                                          layer.has_bias ? plain({layer.out_channels}) : memory::desc(),
                                                          any(d_output.shape));
    mac.weights<dnnl::inner_product_backward_weights>(
        dnnl::inner_product_backward_weights::primitive_desc(desc, detail::dnnl_engine(), forward),
        borrow(result.d_weight), result.d_bias);
}

void pooling_backward(DnnlSession& session, const Network& network, const Layer& layer, const Tensor<float>& input,
                      const Tensor<float>& d_output, Tensor<float>& d_input) {
    const auto forward = detail::pooling_forward(network, layer, input.shape[0]);
    std::unordered_map<int, memory> arguments{{DNNL_ARG_DIFF_DST, borrow(d_output)},
                                              {DNNL_ARG_DIFF_SRC, borrow(d_input)}};
    if (layer.type == LayerType::max_pool) {  // which position won: known to the forward pass only, so it runs again
        const memory workspace(forward.workspace_desc(), detail::dnnl_engine());
        const memory unused(forward.dst_desc(), detail::dnnl_engine());
        dnnl::pooling_forward(forward).execute(
            session.stream(), {{DNNL_ARG_SRC, borrow(input)}, {DNNL_ARG_DST, unused}, {DNNL_ARG_WORKSPACE, workspace}});
        arguments.emplace(DNNL_ARG_WORKSPACE, workspace);
    }
    const Window& w = layer.window;
    const dnnl::pooling_backward::desc desc(detail::pooling_algorithm(layer), plain(input.shape), plain(d_output.shape),
                                            dims(w.stride), dims(w.kernel), dims(w.padding), dims(w.padding));
    dnnl::pooling_backward(dnnl::pooling_backward::primitive_desc(desc, detail::dnnl_engine(), forward))
        .execute(session.stream(), arguments);
    session.stream().wait();
}

void relu_backward(DnnlSession& session, const Tensor<float>& input, const Tensor<float>& d_output,
                   Tensor<float>& d_input) {
    const dnnl::eltwise_backward::desc desc(dnnl::algorithm::eltwise_relu, plain(input.shape), plain(input.shape),
                                            0.0f);
    dnnl::eltwise_backward(
        dnnl::eltwise_backward::primitive_desc(desc, detail::dnnl_engine(), detail::relu_forward(input.shape)))
        .execute(session.stream(), {{DNNL_ARG_SRC, borrow(input)},
                                    {DNNL_ARG_DIFF_DST, borrow(d_output)},
                                    {DNNL_ARG_DIFF_SRC, borrow(d_input)}});
    session.stream().wait();
}

void softmax_backward(DnnlSession& session, const Tensor<float>& output, const Tensor<float>& d_output,
                      Tensor<float>& d_input) {
    constexpr int kFeatureAxis = 1;
    const dnnl::softmax_backward::desc desc(plain(output.shape), plain(output.shape), kFeatureAxis);
    dnnl::softmax_backward(
        dnnl::softmax_backward::primitive_desc(desc, detail::dnnl_engine(), detail::softmax_forward(output.shape)))
        .execute(session.stream(), {{DNNL_ARG_DST, borrow(output)},
                                    {DNNL_ARG_DIFF_DST, borrow(d_output)},
                                    {DNNL_ARG_DIFF_SRC, borrow(d_input)}});
    session.stream().wait();
}

}  // namespace

LayerGradients backward_layer(const Network& network, const Layer& layer,
                              const std::vector<const Tensor<float>*>& inputs, const Tensor<float>& output,
                              const Tensor<float>* weight, const Tensor<float>& d_output, int threads,
                              bool input_gradient) {
    const size_t batch = detail::check_layer_arguments(network, layer, inputs, weight);
    const Shape expected = detail::with_batch(batch, layer.output_shape);
    if (output.shape != expected || d_output.shape != expected)
        throw ShapeError(fmt::format("{}: output is {} and its gradient {}, expected {}", layer.name,
                                     to_string(output.shape), to_string(d_output.shape), to_string(expected)));
    DnnlSession session(threads);
    const Tensor<float>& input = *inputs[0];
    LayerGradients result;
    if (layer.is_mac()) {
        result.d_weight = Tensor<float>(weight->shape);
        if (layer.has_bias) result.d_bias = Tensor<float>({layer.out_channels});
    }
    if (input_gradient || !layer.is_mac())
        for (const Tensor<float>* each : inputs) result.d_inputs.emplace_back(each->shape);

    switch (layer.type) {
        case LayerType::conv2d:
            convolution_backward(session, network, layer, input, *weight, d_output, input_gradient, result);
            break;
        case LayerType::linear:
            linear_backward(session, network, layer, input, *weight, d_output, input_gradient, result);
            break;
        case LayerType::max_pool:
        case LayerType::avg_pool:
            pooling_backward(session, network, layer, input, d_output, result.d_inputs[0]);
            break;
        case LayerType::relu:
            relu_backward(session, input, d_output, result.d_inputs[0]);
            break;
        case LayerType::softmax:
            softmax_backward(session, output, d_output, result.d_inputs[0]);
            break;
        case LayerType::add:
        case LayerType::flatten:
            for (Tensor<float>& d_input : result.d_inputs) d_input.data = d_output.data;
            break;
        case LayerType::input:
            break;  // has no input
    }
    return result;
}

}  // namespace concrete::sim

#include "sim/float_dnnl.h"

#include <algorithm>
#include <fmt/format.h>
#include <omp.h>

#include "sim/error.h"

namespace concrete::sim::detail {
namespace {

using dnnl::memory;

memory::desc describe(const Shape& shape, memory::format_tag tag) {
    return {memory::dims(shape.begin(), shape.end()), memory::data_type::f32, tag};
}

const Shape& input_shape(const Network& network, const Layer& layer) {
    return network.layers.at(layer.inputs.at(0)).output_shape;
}

// An empty description stands for "no bias".
memory::desc bias_desc(const Layer& layer) {
    return layer.has_bias ? plain({layer.out_channels}) : memory::desc();
}

}  // namespace

dnnl::engine& dnnl_engine() {
    static dnnl::engine engine(dnnl::engine::kind::cpu, 0);
    return engine;
}

DnnlSession::DnnlSession(int threads) : threads_before_(omp_get_max_threads()), stream_(dnnl_engine()) {
    omp_set_num_threads(std::max(threads, 1));
}

DnnlSession::~DnnlSession() {
    omp_set_num_threads(threads_before_);
}

memory DnnlSession::reordered(const memory& from, const memory::desc& wanted) {
    if (from.get_desc() == wanted) return from;
    memory to(wanted, dnnl_engine());
    copy(from, to);
    return to;
}

void DnnlSession::copy(const memory& from, memory& to) {
    memory source = from;
    dnnl::reorder(source, to).execute(stream_, source, to);
    stream_.wait();
}

memory::desc plain(const Shape& shape) {
    using tag = memory::format_tag;
    constexpr std::array<tag, 5> kTags{tag::a, tag::ab, tag::abc, tag::abcd, tag::abcde};
    return describe(shape, kTags.at(shape.size() - 1));
}

memory::desc any(const Shape& shape) {
    return describe(shape, memory::format_tag::any);
}

memory borrow(const Tensor<float>& tensor) {
    return borrow(tensor, tensor.shape);
}

memory borrow(const Tensor<float>& tensor, const Shape& as) {
    return {plain(as), dnnl_engine(), const_cast<float*>(tensor.data.data())};
}

Shape grouped_weight_shape(const Network& network, const Layer& layer) {
    Shape shape = weight_shape(network, layer);
    if (layer.groups == 1) return shape;
    shape[0] /= layer.groups;
    shape.insert(shape.begin(), layer.groups);
    return shape;
}

memory::dims dims(const std::array<size_t, 2>& pair) {
    return {static_cast<memory::dim>(pair[0]), static_cast<memory::dim>(pair[1])};
}

memory::dims dilation_dims(const Window& window) {
    return dims({window.dilation[0] - 1, window.dilation[1] - 1});
}

Shape with_batch(size_t batch, const Shape& shape) {
    Shape result{batch};
    result.insert(result.end(), shape.begin(), shape.end());
    return result;
}

dnnl::convolution_forward::primitive_desc convolution_forward(const Network& network, const Layer& layer,
                                                              size_t batch) {
    const Window& w = layer.window;
    const dnnl::convolution_forward::desc desc(dnnl::prop_kind::forward_training, dnnl::algorithm::convolution_direct,
                                               any(with_batch(batch, input_shape(network, layer))),
                                               any(grouped_weight_shape(network, layer)), bias_desc(layer),
                                               any(with_batch(batch, layer.output_shape)), dims(w.stride),
                                               dilation_dims(w), dims(w.padding), dims(w.padding));
    return {desc, dnnl_engine()};
}

dnnl::inner_product_forward::primitive_desc inner_product_forward(const Network& network, const Layer& layer,
                                                                  size_t batch) {
    const dnnl::inner_product_forward::desc desc(
        dnnl::prop_kind::forward_training, any(with_batch(batch, input_shape(network, layer))),
        any(weight_shape(network, layer)), bias_desc(layer), any(with_batch(batch, layer.output_shape)));
    return {desc, dnnl_engine()};
}

dnnl::algorithm pooling_algorithm(const Layer& layer) {
    return layer.type == LayerType::max_pool ? dnnl::algorithm::pooling_max
                                             : dnnl::algorithm::pooling_avg_exclude_padding;
}

dnnl::pooling_forward::primitive_desc pooling_forward(const Network& network, const Layer& layer, size_t batch) {
    const Window& w = layer.window;
    const dnnl::pooling_forward::desc desc(dnnl::prop_kind::forward_training, pooling_algorithm(layer),
                                           plain(with_batch(batch, input_shape(network, layer))),
                                           plain(with_batch(batch, layer.output_shape)), dims(w.stride), dims(w.kernel),
                                           dims(w.padding), dims(w.padding));
    return {desc, dnnl_engine()};
}

dnnl::eltwise_forward::primitive_desc relu_forward(const Shape& shape) {
    const dnnl::eltwise_forward::desc desc(dnnl::prop_kind::forward_training, dnnl::algorithm::eltwise_relu,
                                           plain(shape), 0.0f);
    return {desc, dnnl_engine()};
}

dnnl::softmax_forward::primitive_desc softmax_forward(const Shape& shape) {
    constexpr int kFeatureAxis = 1;
    return {dnnl::softmax_forward::desc(dnnl::prop_kind::forward_training, plain(shape), kFeatureAxis), dnnl_engine()};
}

size_t check_layer_arguments(const Network& network, const Layer& layer,
                             const std::vector<const Tensor<float>*>& inputs, const Tensor<float>* weight) {
    if (inputs.size() != layer.inputs.size() || inputs.empty())
        throw ShapeError(fmt::format("{}: {} inputs, expected {}", layer.name, inputs.size(), layer.inputs.size()));
    const size_t batch = inputs[0]->shape.empty() ? 0 : inputs[0]->shape[0];
    for (size_t i = 0; i < inputs.size(); ++i) {
        const Shape expected = with_batch(batch, network.layers[layer.inputs[i]].output_shape);
        if (batch == 0 || inputs[i]->shape != expected)
            throw ShapeError(fmt::format("{}: input {} is {}, expected {} with a batch of 1 or more", layer.name, i,
                                         to_string(inputs[i]->shape), to_string(expected)));
    }
    if (layer.is_mac() && (weight == nullptr || weight->shape != weight_shape(network, layer)))
        throw ShapeError(fmt::format("{}: the weight is {}, expected {}", layer.name,
                                     weight ? to_string(weight->shape) : "absent",
                                     to_string(weight_shape(network, layer))));
    return batch;
}

}  // namespace concrete::sim::detail

#pragma once

#include <dnnl.hpp>

#include "sim/network.h"
#include "sim/tensor.h"

/// What sim/float_layers.cpp (forward) and sim/float_gradients.cpp (backward) share about oneDNN.
namespace concrete::sim::detail {

dnnl::engine& dnnl_engine();

/// For its lifetime oneDNN uses `threads` threads (its Debian build takes OpenMP's setting of the calling thread).
class DnnlSession {
  public:
    explicit DnnlSession(int threads);
    ~DnnlSession();
    DnnlSession(const DnnlSession&) = delete;
    DnnlSession& operator=(const DnnlSession&) = delete;

    dnnl::stream& stream() { return stream_; }
    /// `from` in the layout `wanted`: itself where it has it already, else a copy.
    dnnl::memory reordered(const dnnl::memory& from, const dnnl::memory::desc& wanted);
    /// Copies `from`, in any layout, to `to`.
    void copy(const dnnl::memory& from, dnnl::memory& to);

  private:
    int threads_before_;
    dnnl::stream stream_;
};

/// Row-major layout for a tensor of up to 5 axes.
dnnl::memory::desc plain(const Shape& shape);
/// The same extents, layout left to oneDNN.
dnnl::memory::desc any(const Shape& shape);
/// The tensor's own memory, borrowed. oneDNN has no read-only memory: const data must be used as input only.
dnnl::memory borrow(const Tensor<float>& tensor);
dnnl::memory borrow(const Tensor<float>& tensor, const Shape& as);

/// Shape of a convolution's weight as oneDNN wants it: [groups, out / groups, in / groups, kh, kw] for groups above 1.
Shape grouped_weight_shape(const Network& network, const Layer& layer);

dnnl::convolution_forward::primitive_desc convolution_forward(const Network& network, const Layer& layer, size_t batch);
dnnl::inner_product_forward::primitive_desc inner_product_forward(const Network& network, const Layer& layer,
                                                                  size_t batch);
dnnl::pooling_forward::primitive_desc pooling_forward(const Network& network, const Layer& layer, size_t batch);
dnnl::algorithm pooling_algorithm(const Layer& layer);
dnnl::eltwise_forward::primitive_desc relu_forward(const Shape& shape);
dnnl::softmax_forward::primitive_desc softmax_forward(const Shape& shape);

/// Window geometry in oneDNN's words; its dilation counts the skipped positions.
dnnl::memory::dims dims(const std::array<size_t, 2>& pair);
dnnl::memory::dims dilation_dims(const Window& window);

/// [n, ...]: the layer's output, or that of its input, for a batch.
Shape with_batch(size_t batch, const Shape& shape);

/// Throws: ShapeError unless there is one input of the right shape for each of layer.inputs, all of one batch, and the
/// weight fits. Returns the batch size.
size_t check_layer_arguments(const Network& network, const Layer& layer,
                             const std::vector<const Tensor<float>*>& inputs, const Tensor<float>* weight);

}  // namespace concrete::sim::detail

#include "bench/layer_baselines.h"

#include <dnnl.hpp>
#include <memory>
#include <omp.h>
#include <unordered_map>

#include "sim/random.h"

namespace concrete::bench {
namespace {

using dnnl::memory;

const dnnl::engine& engine() {
    static const dnnl::engine cpu(dnnl::engine::kind::cpu, 0);
    return cpu;
}

memory::dim dim(size_t extent) {
    return static_cast<memory::dim>(extent);
}

/// Memory of that layout with random small integers.
memory filled(const memory::desc& desc, uint64_t seed) {
    memory result(desc, engine());
    sim::Random random(seed);
    const size_t bytes = desc.get_size();
    if (desc.data_type() == memory::data_type::f32) {
        auto* values = static_cast<float*>(result.get_data_handle());
        for (size_t i = 0; i < bytes / sizeof(float); ++i) values[i] = static_cast<float>(random.below(255)) - 127;
    } else {
        auto* values = static_cast<uint8_t*>(result.get_data_handle());
        for (size_t i = 0; i < bytes; ++i) values[i] = static_cast<uint8_t>(random.below(256));
    }
    return result;
}

template <typename PrimitiveDesc>
std::function<void()> call(const PrimitiveDesc& desc, int threads) {
    using Arguments = std::unordered_map<int, memory>;
    auto arguments = std::make_shared<const Arguments>(Arguments{{DNNL_ARG_SRC, filled(desc.src_desc(), 1)},
                                                                 {DNNL_ARG_WEIGHTS, filled(desc.weights_desc(), 2)},
                                                                 {DNNL_ARG_DST, filled(desc.dst_desc(), 3)}});
    dnnl::primitive primitive(desc);
    return [=, stream = dnnl::stream(engine())]() mutable {
        omp_set_num_threads(threads);
        primitive.execute(stream, *arguments);
        stream.wait();
    };
}

}  // namespace

std::function<void()> dnnl_layer(const LayerShape& shape, size_t batch, DnnlType type, int threads) {
    const bool is_int8 = type == DnnlType::int8;
    using data = memory::data_type;
    const auto any = [](const memory::dims& dims, data value) {
        return memory::desc(dims, value, memory::format_tag::any);
    };
    const data a = is_int8 ? data::u8 : data::f32, w = is_int8 ? data::s8 : data::f32;
    const data out = is_int8 ? data::s32 : data::f32;
    const memory::dim n = dim(batch), ic = dim(shape.in_channels), oc = dim(shape.out_channels);
    const memory::dim size = dim(shape.in_size), out_size = dim(shape.out_size());
    const memory::dim kernel = dim(shape.kernel), groups = dim(shape.groups);
    const memory::dims strides(2, dim(shape.stride)), padding(2, dim(shape.padding));
    omp_set_num_threads(threads);  // a primitive is made for a number of threads
    try {
        if (shape.is_fully_connected()) {
            const dnnl::inner_product_forward::desc desc(dnnl::prop_kind::forward_inference, any({n, ic}, a),
                                                         any({oc, ic}, w), any({n, oc}, out));
            return call(dnnl::inner_product_forward::primitive_desc(desc, engine()), threads);
        }
        const memory::dims weights = groups == 1 ? memory::dims{oc, ic, kernel, kernel}
                                                 : memory::dims{groups, oc / groups, ic / groups, kernel, kernel};
        const dnnl::convolution_forward::desc desc(
            dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct, any({n, ic, size, size}, a),
            any(weights, w), any({n, oc, out_size, out_size}, out), strides, padding, padding);
        return call(dnnl::convolution_forward::primitive_desc(desc, engine()), threads);
    } catch (const dnnl::error& error) {
        if (error.status == dnnl_unimplemented) return {};
        throw;
    }
}

ScalarLoop::ScalarLoop(const sim::MacLayer& layer, const sim::Tensor<int32_t>& codes)
    : images_(codes.shape[0]),
      pixels_(layer.out_h * layer.out_w),
      channels_(layer.out_channels),
      groups_(layer.groups),
      k_(layer.k()),
      table_(size_t{256} * 256),
      bias_(layer.bias_codes.begin(), layer.bias_codes.end()),
      out_(images_ * pixels_ * channels_) {
    const sim::CodeRange &a_range = layer.products->a_range(), &w_range = layer.products->w_range();
    for (int64_t a = a_range.lowest; a <= a_range.highest; ++a)
        for (int64_t w = w_range.lowest; w <= w_range.highest; ++w)
            table_[static_cast<size_t>(a - a_range.lowest) * 256 + static_cast<size_t>(w - w_range.lowest)] =
                static_cast<int32_t>(layer.products->product(a, w));
    for (const int32_t code : layer.w_codes) w_.push_back(static_cast<uint8_t>(code - w_range.lowest));

    const auto& [kernel, stride, padding, dilation] = layer.window;
    const size_t in_channels = layer.in_channels / groups_;
    a_.reserve(images_ * pixels_ * groups_ * k_);
    for (size_t image = 0; image < images_; ++image)
        for (size_t pixel = 0; pixel < pixels_; ++pixel)
            for (size_t channel = 0; channel < layer.in_channels; ++channel)
                for (size_t tap = 0; tap < k_ / in_channels; ++tap) {
                    // Coordinates on the picture; on padding they wrap to large numbers.
                    const size_t y = pixel / layer.out_w * stride[0] + tap / kernel[1] * dilation[0] - padding[0];
                    const size_t x = pixel % layer.out_w * stride[1] + tap % kernel[1] * dilation[1] - padding[1];
                    const size_t at = ((image * layer.in_channels + channel) * layer.in_h + y) * layer.in_w + x;
                    const bool inside = y < layer.in_h && x < layer.in_w;
                    const int64_t code = inside ? codes.data[at] : layer.a_params.zero_point;
                    a_.push_back(static_cast<uint8_t>(code - a_range.lowest));
                }
}

void ScalarLoop::run(int threads) {
    const size_t rows = images_ * pixels_, per_group = channels_ / groups_;
#pragma omp parallel for num_threads(threads) if (threads > 1)
    for (size_t row = 0; row < rows; ++row)
        for (size_t n = 0; n < channels_; ++n) {
            const uint8_t* a = a_.data() + (row * groups_ + n / per_group) * k_;
            const uint8_t* w = w_.data() + n * k_;
            int32_t sum = bias_[n];
            for (size_t k = 0; k < k_; ++k) sum += table_[size_t{a[k]} * 256 + w[k]];
            out_[row * channels_ + n] = sum;
        }
}

sim::Tensor<int64_t> ScalarLoop::result() const {
    sim::Tensor<int64_t> result({images_, channels_, pixels_, 1});
    for (size_t image = 0; image < images_; ++image)
        for (size_t pixel = 0; pixel < pixels_; ++pixel)
            for (size_t n = 0; n < channels_; ++n)
                result.data[(image * channels_ + n) * pixels_ + pixel] =
                    out_[(image * pixels_ + pixel) * channels_ + n];
    return result;
}

}  // namespace concrete::bench

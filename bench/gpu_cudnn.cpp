#include "bench/gpu_cudnn.h"

#include <array>
#include <fmt/format.h>

#include "bench/gpu_library.h"
#include "bench/gpu_timing.h"
#include "sim/error.h"

#if __has_include(<cudnn.h>)
#include <cudnn.h>
#define CONCRETE_WITH_CUDNN 1
#endif

namespace concrete::bench {

#ifdef CONCRETE_WITH_CUDNN

namespace {

/// The functions of cuDNN that are used here.
struct Cudnn {
    decltype(cudnnCreate)* create;
    decltype(cudnnSetStream)* set_stream;
    decltype(cudnnCreateTensorDescriptor)* make_tensor;
    decltype(cudnnSetTensor4dDescriptor)* set_tensor;
    decltype(cudnnCreateFilterDescriptor)* make_filter;
    decltype(cudnnSetFilter4dDescriptor)* set_filter;
    decltype(cudnnCreateConvolutionDescriptor)* make_convolution;
    decltype(cudnnSetConvolution2dDescriptor)* set_convolution;
    decltype(cudnnSetConvolutionMathType)* set_math;
    decltype(cudnnSetConvolutionReorderType)* set_reorder;
    decltype(cudnnFindConvolutionForwardAlgorithm)* find;
    decltype(cudnnConvolutionForward)* forward;
    decltype(cudnnGetErrorString)* status_text;
    decltype(cudnnGetVersion)* version;

    Cudnn() {
        const GpuLibrary library(fmt::format("libcudnn.so.{}", CUDNN_MAJOR));
        library.bind("cudnnCreate", create);
        library.bind("cudnnSetStream", set_stream);
        library.bind("cudnnCreateTensorDescriptor", make_tensor);
        library.bind("cudnnSetTensor4dDescriptor", set_tensor);
        library.bind("cudnnCreateFilterDescriptor", make_filter);
        library.bind("cudnnSetFilter4dDescriptor", set_filter);
        library.bind("cudnnCreateConvolutionDescriptor", make_convolution);
        library.bind("cudnnSetConvolution2dDescriptor", set_convolution);
        library.bind("cudnnSetConvolutionMathType", set_math);
        library.bind("cudnnSetConvolutionReorderType", set_reorder);
        library.bind("cudnnFindConvolutionForwardAlgorithm", find);
        library.bind("cudnnConvolutionForward", forward);
        library.bind("cudnnGetErrorString", status_text);
        library.bind("cudnnGetVersion", version);
    }
};

const Cudnn& api() {
    static const Cudnn functions;
    return functions;
}

void check(cudnnStatus_t status, const char* what) {
    if (status != CUDNN_STATUS_SUCCESS)
        throw cuda::DeviceError(fmt::format("cuDNN: {}: {}", what, api().status_text(status)));
}

/// One handle a process; made for the stream that is used next.
cudnnHandle_t handle_on(cuda::Stream& stream) {
    static cudnnHandle_t handle = [] {
        cudnnHandle_t made{};
        check(api().create(&made), "create a handle");
        return made;
    }();
    check(api().set_stream(handle, stream.gpu()), "set the stream");
    return handle;
}

/// Element type and order, and the number of channels that they come in multiples of.
struct Layout {
    const char* name;
    cudnnTensorFormat_t format;
    cudnnDataType_t type;
    size_t channels;
};
constexpr std::array kRealLayouts{Layout{"NCHW", CUDNN_TENSOR_NCHW, CUDNN_DATA_FLOAT, 1},
                                  Layout{"NHWC", CUDNN_TENSOR_NHWC, CUDNN_DATA_FLOAT, 1}};
constexpr std::array kByteLayouts{Layout{"NHWC", CUDNN_TENSOR_NHWC, CUDNN_DATA_INT8, 4},
                                  Layout{"NHWC of 16", CUDNN_TENSOR_NHWC, CUDNN_DATA_INT8, 16},
                                  Layout{"NC/32HW32", CUDNN_TENSOR_NCHW_VECT_C, CUDNN_DATA_INT8x32, 32}};

size_t rounded_up(size_t count, size_t multiple) {
    return (count + multiple - 1) / multiple * multiple;
}

}  // namespace

// Descriptors live as long as the process: a benchmark makes few.
struct CudnnConvolution::State {
    Layout layout;
    size_t batch, in_channels, out_channels, in_pixels, out_pixels, taps;
    cudnnTensorDescriptor_t in{}, out{};
    cudnnFilterDescriptor_t filter{};
    cudnnConvolutionDescriptor_t convolution{};
    cudnnConvolutionFwdAlgoPerf_t found{};
    std::unique_ptr<InputSets> weights;
    cuda::DeviceArray<uint8_t> result, workspace;

    State(const Layout& order, ProductType type, const LayerShape& shape, size_t images)
        : layout(order),
          batch(images),
          in_channels(rounded_up(shape.in_channels, layout.channels)),
          out_channels(rounded_up(shape.out_channels, layout.channels)),
          in_pixels(shape.in_size * shape.in_size),
          out_pixels(shape.out_size() * shape.out_size()),
          taps(shape.kernel * shape.kernel) {
        const auto integer = [](size_t value) { return static_cast<int>(value); };
        const int n = integer(batch), c = integer(in_channels), k = integer(out_channels);
        const int size = integer(shape.in_size), out_size = integer(shape.out_size()), kernel = integer(shape.kernel),
                  padding = integer(shape.padding), stride = integer(shape.stride);
        check(api().make_tensor(&in), "describe inputs");
        check(api().set_tensor(in, layout.format, layout.type, n, c, size, size), "describe inputs");
        check(api().make_tensor(&out), "describe outputs");
        check(api().set_tensor(out, layout.format, layout.type, n, k, out_size, out_size), "describe outputs");
        check(api().make_filter(&filter), "describe weights");
        check(api().set_filter(filter, layout.type, layout.format, k, c, kernel, kernel), "describe weights");
        check(api().make_convolution(&convolution), "describe a convolution");
        check(api().set_convolution(convolution, padding, padding, stride, stride, 1, 1, CUDNN_CROSS_CORRELATION,
                                    type == ProductType::int8 ? CUDNN_DATA_INT32 : CUDNN_DATA_FLOAT),
              "describe a convolution");
        const cudnnMathType_t math = type == ProductType::fp32   ? CUDNN_FMA_MATH
                                     : type == ProductType::tf32 ? CUDNN_DEFAULT_MATH
                                                                 : CUDNN_TENSOR_OP_MATH;
        check(api().set_math(convolution, math), "choose the arithmetic");
        // Weights of this layout are reordered by every call unless they are beforehand, as random ones always are.
        if (layout.format == CUDNN_TENSOR_NCHW_VECT_C)
            check(api().set_reorder(convolution, CUDNN_NO_REORDER), "leave weights in order");
    }

    size_t element_bytes() const { return layout.type == CUDNN_DATA_FLOAT ? sizeof(float) : 1; }
    size_t input_bytes() const { return batch * in_channels * in_pixels * element_bytes(); }

    /// The fastest algorithm, timed by cuDNN on memory of its own; false where there is none.
    bool find_algorithm(cudnnHandle_t handle, ProductType type) {
        std::array<cudnnConvolutionFwdAlgoPerf_t, 16> tried{};
        int count = 0;
        const cudnnStatus_t status = api().find(handle, in, filter, convolution, out, static_cast<int>(tried.size()),
                                                &count, tried.data());  // sorted by time
        if (status != CUDNN_STATUS_SUCCESS) return false;
        for (const cudnnConvolutionFwdAlgoPerf_t& candidate : tried) {
            if (count-- <= 0 || candidate.status != CUDNN_STATUS_SUCCESS) return false;
            // The search tries other arithmetic than was asked for; in fp32 the default would allow TF32.
            if (type == ProductType::fp32 && candidate.mathType != CUDNN_FMA_MATH) continue;
            found = candidate;
            check(api().set_math(convolution, found.mathType), "choose the arithmetic");
            return true;
        }
        return false;
    }

    void allocate(cuda::Executor& executor, ProductType type) {
        weights = std::make_unique<InputSets>(executor, out_channels * in_channels * taps * element_bytes(),
                                              product_inputs(type), 1);
        result = cuda::DeviceArray<uint8_t>(executor, batch * out_channels * out_pixels * element_bytes());
        workspace = cuda::DeviceArray<uint8_t>(executor, found.memory);
    }
};

CudnnConvolution::CudnnConvolution(cuda::Executor& executor, cuda::Stream& stream, ProductType type,
                                   const LayerShape& shape, size_t batch) {
    if (!stream.gpu()) throw MissingError("cuDNN needs a GPU");
    const cudnnHandle_t handle = handle_on(stream);
    const auto try_layout = [&](const Layout& layout) {
        auto candidate = std::make_unique<State>(layout, type, shape, batch);
        if (!candidate->find_algorithm(handle, type)) return;
        if (!state_ || candidate->found.time < state_->found.time) state_ = std::move(candidate);
    };
    if (type == ProductType::int8)
        for (const Layout& layout : kByteLayouts) try_layout(layout);
    else
        for (const Layout& layout : kRealLayouts) try_layout(layout);
    if (!state_) throw cuda::DeviceError(fmt::format("cuDNN: no algorithm for {} in {}", shape.name, to_string(type)));
    state_->allocate(executor, type);
}
CudnnConvolution::~CudnnConvolution() = default;

size_t CudnnConvolution::input_bytes() const {
    return state_->input_bytes();
}

void CudnnConvolution::run(cuda::Stream& stream, const void* in) const {
    const float one = 1, zero = 0;
    const State& s = *state_;
    check(api().forward(handle_on(stream), &one, s.in, in, s.filter, s.weights->set(0), s.convolution, s.found.algo,
                        s.workspace.data(), s.workspace.size(), &zero, s.out, s.result.data()),
          "convolve");
}

std::string CudnnConvolution::description() const {
    constexpr size_t kKiB = 1024;
    const char* arithmetic = state_->found.mathType == CUDNN_FMA_MATH       ? "FMA"
                             : state_->found.mathType == CUDNN_DEFAULT_MATH ? "default arithmetic"
                                                                            : "tensor cores";
    return fmt::format("cuDNN, {}, algorithm {}, {}, {} KiB of workspace", state_->layout.name,
                       static_cast<int>(state_->found.algo), arithmetic, state_->found.memory / kKiB);
}

std::string cudnn_version() {
    try {
        const size_t version = api().version();  // 10000 * major + 100 * minor + patch, since 9
        return fmt::format("{}.{}.{}", version / 10000, version / 100 % 100, version % 100);
    } catch (const MissingError& error) {
        return error.what();
    }
}

#else

struct CudnnConvolution::State {};
CudnnConvolution::CudnnConvolution(cuda::Executor&, cuda::Stream&, ProductType, const LayerShape&, size_t) {
    throw MissingError("this program was built without cuDNN's header");
}
CudnnConvolution::~CudnnConvolution() = default;
size_t CudnnConvolution::input_bytes() const {
    return 0;
}
void CudnnConvolution::run(cuda::Stream&, const void*) const {}
std::string CudnnConvolution::description() const {
    return {};
}
std::string cudnn_version() {
    return "this program was built without cuDNN's header";
}

#endif

}  // namespace concrete::bench

#pragma once

#include <memory>
#include <string>

#include "bench/gpu_cublas.h"
#include "bench/layer_shapes.h"

/// Convolutions by cuDNN, loaded when first needed: what the engines are held against.
namespace concrete::bench {

/// A convolution of a batch: inputs, weights and outputs in the layout and by the algorithm that cuDNN's own search
/// finds fastest; nothing is converted before or after. fp32: FMA only. int8: outputs in int8 as well, channels rounded
/// up to what the layout needs.
class CudnnConvolution {
  public:
    /// Throws: MissingError where there is no cuDNN or the executor is no GPU; DeviceError where it finds no algorithm.
    CudnnConvolution(cuda::Executor& executor, cuda::Stream& stream, ProductType type, const LayerShape& shape,
                     size_t batch);
    ~CudnnConvolution();

    size_t input_bytes() const;
    void run(cuda::Stream& stream, const void* in) const;
    /// "NHWC, algorithm 1, 12 KiB of workspace"
    std::string description() const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

/// "9.19.0", or why there is none.
std::string cudnn_version();

}  // namespace concrete::bench

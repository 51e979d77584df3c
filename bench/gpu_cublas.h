#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "cuda/executor.h"

/// Products of matrices by cuBLASLt, loaded when first needed: fully connected layers and ceilings.
namespace concrete::bench {

/// Numbers of a baseline, here and in cuDNN.
enum class ProductType {
    fp32,  ///< without TF32
    tf32,  ///< fp32 in memory, rounded to TF32 by the tensor cores
    int8   ///< sums in int32
};

/// "fp32", "tf32" or "int8"
std::string to_string(ProductType type);

/// Bytes to fill inputs of the type with, for InputSets.
std::vector<uint8_t> product_inputs(ProductType type);

/// out[m, n] = in[m, k] w[k, n], by the fastest of the algorithms that cuBLASLt proposes.
class CublasProduct {
  public:
    /// Args: k, n: multiples of 16. Throws: MissingError where there is no cuBLASLt or the executor is no GPU;
    /// DeviceError with what cuBLASLt answers.
    CublasProduct(cuda::Executor& executor, cuda::Stream& stream, ProductType type, size_t m, size_t n, size_t k);
    ~CublasProduct();

    size_t input_bytes() const;
    void run(cuda::Stream& stream, const void* in) const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

/// "13.0.0", or why there is none.
std::string cublas_version();

}  // namespace concrete::bench

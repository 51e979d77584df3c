#pragma once

#include <memory>

#include "cuda/device_array.h"
#include "cuda/product_maker.h"
#include "sim/logic_accumulator.h"
#include "sim/matmul.h"

namespace concrete::cuda {

/// sim::matmul() on a device: a product of code matrices, as a layer whose pictures are single pixels, a row of A each.
class DeviceMatmul {
  public:
    /// Uploads W, tables and init, and takes memory for as many rows of A as there are, or fit. Args: args: a and out
    /// are not touched, but the codes of a must be all that run() will see; no kSkip among them. init_per_row is not
    /// supported. Throws: as sim::check(MatmulArgs); InputError where no engine can compute it; OutOfDeviceMemory.
    DeviceMatmul(Executor& executor, const sim::MatmulArgs& args, const ProductMaker& make);

    const DeviceProduct& product() const { return *product_; }
    size_t rows() const { return rows_; }  ///< that run() takes at a time, at most

    /// Computes rows of A. Args: a: [m, k]; out: [m, n]; m at most rows(). Throws: DeviceError, OutOfDeviceMemory.
    void run(const int32_t* a, size_t m, int64_t* out);

  private:
    void reserve(size_t rows);

    Executor& executor_;
    size_t k_, n_;
    CodeFormat format_;
    sim::AccumulatorSpec acc_;
    std::unique_ptr<DeviceProduct> product_;
    sim::LogicAccumulator logic_{sim::AccumulatorSpec()};
    DeviceArray<int64_t> init_;
    size_t rows_ = 0;
    DeviceArray<uint8_t> codes_, scratch_;
    DeviceArray<int64_t> accumulators_;
    std::unique_ptr<Stream> stream_;
};

}  // namespace concrete::cuda

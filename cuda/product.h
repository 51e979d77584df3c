#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "cuda/code_map.h"
#include "cuda/conv_shape.h"
#include "cuda/executor.h"
#include "cuda/finish.h"
#include "sim/engine.h"
#include "sim/product_task.h"

namespace concrete::cuda {

/// What an engine makes a layer ready from. Borrowed while it does.
struct ProductSetup {
    Executor& executor;
    const sim::ProductTask& task;
    ConvShape shape;
    CodeFormat format;         ///< of the input codes
    int64_t padding_code = 0;  ///< what padding carries, unless task.positions.skips
};

/// The multiply-accumulates of one layer on a device, weights and tables uploaded: an engine of sim/engine.h, bit for
/// bit. Does not change; streams may share it.
class DeviceProduct {
  public:
    virtual ~DeviceProduct() = default;

    virtual sim::Engine engine() const = 0;
    virtual size_t passes() const { return 0; }  ///< int8 products, where a table is decomposed

    /// Device memory that run() needs for a batch, beside input and output.
    virtual size_t scratch_bytes(size_t images) const = 0;

    /// Enqueues the layer. Args: in: in.images pictures, of the setup's format and shape, codes within task.positions;
    /// neither they nor the outputs are 2^31 or more.
    /// scratch: scratch_bytes(in.images) bytes, aligned to 256. Throws: DeviceError.
    virtual void run(Stream& stream, const CodeMap& in, const Finish& finish, void* scratch) const = 0;
};

}  // namespace concrete::cuda

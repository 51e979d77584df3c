#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "cuda/code_map.h"
#include "cuda/conv_shape.h"
#include "cuda/device_array.h"
#include "cuda/executor.h"

namespace concrete::cuda {

/// Sums of a function of the activation codes over every window of a layer: f of a decomposition, or the codes
/// themselves for the correction of zero points.
///
///     sums[row][group] = sum over k of value(code), padding positions included
class WindowSums {
  public:
    /// Of the codes themselves. Args: padding_value: what a padding position adds, 0 where they are skipped.
    WindowSums(const ConvShape& shape, int64_t padding_value) : shape_(shape), padding_value_(padding_value) {}
    /// Of a function. Args: values: by stored code, for all that occur.
    WindowSums(Executor& executor, const ConvShape& shape, const std::vector<int64_t>& values, int64_t padding_value)
        : shape_(shape), padding_value_(padding_value), values_(executor, values) {}

    /// Elements of sums, and of the scratch beside.
    size_t sums(size_t images) const { return images * shape_.pixels() * shape_.groups; }
    size_t scratch(size_t images) const { return images * shape_.in_h * shape_.in_w * shape_.groups; }

    /// Enqueues them. Args: as many elements as above.
    void run(Stream& stream, const CodeMap& in, int64_t* sums, int64_t* scratch) const;

  private:
    ConvShape shape_;
    int64_t padding_value_;
    DeviceArray<int64_t> values_;
};

}  // namespace concrete::cuda

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include "cuda/device_array.h"
#include "cuda/executor.h"

/// How bench/gpu_layers.cpp times.
namespace concrete::bench {

/// Random bytes in device memory, in so many sets as a cache does not hold (64 at most), to be used in turn. The same
/// 2^20 bytes repeat themselves, at other offsets in each set.
class InputSets {
  public:
    static constexpr size_t kSets = 64;

    /// Args: values: random bytes, 2^20 of them. most: sets, at most.
    InputSets(cuda::Executor& executor, size_t set_bytes, const std::vector<uint8_t>& values, size_t most = kSets);

    void* set(size_t index) const { return memory_.data() + index % sets_ * stride_; }

  private:
    size_t stride_, sets_;
    cuda::DeviceArray<uint8_t> memory_;
};

inline constexpr size_t kInputValues = size_t{1} << 20;

/// 2^20 bytes in [lowest, lowest + count). Seed 3.
std::vector<uint8_t> random_bytes(unsigned lowest, unsigned count);
/// 2^18 floats in [-1, 1), as bytes. Seed 4.
std::vector<uint8_t> random_floats();

/// Enqueues one call on the set of that number.
using GpuCall = std::function<void(cuda::Stream&, size_t set)>;

struct GpuTiming {
    double seconds = 0;     ///< of one call, the median of `samples`
    size_t samples = 0;     ///< each of `calls` calls
    size_t calls = 1;       ///< between two events
    bool is_graph = false;  ///< calls were replayed as one graph; else launched one after the other
};

/// Times a call between events on a stream. Several calls, on different sets, make a sample of a millisecond or more;
/// where they can be captured, as a graph, so that launches of short kernels do not hide their time. Warms up for half
/// of the budget. Args: budget: seconds.
GpuTiming time_calls(cuda::Stream& stream, double budget, const GpuCall& call);

}  // namespace concrete::bench

#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>
#include <vector>

#include "cuda/executor.h"

namespace concrete::cuda {

/// Memory of a device, owned. Empty arrays have no memory.
template <typename T>
class DeviceArray {
  public:
    static_assert(std::is_trivially_copyable_v<T>);

    DeviceArray() = default;
    /// Throws: OutOfDeviceMemory.
    DeviceArray(Executor& executor, size_t count)
        : executor_(&executor),
          data_(count > 0 ? static_cast<T*>(executor.allocate(count * sizeof(T))) : nullptr),
          count_(count) {}
    /// The same with values, copied before it returns.
    DeviceArray(Executor& executor, const std::vector<T>& values) : DeviceArray(executor, values.size()) {
        const auto stream = executor.make_stream();
        stream->upload(data_, values.data(), count_ * sizeof(T));
        stream->synchronize();
    }
    DeviceArray(DeviceArray&& other) noexcept { swap(other); }
    DeviceArray& operator=(DeviceArray&& other) noexcept {
        swap(other);
        return *this;
    }
    ~DeviceArray() {
        if (data_) executor_->release(data_);
    }

    T* data() const { return data_; }
    size_t size() const { return count_; }
    size_t bytes() const { return count_ * sizeof(T); }

    /// Copied back, waiting for nothing but this copy.
    std::vector<T> values() const {
        std::vector<T> result(count_);
        if (count_ == 0) return result;
        const auto stream = executor_->make_stream();
        stream->download(result.data(), data_, bytes());
        stream->synchronize();
        return result;
    }

  private:
    void swap(DeviceArray& other) noexcept {
        std::swap(executor_, other.executor_);
        std::swap(data_, other.data_);
        std::swap(count_, other.count_);
    }

    Executor* executor_ = nullptr;
    T* data_ = nullptr;
    size_t count_ = 0;
};

}  // namespace concrete::cuda

#pragma once

#include <cstddef>
#include <utility>

#include "cuda/executor.h"

namespace concrete::cuda {

/// Host memory that copies overlap with, owned; uninitialized.
template <typename T>
class PinnedArray {
  public:
    PinnedArray() = default;
    PinnedArray(Executor& executor, size_t count)
        : executor_(&executor), data_(static_cast<T*>(executor.allocate_pinned(count * sizeof(T)))) {}
    PinnedArray(PinnedArray&& other) noexcept { swap(other); }
    PinnedArray& operator=(PinnedArray&& other) noexcept {
        swap(other);
        return *this;
    }
    ~PinnedArray() {
        if (data_) executor_->release_pinned(data_);
    }

    T* data() const { return data_; }

  private:
    void swap(PinnedArray& other) noexcept {
        std::swap(executor_, other.executor_);
        std::swap(data_, other.data_);
    }

    Executor* executor_ = nullptr;
    T* data_ = nullptr;
};

}  // namespace concrete::cuda

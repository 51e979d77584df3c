#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

namespace concrete::sim {

/// Memory for vectors, aligned to 64 bytes, that grows and is kept: the scratch of kernels. T is a plain number.
template <typename T>
class Aligned {
  public:
    /// Room for `count` elements; what was there is lost where it has to grow.
    T* reserve(size_t count) {
        if (count > size_) {
            size_ = 0;
            memory_.reset();  // first, so that old and new memory are never both held
            memory_.reset(static_cast<T*>(::operator new[](count * sizeof(T), kAlignment)));
            size_ = count;
        }
        return memory_.get();
    }
    /// The same, all 0.
    T* zeroed(size_t count) {
        T* const memory = reserve(count);
        std::fill_n(memory, count, T{0});
        return memory;
    }
    T* data() { return memory_.get(); }
    const T* data() const { return memory_.get(); }

  private:
    static constexpr std::align_val_t kAlignment{64};
    struct Free {
        void operator()(T* memory) const { ::operator delete[](memory, kAlignment); }
    };
    std::unique_ptr<T[], Free> memory_;
    size_t size_ = 0;
};

using AlignedWords = Aligned<uint64_t>;

}  // namespace concrete::sim

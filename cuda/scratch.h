#pragma once

#include <cstddef>
#include <cstdint>

namespace concrete::cuda {

/// Parts of one piece of memory, taken one after the other, each aligned to 256 bytes. Without memory it only counts,
/// so that one sequence of takes tells the size and, later, the places.
class Scratch {
  public:
    Scratch() = default;
    explicit Scratch(void* memory) : memory_(static_cast<uint8_t*>(memory)) {}

    template <typename T>
    T* take(size_t count) {
        constexpr size_t kAlignment = 256;
        uint8_t* const part = memory_ ? memory_ + bytes_ : nullptr;
        bytes_ += (count * sizeof(T) + kAlignment - 1) / kAlignment * kAlignment;
        return reinterpret_cast<T*>(part);
    }

    /// Taken so far.
    size_t bytes() const { return bytes_; }
    /// What lies behind that.
    void* rest() const { return memory_ ? memory_ + bytes_ : nullptr; }

  private:
    uint8_t* memory_ = nullptr;
    size_t bytes_ = 0;
};

}  // namespace concrete::cuda

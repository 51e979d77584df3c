#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

namespace concrete::sim {

/// Words in memory aligned to 64 bytes, a cache line and a vector of 512 bits. Grows, never shrinks; what was there
/// before is lost when it does.
class AlignedWords {
  public:
    /// Room for so many words, of no particular value.
    void reserve(size_t words) {
        if (words <= size_) return;
        size_ = 0;
        memory_.reset(static_cast<uint64_t*>(::operator new[](words * sizeof(uint64_t), std::align_val_t{64})));
        size_ = words;
    }
    uint64_t* data() { return memory_.get(); }
    const uint64_t* data() const { return memory_.get(); }

  private:
    struct Free {
        void operator()(uint64_t* memory) const { ::operator delete[](memory, std::align_val_t{64}); }
    };
    std::unique_ptr<uint64_t[], Free> memory_;
    size_t size_ = 0;
};

}  // namespace concrete::sim

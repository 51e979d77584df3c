#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace concrete::sim {

/// Machine code that can be run: memory of its own, written first and executable only when it can no longer be written.
class ExecutableMemory {
  public:
    /// Nothing where the system gives no such memory.
    static std::optional<ExecutableMemory> of(std::span<const uint8_t> code);

    ExecutableMemory(ExecutableMemory&& other) noexcept;
    ExecutableMemory& operator=(ExecutableMemory&&) = delete;
    ~ExecutableMemory();

    /// The code's first byte as a function. The caller knows its type.
    template <typename Function>
    Function* function() const {
        return reinterpret_cast<Function*>(memory_);
    }

  private:
    ExecutableMemory(void* memory, size_t size) : memory_(memory), size_(size) {}

    void* memory_;
    size_t size_;
};

}  // namespace concrete::sim

#include "sim/executable_memory.h"

#include <algorithm>
#include <sys/mman.h>
#include <utility>

namespace concrete::sim {

std::optional<ExecutableMemory> ExecutableMemory::of(std::span<const uint8_t> code) {
    if (code.empty()) return std::nullopt;
    void* const memory = mmap(nullptr, code.size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return std::nullopt;
    ExecutableMemory made(memory, code.size());
    std::copy(code.begin(), code.end(), static_cast<uint8_t*>(memory));
    if (mprotect(memory, code.size(), PROT_READ | PROT_EXEC) != 0) return std::nullopt;
    return made;
}

ExecutableMemory::ExecutableMemory(ExecutableMemory&& other) noexcept
    : memory_(std::exchange(other.memory_, nullptr)), size_(other.size_) {}

ExecutableMemory::~ExecutableMemory() {
    if (memory_ != nullptr) munmap(memory_, size_);
}

}  // namespace concrete::sim

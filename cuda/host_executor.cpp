#include "cuda/host_executor.h"

#include <chrono>
#include <cstring>
#include <fmt/format.h>
#include <new>
#include <stdexcept>
#include <vector>

namespace concrete::cuda {
namespace {

constexpr std::align_val_t kAlignment{256};

struct HostMark : Mark {
    std::chrono::steady_clock::time_point time = std::chrono::steady_clock::now();
};

struct HostGraph : Graph {
    std::vector<std::function<void()>> work;
};

class HostStream : public Stream {
  public:
    explicit HostStream(ThreadOrder order) : order_(order) {}

    void upload(void* to, const void* from, size_t bytes) override { copy(to, from, bytes); }
    void download(void* to, const void* from, size_t bytes) override { copy(to, from, bytes); }
    void fill(void* to, uint8_t byte, size_t bytes) override {
        enqueue([=] { std::memset(to, byte, bytes); });
    }
    void synchronize() override {
        if (captured_) throw std::logic_error("a stream cannot be waited for while it is captured");
    }
    std::unique_ptr<Mark> mark() override { return std::make_unique<HostMark>(); }
    double seconds_between(const Mark& earlier, const Mark& later) override {
        const auto time = [](const Mark& mark) { return dynamic_cast<const HostMark&>(mark).time; };
        return std::chrono::duration<double>(time(later) - time(earlier)).count();
    }
    void begin_capture() override { captured_ = std::make_unique<HostGraph>(); }
    std::unique_ptr<Graph> end_capture() override { return std::move(captured_); }
    void replay(const Graph& graph) override {
        for (const auto& work : dynamic_cast<const HostGraph&>(graph).work) work();
    }
    ThreadOrder host_order() const override { return order_; }
    void enqueue(std::function<void()> work) override {
        if (captured_) {
            captured_->work.push_back(std::move(work));
        } else {
            work();
        }
    }

  private:
    void copy(void* to, const void* from, size_t bytes) {
        if (bytes > 0) enqueue([=] { std::memcpy(to, from, bytes); });
    }

    ThreadOrder order_;
    std::unique_ptr<HostGraph> captured_;
};

}  // namespace

OutOfDeviceMemory::OutOfDeviceMemory(const std::string& device, size_t wanted_bytes)
    : Error(ExitCode::missing, fmt::format("{}: no memory is left for {} MiB; free some, or use --backend cpu", device,
                                           (wanted_bytes >> 20) + 1)),
      bytes(wanted_bytes) {}

void Stream::enqueue(std::function<void()>) {
    throw std::logic_error("a stream of a GPU takes kernels, not functions");
}

HostExecutor::HostExecutor(ThreadOrder order, size_t memory_bytes) : order_(order), memory_bytes_(memory_bytes) {
    constexpr size_t kSharedBytes = 227 << 10;  // as much as any GPU has
    limits_ = {9, 0, 1, kSharedBytes, 1.0};
}

HostExecutor::~HostExecutor() = default;

size_t HostExecutor::free_bytes() const {
    const std::lock_guard lock(mutex_);
    return memory_bytes_ - used_bytes_;
}

void* HostExecutor::allocate(size_t bytes) {
    const std::lock_guard lock(mutex_);
    if (bytes > memory_bytes_ - used_bytes_) throw OutOfDeviceMemory(label(), bytes);
    void* memory = ::operator new(bytes, kAlignment);
    std::memset(memory, detail::kPoison, bytes);
    used_bytes_ += bytes;
    sizes_[memory] = bytes;
    return memory;
}

void HostExecutor::release(void* memory) noexcept {
    if (!memory) return;
    const std::lock_guard lock(mutex_);
    const auto at = sizes_.find(memory);
    used_bytes_ -= at->second;
    sizes_.erase(at);
    ::operator delete(memory, kAlignment);
}

void* HostExecutor::allocate_pinned(size_t bytes) {
    return ::operator new(bytes, kAlignment);
}

void HostExecutor::release_pinned(void* memory) noexcept {
    ::operator delete(memory, kAlignment);
}

std::unique_ptr<Stream> HostExecutor::make_stream() {
    return std::make_unique<HostStream>(order_);
}

}  // namespace concrete::cuda

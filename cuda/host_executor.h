#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "cuda/executor.h"

namespace concrete::cuda {

/// The host in the place of a GPU: runs every kernel thread by thread, slowly. For tests, on machines without a GPU
/// too. New memory is poisoned.
class HostExecutor : public Executor {
  public:
    /// Args: memory_bytes: what allocate() gives at most, so that running out can be tried.
    explicit HostExecutor(ThreadOrder order = ThreadOrder::forward, size_t memory_bytes = size_t{4} << 30);
    ~HostExecutor() override;

    std::string label() const override { return "the host executor"; }
    const DeviceLimits& limits() const override { return limits_; }
    size_t free_bytes() const override;
    void* allocate(size_t bytes) override;
    void release(void* memory) noexcept override;
    void* allocate_pinned(size_t bytes) override;
    void release_pinned(void* memory) noexcept override;
    std::unique_ptr<Stream> make_stream() override;

  private:
    ThreadOrder order_;
    DeviceLimits limits_;
    size_t memory_bytes_;
    mutable std::mutex mutex_;
    size_t used_bytes_ = 0;
    std::map<void*, size_t> sizes_;
};

}  // namespace concrete::cuda

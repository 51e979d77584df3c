#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "cuda/host_block.h"
#include "sim/error.h"

struct CUstream_st;  // what cudaStream_t points to

namespace concrete::cuda {

/// Device memory has run out. Callers may try again with a smaller batch.
struct OutOfDeviceMemory : Error {
    OutOfDeviceMemory(const std::string& device, size_t wanted_bytes);
    size_t bytes;
};

/// Something failed on the device; says what, where and on which device.
struct DeviceError : Error {
    explicit DeviceError(const std::string& message) : Error(ExitCode::missing, message) {}
};

/// A moment in a stream.
class Mark {
  public:
    virtual ~Mark() = default;
};

/// Work that was captured from a stream, to be enqueued again as a whole.
class Graph {
  public:
    virtual ~Graph() = default;
};

/// A queue of work, done in order, on the device of its Executor. One host thread at a time.
class Stream {
  public:
    virtual ~Stream() = default;

    /// Copies, in the order of the stream. Host memory must stay as it is until the stream is there; copies overlap
    /// with other work only from and to memory of Executor::allocate_pinned().
    virtual void upload(void* to, const void* from, size_t bytes) = 0;
    virtual void download(void* to, const void* from, size_t bytes) = 0;
    virtual void fill(void* to, uint8_t byte, size_t bytes) = 0;
    /// Waits for all work so far. Throws: DeviceError for what failed in it.
    virtual void synchronize() = 0;

    virtual std::unique_ptr<Mark> mark() = 0;
    /// Waits for the later one. Requires: marks of this stream.
    virtual double seconds_between(const Mark& earlier, const Mark& later) = 0;

    /// Launches between the two are not done but captured; nothing may wait for this stream between them.
    virtual void begin_capture() = 0;
    virtual std::unique_ptr<Graph> end_capture() = 0;
    virtual void replay(const Graph& graph) = 0;

    /// How launch() of cuda/launch.h enqueues a program: on a GPU the stream, on the host a function.
    virtual CUstream_st* gpu() { return nullptr; }
    virtual ThreadOrder host_order() const { return ThreadOrder::forward; }
    virtual void enqueue(std::function<void()> work);
};

/// What kernels are chosen and sized by.
struct DeviceLimits {
    int compute_major = 0, compute_minor = 0;  ///< compute capability
    int multiprocessors = 1;
    size_t shared_bytes = 48 << 10;  ///< of a block, at most
    double clock_ghz = 1;
};

/// A GPU, or the host in its place: where memory lies and streams run.
class Executor {
  public:
    virtual ~Executor() = default;

    virtual std::string label() const = 0;  ///< "NVIDIA H100 80GB HBM3 (device 0)"
    virtual const DeviceLimits& limits() const = 0;
    virtual size_t free_bytes() const = 0;

    /// Aligned to 256 bytes, uninitialized. Throws: OutOfDeviceMemory.
    virtual void* allocate(size_t bytes) = 0;
    virtual void release(void* memory) noexcept = 0;
    /// Host memory that copies can overlap with. Throws: OutOfDeviceMemory.
    virtual void* allocate_pinned(size_t bytes) = 0;
    virtual void release_pinned(void* memory) noexcept = 0;

    virtual std::unique_ptr<Stream> make_stream() = 0;
};

}  // namespace concrete::cuda

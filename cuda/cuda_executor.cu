// A GPU as Executor, by the CUDA runtime.
#include <cuda_runtime_api.h>

#include "cuda/check.cuh"
#include "cuda/cuda_executor.h"

namespace concrete::cuda {

void check(cudaError_t status, const std::string& what) {
    if (status == cudaSuccess) return;
    int device = -1;
    cudaGetDevice(&device);
    cudaGetLastError();  // so that the next call does not report it again
    throw DeviceError(what + ": device " + std::to_string(device) + ": " + cudaGetErrorString(status));
}

namespace {

struct CudaMark : Mark {
    cudaEvent_t event = nullptr;
    CudaMark() { check(cudaEventCreate(&event), "create an event"); }
    ~CudaMark() override { cudaEventDestroy(event); }
};

struct CudaGraph : Graph {
    cudaGraphExec_t executable = nullptr;
    explicit CudaGraph(cudaGraph_t graph) {
        const cudaError_t status = cudaGraphInstantiate(&executable, graph, 0);
        cudaGraphDestroy(graph);
        check(status, "instantiate a graph");
    }
    ~CudaGraph() override { cudaGraphExecDestroy(executable); }
};

class CudaStream : public Stream {
  public:
    explicit CudaStream(int device) : device_(device) {
        use_device();
        check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "create a stream");
    }
    ~CudaStream() override { cudaStreamDestroy(stream_); }

    void upload(void* to, const void* from, size_t bytes) override {
        if (bytes == 0) return;
        use_device();
        check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyHostToDevice, stream_), "copy to the device");
    }
    void download(void* to, const void* from, size_t bytes) override {
        if (bytes == 0) return;
        use_device();
        check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToHost, stream_), "copy from the device");
    }
    void fill(void* to, uint8_t byte, size_t bytes) override {
        if (bytes == 0) return;
        use_device();
        check(cudaMemsetAsync(to, byte, bytes, stream_), "fill memory of the device");
    }
    void synchronize() override {
        use_device();
        check(cudaStreamSynchronize(stream_), "wait for the device");
    }
    std::unique_ptr<Mark> mark() override {
        use_device();
        auto mark = std::make_unique<CudaMark>();
        check(cudaEventRecord(mark->event, stream_), "record an event");
        return mark;
    }
    double seconds_between(const Mark& earlier, const Mark& later) override {
        const cudaEvent_t begin = dynamic_cast<const CudaMark&>(earlier).event;
        const cudaEvent_t end = dynamic_cast<const CudaMark&>(later).event;
        check(cudaEventSynchronize(end), "wait for an event");
        float milliseconds = 0;
        check(cudaEventElapsedTime(&milliseconds, begin, end), "read the time between events");
        return milliseconds * 1e-3;
    }
    void begin_capture() override {
        use_device();
        check(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal), "begin to capture a graph");
    }
    std::unique_ptr<Graph> end_capture() override {
        cudaGraph_t graph = nullptr;
        check(cudaStreamEndCapture(stream_, &graph), "capture a graph");
        return std::make_unique<CudaGraph>(graph);
    }
    void replay(const Graph& graph) override {
        use_device();
        check(cudaGraphLaunch(dynamic_cast<const CudaGraph&>(graph).executable, stream_), "launch a graph");
    }
    CUstream_st* gpu() override {
        use_device();
        return stream_;
    }

  private:
    // The current device is one of a host thread, and a stream may move to another thread.
    void use_device() const { check(cudaSetDevice(device_), "use the device"); }

    int device_;
    cudaStream_t stream_ = nullptr;
};

class CudaExecutor : public Executor {
  public:
    explicit CudaExecutor(const Device& device)
        : device_(device.index), label_(device.name + " (device " + std::to_string(device.index) + ")") {
        use_device();
        limits_.compute_major = device.compute_major;
        limits_.compute_minor = device.compute_minor;
        limits_.multiprocessors = attribute(cudaDevAttrMultiProcessorCount);
        limits_.shared_bytes = static_cast<size_t>(attribute(cudaDevAttrMaxSharedMemoryPerBlockOptin));
        limits_.clock_ghz = attribute(cudaDevAttrClockRate) * 1e-6;  // in kHz
    }

    std::string label() const override { return label_; }
    const DeviceLimits& limits() const override { return limits_; }
    size_t free_bytes() const override {
        use_device();
        size_t free = 0, total = 0;
        check(cudaMemGetInfo(&free, &total), "ask for free memory");
        return free;
    }
    void* allocate(size_t bytes) override {
        use_device();
        void* memory = nullptr;
        const cudaError_t status = cudaMalloc(&memory, bytes);
        if (status == cudaErrorMemoryAllocation) {
            cudaGetLastError();
            throw OutOfDeviceMemory(label_, bytes);
        }
        check(status, "allocate memory");
        return memory;
    }
    void release(void* memory) noexcept override {
        cudaSetDevice(device_);
        cudaFree(memory);
    }
    void* allocate_pinned(size_t bytes) override {
        use_device();
        void* memory = nullptr;
        const cudaError_t status = cudaMallocHost(&memory, bytes);
        if (status == cudaErrorMemoryAllocation) {
            cudaGetLastError();
            throw OutOfDeviceMemory("host memory for " + label_, bytes);
        }
        check(status, "allocate pinned memory");
        return memory;
    }
    void release_pinned(void* memory) noexcept override { cudaFreeHost(memory); }
    std::unique_ptr<Stream> make_stream() override { return std::make_unique<CudaStream>(device_); }

  private:
    void use_device() const { check(cudaSetDevice(device_), "use the device"); }
    int attribute(cudaDeviceAttr name) const {
        int value = 0;
        check(cudaDeviceGetAttribute(&value, name, device_), "ask for an attribute");
        return value;
    }

    int device_;
    std::string label_;
    DeviceLimits limits_;
};

}  // namespace

std::unique_ptr<Executor> make_cuda_executor(const Device& device) {
    return std::make_unique<CudaExecutor>(device);
}

}  // namespace concrete::cuda

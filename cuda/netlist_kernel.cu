// Kernels of netlists on a GPU, by the CUDA runtime.
#include <cuda_runtime_api.h>

#include "cuda/check.cuh"
#include "cuda/netlist_kernel.h"

namespace concrete::cuda {
namespace {

/// Belongs to no device: it is loaded into each one that launches its kernel.
class Library {
  public:
    explicit Library(const std::string& cubin) {
        check(cudaLibraryLoadData(&library_, cubin.data(), nullptr, nullptr, 0, nullptr, nullptr, 0), "load a netlist");
    }
    ~Library() { cudaLibraryUnload(library_); }
    Library(const Library&) = delete;
    Library& operator=(const Library&) = delete;

    /// As launches and questions take it.
    const void* kernel(const char* name) const {
        cudaKernel_t kernel = nullptr;
        check(cudaLibraryGetKernel(&kernel, library_, name), "find the kernel of a netlist");
        return reinterpret_cast<const void*>(kernel);
    }

  private:
    cudaLibrary_t library_ = nullptr;
};

class GpuNetlistKernel : public NetlistKernel {
  public:
    explicit GpuNetlistKernel(const std::string& cubin) : library_(cubin), kernel_(library_.kernel(kNetlistKernel)) {
        // Asking loads it into the current device now; a first launch while a graph is captured could not.
        cudaFuncAttributes attributes;
        check(cudaFuncGetAttributes(&attributes, kernel_), "load the kernel of a netlist");
    }

    void launch(Stream& stream, const std::string& what, const NetlistSteps& steps) const override {
        NetlistSteps argument = steps;
        void* arguments[] = {&argument};
        check(cudaLaunchKernel(kernel_, dim3(netlist_blocks(steps)), dim3(kNetlistThreads), arguments, 0, stream.gpu()),
              what);
    }

  private:
    Library library_;
    const void* kernel_;
};

}  // namespace

namespace detail {

std::unique_ptr<NetlistKernel> load_netlist_kernel(const std::string& cubin) {
    return std::make_unique<GpuNetlistKernel>(cubin);
}

}  // namespace detail
}  // namespace concrete::cuda

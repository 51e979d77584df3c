// Of builds without CUDA: there is no GPU to be found.
#include <stdexcept>

#include "cuda/cuda_executor.h"

namespace concrete::cuda {

DeviceList list_devices() {
    return {{}, "this build has no CUDA back end"};
}

bool is_built() {
    return false;
}

std::string driver_version() {
    return {};
}

std::string runtime_version() {
    throw std::logic_error("a build without CUDA has no CUDA runtime");
}

std::unique_ptr<Executor> make_cuda_executor(const Device& device) {
    throw DeviceError(device.name + ": this build has no CUDA back end");
}

}  // namespace concrete::cuda

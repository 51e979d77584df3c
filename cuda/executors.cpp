#include "cuda/executors.h"

#include <cstdlib>
#include <cstring>
#include <fmt/format.h>

#include "cuda/cuda_executor.h"
#include "cuda/host_executor.h"

namespace concrete::cuda {
namespace {

bool is_usable(const Device& device) {
    constexpr int kMajor = 7, kMinor = 5;  // of the oldest that scripts/cmake/ConcreteCuda.cmake compiles for
    return device.compute_major > kMajor || (device.compute_major == kMajor && device.compute_minor >= kMinor);
}

}  // namespace

std::string gpu_problem() {
    const DeviceList list = list_devices();
    for (const Device& device : list.devices) {
        if (is_usable(device)) return {};
    }
    if (list.devices.empty()) return list.reason;
    const Device& first = list.devices[0];
    return fmt::format("the GPU ({}) has compute capability {}.{}, and 7.5 is the least", first.name,
                       first.compute_major, first.compute_minor);
}

bool is_emulated() {
    const char* value = std::getenv("CONCRETE_CUDA_EMULATE");
    return value && std::strcmp(value, "1") == 0;
}

std::vector<std::unique_ptr<Executor>> make_executors() {
    std::vector<std::unique_ptr<Executor>> result;
    if (is_emulated()) {
        result.push_back(std::make_unique<HostExecutor>());
        return result;
    }
    for (const Device& device : list_devices().devices) {
        if (is_usable(device)) result.push_back(make_cuda_executor(device));
    }
    if (result.empty()) throw DeviceError(gpu_problem());
    return result;
}

}  // namespace concrete::cuda

#include <cuda_runtime_api.h>

#include "cuda/device.h"

namespace concrete::cuda {
namespace {

// CUDA counts versions as 1000 * major + 10 * minor.
std::string version_text(int version) {
    return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

// The driver's version tells a machine without driver from one whose driver is too old: cudaGetDeviceCount answers both
// with cudaErrorInsufficientDriver.
std::string why_no_device(cudaError_t status) {
    int driver = 0;
    if (cudaDriverGetVersion(&driver) != cudaSuccess || driver == 0) return "no NVIDIA driver is installed";
    if (status == cudaErrorInsufficientDriver) {
        return "the NVIDIA driver supports CUDA " + version_text(driver) + " and this program needs " +
               runtime_version() + "; update the driver";
    }
    if (status == cudaSuccess || status == cudaErrorNoDevice) {
        return "the NVIDIA driver shows no GPU to this process (is CUDA_VISIBLE_DEVICES set?)";
    }
    return std::string("CUDA says: ") + cudaGetErrorString(status);
}

}  // namespace

bool is_built() {
    return true;
}

std::string runtime_version() {
    return version_text(CUDART_VERSION);
}

std::string driver_version() {
    int driver = 0;
    return cudaDriverGetVersion(&driver) == cudaSuccess && driver > 0 ? version_text(driver) : "";
}

DeviceList list_devices() {
    DeviceList list;
    int count = 0;
    const cudaError_t counted = cudaGetDeviceCount(&count);
    if (counted != cudaSuccess || count == 0) {
        list.reason = why_no_device(counted);
        return list;
    }
    for (int index = 0; index < count; ++index) {
        cudaDeviceProp properties;
        const cudaError_t read = cudaGetDeviceProperties(&properties, index);
        if (read != cudaSuccess) {
            list.reason = why_no_device(read);
            continue;
        }
        list.devices.push_back({index, properties.name, properties.totalGlobalMem, properties.major, properties.minor});
    }
    if (!list.devices.empty()) list.reason.clear();
    return list;
}

}  // namespace concrete::cuda

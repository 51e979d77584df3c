#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace concrete::cuda {

/// A GPU that this process can see.
struct Device {
    int index = 0;              ///< as cudaSetDevice counts
    std::string name;           ///< "NVIDIA H100 80GB HBM3"
    uint64_t memory_bytes = 0;  ///< all of it, used or not
    int compute_major = 0;      ///< compute capability, 9.0 for an H100
    int compute_minor = 0;
};

struct DeviceList {
    std::vector<Device> devices;
    std::string reason;  ///< why `devices` is empty, one clause for people; empty where there is a device
};

/// Lists the GPUs that this process can see. A machine without GPU or driver is not an error: the list is then empty
/// and says why. Never throws for anything that CUDA answers.
DeviceList list_devices();

/// True if this build can use GPUs at all.
bool is_built();

/// Latest version of CUDA that the driver supports, "13.0"; empty where there is no driver.
std::string driver_version();

/// Version of the CUDA runtime that was compiled in, "13.0". Requires: is_built().
std::string runtime_version();

}  // namespace concrete::cuda

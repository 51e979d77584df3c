#pragma once

#include <memory>
#include <string>

#include "cuda/executor.h"
#include "cuda/netlist_source.h"

namespace concrete::cuda {

/// The kernel of netlist_source(), compiled for a device. Does not change; streams may share it.
class NetlistKernel {
  public:
    virtual ~NetlistKernel() = default;

    /// Enqueues a launch. Args: what: kernel and shapes, for the message where it fails. Throws: DeviceError.
    virtual void launch(Stream& stream, const std::string& what, const NetlistSteps& steps) const = 0;
};

/// Compiles the steps of a circuit: for a GPU with NVRTC (cuda/nvrtc.h), for the host executor with the C++ compiler.
/// Throws: as netlist_source(); MissingError where there is no such compiler; DeviceError.
std::unique_ptr<NetlistKernel> make_netlist_kernel(Executor& executor, const sim::StepCircuit& circuit);

namespace detail {

/// The kernel of a cubin, on all GPUs of its architecture. In builds with CUDA only. Throws: DeviceError.
std::unique_ptr<NetlistKernel> load_netlist_kernel(const std::string& cubin);

}  // namespace detail
}  // namespace concrete::cuda

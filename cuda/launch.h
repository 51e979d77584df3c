#pragma once

#include <string>
#include <type_traits>

#include "cuda/block.h"
#include "cuda/executor.h"
#include "cuda/host_block.h"

namespace concrete::cuda {

/// Enqueues a program on a GPU. Defined, for the programs of CONCRETE_KERNEL(), in cuda/launch.cuh.
template <typename Program>
void launch_on_gpu(CUstream_st* stream, const std::string& what, const Launch& launch,
                   const typename Program::Args& args);

/// Enqueues a block program. Args: what: kernel and shapes, for the message where the launch fails: "gather [100, 64] x
/// 32". Throws: DeviceError.
template <typename Program>
void launch(Stream& stream, [[maybe_unused]] const std::string& what, const Launch& shape,
            const typename Program::Args& args) {
    static_assert(std::is_trivially_copyable_v<typename Program::Args>);
    static_assert(Program::kThreads % kWarpThreads == 0);
    if (shape.x == 0 || shape.y == 0 || shape.z == 0) return;
#ifdef CONCRETE_WITH_CUDA
    if (stream.gpu()) return launch_on_gpu<Program>(stream.gpu(), what, shape, args);
#endif
    stream.enqueue([order = stream.host_order(), shape, args] { run_on_host<Program>(order, shape, args); });
}

}  // namespace concrete::cuda

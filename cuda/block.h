#pragma once

#include <cstddef>
#include <cstdint>

#include "sim/host_device.h"

/// Block programs: kernels that run on a GPU and, thread by thread, on the host.
///
/// A program is a type with what one block of threads does, written once over a Block:
///
///     struct Negate {
///         struct Args { const int32_t* in; int32_t* out; uint32_t count; };   // trivially copyable
///         static constexpr unsigned kThreads = 256;                          // of a block, a multiple of 32
///         template <typename Block>
///         CONCRETE_DEVICE static void run(Block& block, const Args& args) {
///             block.for_each_thread([&](ThreadIndex t) { ... });             // and a barrier
///         }
///     };
///
/// FOO_block.h holds the program, FOO.cpp what the host does around it, with launch<Negate>() of cuda/launch.h, and
/// FOO.cu nothing but CONCRETE_KERNEL(Negate), which compiles it for the GPU.
///
/// What a Block offers (cuda/device_block.cuh for the GPU, cuda/host_block.h for the host):
///
///     x(), y(), z()                which block of the grid
///     for_each_thread(body)        body(ThreadIndex) for every thread, then a barrier
///     for_each_warp(body)          body(Warp&) for every 32 threads, then a barrier
///     registers<T>()               a T for each thread, that lasts: registers[t]
///     shared<T>(count)             an array in shared memory, the same for all threads; contents undefined
///     issue_copies(body)           body(ThreadIndex, copies) for every thread, without barrier; copies.copy16(to,
///     from)
///                                  begins to copy 16 bytes from global to shared memory, both aligned to 16
///     wait_for_copies<N>()         until all but the last N issue_copies() are done, then a barrier
///
/// and a Warp:
///
///     for_each_lane(body)          body(ThreadIndex) for its 32 threads, which see each other's writes afterwards
///     ballot(condition)            bit i: condition(ThreadIndex of lane i)
///     mma(c, a, b)                 c += a b on the tensor cores (cuda/mma.h); c(t), a(t), b(t): the fragments of t
///
/// All threads of a block call these together: never within a body, never under a condition that differs between them.

#ifdef __CUDACC__
#define CONCRETE_DEVICE __device__ __forceinline__
#define CONCRETE_UNROLL _Pragma("unroll")  // a loop whose arrays shall be registers
#define CONCRETE_NO_UNROLL _Pragma("unroll 1")
#else
#define CONCRETE_DEVICE
#define CONCRETE_UNROLL
#define CONCRETE_NO_UNROLL
#endif

namespace concrete::cuda {

inline constexpr unsigned kWarpThreads = 32;

/// A thread of a block.
struct ThreadIndex {
    unsigned index;

    CONCRETE_HOST_DEVICE unsigned lane() const { return index % kWarpThreads; }
    CONCRETE_HOST_DEVICE unsigned warp() const { return index / kWarpThreads; }
};

/// Blocks of a launch, and bytes of shared memory of each: the sum over its arrays, each rounded up by shared_bytes().
struct Launch {
    unsigned x = 1, y = 1, z = 1;  ///< y and z at most 65535
    size_t shared_bytes = 0;
};

/// What shared<T>(count) takes of Launch::shared_bytes.
template <typename T>
CONCRETE_HOST_DEVICE constexpr size_t shared_bytes(size_t count) {
    constexpr size_t kAlignment = 16;
    return (count * sizeof(T) + kAlignment - 1) / kAlignment * kAlignment;
}

template <typename Unsigned>
CONCRETE_HOST_DEVICE constexpr Unsigned ceil_div(Unsigned value, Unsigned by) {
    return (value + by - 1) / by;
}

}  // namespace concrete::cuda

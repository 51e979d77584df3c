// A block of a program on the GPU (cuda/block.h); included by .cu files only.
#pragma once

#include <cuda_pipeline_primitives.h>

#include "cuda/block.h"
#include "cuda/mma.h"

namespace concrete::cuda {

/// The value of this thread.
template <typename T>
class DeviceRegisters {
  public:
    CONCRETE_DEVICE T& operator[](ThreadIndex) { return value_; }
    CONCRETE_DEVICE const T& operator[](ThreadIndex) const { return value_; }

  private:
    T value_;
};

class DeviceWarp {
  public:
    CONCRETE_DEVICE unsigned index() const { return threadIdx.x / kWarpThreads; }

    template <typename Body>
    CONCRETE_DEVICE void for_each_lane(const Body& body) {
        body(ThreadIndex{threadIdx.x});
        __syncwarp();
    }
    template <typename Condition>
    CONCRETE_DEVICE uint32_t ballot(const Condition& condition) {
        return __ballot_sync(0xFFFFFFFFU, condition(ThreadIndex{threadIdx.x}));
    }
    template <typename C, typename A, typename B>
    CONCRETE_DEVICE void mma(const C& c, const A& a, const B& b) {
        const ThreadIndex t{threadIdx.x};
        multiply(c(t).sums, a(t).words, b(t).words);
    }

  private:
    static CONCRETE_DEVICE void multiply(int32_t* c, const uint32_t* a, const uint32_t* b) {
#if __CUDA_ARCH__ >= 800
        asm(
            "mma.sync.aligned.m16n8k32.row.col.s32.u8.s8.s32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
            "{%0, %1, %2, %3};"
            : "+r"(c[0]), "+r"(c[1]), "+r"(c[2]), "+r"(c[3])
            : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
        // The same fragments are four of Turing's m8n8k16: halves of the rows and of k.
        for (int half = 0; half < 2; ++half) {
            for (int k = 0; k < 2; ++k) {
                asm("mma.sync.aligned.m8n8k16.row.col.s32.u8.s8.s32 {%0, %1}, {%2}, {%3}, {%0, %1};"
                             : "+r"(c[2 * half]), "+r"(c[2 * half + 1])
                             : "r"(a[half + 2 * k]), "r"(b[k]));
            }
        }
#endif
    }
};

class DeviceBlock {
  public:
    CONCRETE_DEVICE unsigned x() const { return blockIdx.x; }
    CONCRETE_DEVICE unsigned y() const { return blockIdx.y; }
    CONCRETE_DEVICE unsigned z() const { return blockIdx.z; }

    template <typename Body>
    CONCRETE_DEVICE void for_each_thread(const Body& body) {
        body(ThreadIndex{threadIdx.x});
        __syncthreads();
    }
    template <typename Body>
    CONCRETE_DEVICE void for_each_warp(const Body& body) {
        DeviceWarp warp;
        body(warp);
        __syncthreads();
    }
    template <typename T>
    CONCRETE_DEVICE DeviceRegisters<T> registers() {
        return {};
    }
    template <typename T>
    CONCRETE_DEVICE T* shared(size_t count) {
        extern __shared__ __align__(16) unsigned char memory[];
        T* array = reinterpret_cast<T*>(memory + taken_);
        taken_ += static_cast<unsigned>(shared_bytes<T>(count));
        return array;
    }

    struct Copies {
        CONCRETE_DEVICE void copy16(void* to, const void* from) { __pipeline_memcpy_async(to, from, 16); }
    };
    template <typename Body>
    CONCRETE_DEVICE void issue_copies(const Body& body) {
        Copies copies;
        body(ThreadIndex{threadIdx.x}, copies);
        __pipeline_commit();
    }
    template <size_t kNewest>
    CONCRETE_DEVICE void wait_for_copies() {
        __pipeline_wait_prior(kNewest);
        __syncthreads();
    }

  private:
    unsigned taken_ = 0;
};

}  // namespace concrete::cuda

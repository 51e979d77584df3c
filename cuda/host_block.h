#pragma once

#include <cstring>
#include <functional>
#include <memory>
#include <type_traits>
#include <vector>

#include "cuda/block.h"
#include "cuda/mma.h"

namespace concrete::cuda {

/// In which order the host runs the threads between two barriers. A program that lacks a barrier gives different
/// results in different orders.
enum class ThreadOrder { forward, backward, shuffled };

namespace detail {

/// 0 to count - 1 in an order; `round` makes shuffled orders differ from each other.
std::vector<unsigned> ordered(unsigned count, ThreadOrder order, unsigned round);

/// What memory holds that a program may not rely on.
inline constexpr int kPoison = 0xA5;

template <typename T>
void poison(T* values, size_t count) {
    static_assert(std::is_trivially_copyable_v<T>);
    std::memset(static_cast<void*>(values), kPoison, count * sizeof(T));
}

/// The product of fragments by their documented layout. Args: of lane 0 to 31.
void mma_on_host(MmaC* const c[kWarpThreads], const MmaA a[kWarpThreads], const MmaB b[kWarpThreads]);

}  // namespace detail

/// A value for each thread of a block; at first poisoned.
template <typename T>
class HostRegisters {
  public:
    explicit HostRegisters(unsigned threads) : values_(std::make_unique<T[]>(threads)) {
        detail::poison(values_.get(), threads);
    }
    T& operator[](ThreadIndex t) { return values_[t.index]; }
    const T& operator[](ThreadIndex t) const { return values_[t.index]; }

  private:
    std::unique_ptr<T[]> values_;
};

/// 32 threads of a HostBlock, one after the other.
class HostWarp {
  public:
    HostWarp(unsigned warp, ThreadOrder order, unsigned round)
        : first_(warp * kWarpThreads), lanes_(detail::ordered(kWarpThreads, order, round)) {}

    unsigned index() const { return first_ / kWarpThreads; }

    template <typename Body>
    void for_each_lane(const Body& body) {
        for (const unsigned lane : lanes_) body(ThreadIndex{first_ + lane});
    }
    template <typename Condition>
    uint32_t ballot(const Condition& condition) {
        uint32_t bits = 0;
        for_each_lane([&](ThreadIndex t) { bits |= static_cast<uint32_t>(condition(t) ? 1 : 0) << t.lane(); });
        return bits;
    }
    template <typename C, typename A, typename B>
    void mma(const C& c, const A& a, const B& b) {
        MmaC* sums[kWarpThreads];
        MmaA left[kWarpThreads];
        MmaB right[kWarpThreads];
        for_each_lane([&](ThreadIndex t) { sums[t.lane()] = &c(t), left[t.lane()] = a(t), right[t.lane()] = b(t); });
        detail::mma_on_host(sums, left, right);
    }

  private:
    unsigned first_;
    std::vector<unsigned> lanes_;
};

/// A block of a program on the host. Shared memory and registers are poisoned; what is copied asynchronously arrives no
/// earlier than it is waited for.
class HostBlock {
  public:
    HostBlock(const Launch& launch, unsigned threads, ThreadOrder order, unsigned x, unsigned y, unsigned z)
        : launch_(launch), threads_(threads), order_(order), x_(x), y_(y), z_(z) {}

    unsigned x() const { return x_; }
    unsigned y() const { return y_; }
    unsigned z() const { return z_; }

    template <typename Body>
    void for_each_thread(const Body& body) {
        for (const unsigned thread : detail::ordered(threads_, order_, ++round_)) body(ThreadIndex{thread});
    }
    template <typename Body>
    void for_each_warp(const Body& body) {
        const std::vector<unsigned> warps = detail::ordered(threads_ / kWarpThreads, order_, ++round_);
        for (const unsigned index : warps) {
            HostWarp warp(index, order_, ++round_);
            body(warp);
        }
    }
    template <typename T>
    HostRegisters<T> registers() {
        return HostRegisters<T>(threads_);
    }
    /// Throws: std::logic_error where the launch has not so much shared memory.
    template <typename T>
    T* shared(size_t count) {
        auto* array = static_cast<T*>(take_shared(shared_bytes<T>(count)));
        detail::poison(array, count);
        return array;
    }

    /// Copies of one thread, put off until they are waited for.
    class Copies {
      public:
        void copy16(void* to, const void* from) {
            std::memset(to, detail::kPoison, 16);
            pending_->push_back({to, from});
        }

      private:
        friend HostBlock;
        struct Copy {
            void* to;
            const void* from;
        };
        std::vector<Copy>* pending_ = nullptr;
    };
    template <typename Body>
    void issue_copies(const Body& body) {
        pending_.emplace_back();
        Copies copies;
        copies.pending_ = &pending_.back();
        for (const unsigned thread : detail::ordered(threads_, order_, ++round_)) body(ThreadIndex{thread}, copies);
    }
    template <size_t kNewest>
    void wait_for_copies() {
        while (pending_.size() > kNewest) finish_oldest_copies();
    }

  private:
    void* take_shared(size_t bytes);
    void finish_oldest_copies();

    const Launch& launch_;
    unsigned threads_;
    ThreadOrder order_;
    unsigned x_, y_, z_;
    unsigned round_ = 0;
    size_t taken_ = 0;
    // An allocation for each array, so that a sanitizer sees who reaches beyond his own.
    std::vector<std::unique_ptr<std::byte[]>> arrays_;
    std::vector<std::vector<Copies::Copy>> pending_;
};

/// Runs all blocks of a program, in the order given too.
template <typename Program>
void run_on_host(ThreadOrder order, const Launch& launch, const typename Program::Args& args) {
    const unsigned blocks = launch.x * launch.y * launch.z;
    for (const unsigned index : detail::ordered(blocks, order, 0)) {
        HostBlock block(launch, Program::kThreads, order, index % launch.x, index / launch.x % launch.y,
                        index / launch.x / launch.y);
        Program::run(block, args);
    }
}

}  // namespace concrete::cuda

#pragma once

#include <benchmark/benchmark.h>
#include <filesystem>
#include <functional>
#include <memory>

#include "bench/layer_operators.h"
#include "cuda/executor.h"
#include "sim/dataset.h"
#include "sim/network.h"
#include "sim/weights.h"

/// Whole networks on a GPU, as `concrete run` computes them: pictures in, logits out.
namespace concrete::bench {

using MakeExecutor = std::function<std::unique_ptr<cuda::Executor>()>;

/// Pictures and weights are random, and scales made up: for speed alone. Codes are symmetric, of 8 bits.
class NetworkBench {
  public:
    /// Args: batch: pictures computed at a time on the GPU. threads: of the CPU.
    NetworkBench(MakeExecutor make_executor, size_t batch, int threads)
        : make_executor_(std::move(make_executor)), batch_(batch), threads_(threads) {}

    /// Times a network on a signed 8x8 multiplier. Counters: images/s, copies included; MAC/s; cpu_images/s, of this
    /// project's CPU engines on `threads` threads in the same run; x_cpu: times their rate. Throws: MismatchError if
    /// logits are not the CPU's.
    void time_network(benchmark::State& state, const std::filesystem::path& description, const OperatorPointer& op);

  private:
    void load(const std::filesystem::path& description);

    MakeExecutor make_executor_;
    size_t batch_;
    int threads_;
    std::filesystem::path description_;  // of what follows
    sim::Network network_;
    sim::Weights weights_;
};

}  // namespace concrete::bench

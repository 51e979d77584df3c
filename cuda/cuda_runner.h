#pragma once

#include <functional>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "cuda/network_slot.h"
#include "sim/network_runner.h"

namespace concrete::cuda {

struct CudaRunnerOptions {
    int threads = 1;           ///< of layers that compute on the host
    size_t usual_batch = 250;  ///< what engines are chosen for
    bool graphs = true;        ///< replay batches as CUDA graphs where nothing is left to the host
    /// Told, once, where batches had to be smaller than asked for.
    std::function<void(const std::string&)> notice = {};
};

/// Runs a network on GPUs: batches are dealt out in turn to two slots on each, and their results handed on in order, so
/// that the host's part of a batch and its copies overlap with the computing of others. Where memory does not suffice,
/// batches are halved.
///
/// Observed batches have at most 64 pictures, since their records hold every accumulator.
class CudaRunner : public sim::NetworkRunner {
  public:
    /// Args: executors: one or more. network: its layers need not be prepared; must outlive this. Throws: InputError
    /// naming a layer that no engine can compute; OutOfDeviceMemory.
    CudaRunner(std::vector<std::unique_ptr<Executor>> executors, const sim::QuantizedNetwork& network,
               const ProductMaker& make, CudaRunnerOptions options);

    /// layer_seconds: what marks around each layer say, of batches launched layer by layer, by picture times pictures:
    /// batches replayed as graphs are not timed by layer. Of the first batch of each slot, which loads the kernels too,
    /// only where there is no other. Throws: OutOfDeviceMemory where not even one picture fits; DeviceError.
    sim::RunTimes run(const sim::RunRequest& request) override;

    const sim::QuantizedNetwork& network() const override { return network_; }
    sim::LayerEngine engine_of(size_t number) const override;
    std::string backend() const override { return "cuda"; }
    std::string label() const override;

  private:
    /// A batch under way.
    struct Flight {
        const NetworkSlot* slot;
        std::future<BatchResult> result;
    };

    void reserve(size_t batch, size_t observed_images);
    bool try_reserve(size_t batch, size_t observed_images);
    std::vector<BatchPart> parts(const sim::RunRequest& request) const;
    std::vector<double> layer_seconds(size_t images) const;

    const sim::QuantizedNetwork& network_;
    CudaRunnerOptions options_;
    std::vector<std::unique_ptr<Executor>> executors_;
    std::vector<std::unique_ptr<DeviceNetwork>> on_device_;  // by executor
    std::vector<std::unique_ptr<NetworkSlot>> slots_;        // the first of each executor, then the second
    size_t asked_ = 0, asked_observed_ = 0;                  // what reserve() was called with, and what came of it
    size_t batch_ = 0, observed_batch_ = 0;
    bool noticed_ = false;
};

}  // namespace concrete::cuda

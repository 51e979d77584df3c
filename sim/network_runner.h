#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "sim/dataset.h"
#include "sim/quantized_network.h"

namespace concrete::sim {

/// What a run computes, and who is told. Observer and sink are called by the thread that called run(), one call at a
/// time: batch by batch in the order of the pictures, first the records of the batch's layers, then its logits. Both
/// are free to stay empty; what they are given lives only as long as the call.
struct RunRequest {
    const Dataset& data;  ///< pictures that fit the network, by check_fits() of sim/experiment.h
    size_t batch = 250;   ///< pictures computed at a time, at least 1; no result depends on it
    /// Takes the logits [n, classes] of pictures first_image .. first_image + n - 1.
    std::function<void(size_t first_image, const Tensor<double>& logits)> sink = {};
    MacObserver observer = {};
    /// Only batches that begin before this picture are observed: records cost a GPU downloads.
    size_t observed_images = ~size_t{0};
};

/// What a run took.
struct RunTimes {
    double seconds = 0;  ///< of the run, without the time in which computing waited for the observer
    /// By MAC layer: spent in its multiply-accumulates. Where batches overlap the sum may exceed `seconds`.
    std::vector<double> layer_seconds;
};

/// How a runner computes one MAC layer.
struct LayerEngine {
    std::string name;   ///< "permute"
    size_t passes = 0;  ///< int8 products, where the table is decomposed
};

/// Runs the pictures of a data set through a network, batch by batch, on one kind of hardware. All runners give the
/// same numbers.
///
///     CpuRunner runner(network, threads);
///     runner.run({.data = data, .sink = [&](size_t first, const Tensor<double>& logits) { ... }});
class NetworkRunner {
  public:
    virtual ~NetworkRunner() = default;

    /// An exception of observer or sink ends the run and is passed on.
    virtual RunTimes run(const RunRequest& request) = 0;

    virtual const QuantizedNetwork& network() const = 0;
    /// Args: number: index into network().mac_layers().
    virtual LayerEngine engine_of(size_t number) const = 0;
    virtual std::string backend() const = 0;  ///< "cpu" or "cuda", as --backend calls it
    virtual std::string label() const = 0;    ///< for people: "cpu, 2 threads"
};

}  // namespace concrete::sim

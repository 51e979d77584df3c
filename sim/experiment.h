#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "sim/dataset.h"
#include "sim/network_runner.h"

namespace concrete::sim {

/// What the approximation does to the accumulators of one layer: error = approximate - exact, both computed from the
/// same input codes, in accumulator LSBs (before requantisation). Exact means exact products summed in 64 bits.
struct LayerError {
    uint64_t accumulators = 0;  ///< compared
    double mean_error = 0;      ///< bias
    double mae = 0;             ///< mean |error|
    double wce = 0;             ///< max |error|
    double mse = 0;             ///< mean error^2
    double mean_square = 0;     ///< of the exact accumulators: the signal
    /// 10 log10(mean_square / mse); infinite where there is no error.
    double snr_db() const;
};

struct LayerResult {
    std::string name;
    uint64_t macs = 0;  ///< of the whole run
    double seconds = 0;
    LayerError error;
};

struct ExperimentResult {
    size_t images = 0, correct = 0;
    double seconds = 0;  ///< of inference, as RunTimes counts them; without loading and calibration
    std::vector<LayerResult> layers;
    std::vector<size_t> predictions;  ///< [images]

    double accuracy_percent() const { return 100.0 * static_cast<double>(correct) / static_cast<double>(images); }
    uint64_t macs() const;
};

struct ExperimentOptions {
    int threads = 1;  ///< for what is computed beside the runner: the layer errors
    size_t batch = 250;
    size_t error_images = 64;  ///< layer errors are taken from the first so many pictures; 0: from none
    std::function<void(size_t done, size_t total)> progress;
    MacObserver observer = {};  ///< also sees every quantised layer of every batch; waiting for it does not count
};

/// Throws: InputError, starting with `where`, if pictures have not the shape that the network reads or a label is not
/// one of its classes.
void check_fits(const Network& network, const Dataset& data, const std::string& where);

/// Runs all pictures through the runner's network. Requires at least one picture that fits it.
ExperimentResult run_experiment(NetworkRunner& runner, const Dataset& data, const ExperimentOptions& options);

}  // namespace concrete::sim

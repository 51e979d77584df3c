#pragma once

#include "sim/network_runner.h"

namespace concrete::sim {

/// Runs a network that cpu_preparer() made ready, one batch after the other.
class CpuRunner : public NetworkRunner {
  public:
    /// The network must outlive the runner.
    CpuRunner(const QuantizedNetwork& network, int threads) : network_(network), threads_(threads) {}

    RunTimes run(const RunRequest& request) override;
    const QuantizedNetwork& network() const override { return network_; }
    LayerEngine engine_of(size_t number) const override;
    std::string backend() const override { return "cpu"; }
    std::string label() const override;

  private:
    const QuantizedNetwork& network_;
    int threads_;
};

}  // namespace concrete::sim

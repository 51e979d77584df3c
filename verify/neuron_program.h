#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "sim/operator.h"
#include "sim/requantize.h"

namespace concrete::verify {

/// What rtl/neuron.v is fed for one output neuron, as raw patterns of its ports.
struct NeuronStimulus {
    uint64_t init = 0;           ///< taken at `clear`
    uint64_t correction = 0;     ///< 64 bits, two's complement
    std::vector<uint32_t> a, b;  ///< operands, MAC by MAC
    sim::Requantizer requantizer;
};

/// What it answers, as raw patterns.
struct NeuronResponse {
    std::vector<uint64_t> acc;  ///< after `clear`, then after every MAC: one more than there are MACs
    uint64_t held = 0;          ///< acc after one more clock without `enable`
    uint64_t corrected = 0;
    uint64_t q = 0;
};

/// rtl/neuron.v with operators bound, Verilated.
class NeuronProgram {
  public:
    /// Args: sources: of neuron_sources. Builds the program, or finds it in the cache.
    explicit NeuronProgram(const sim::Sources& sources);

    struct Result {
        std::vector<NeuronResponse> responses;
        double seconds = 0;  ///< inside the simulation, without reading and writing
    };
    /// Clocks all streams through the unit, one after the other. `clear` is given together with `enable` and the first
    /// operands, so that its precedence is exercised too.
    Result run(std::span<const NeuronStimulus> stimuli) const;

  private:
    std::filesystem::path program_;
};

}  // namespace concrete::verify

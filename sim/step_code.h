#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "sim/executable_memory.h"
#include "sim/step_circuit.h"

namespace concrete::sim {

/// A step circuit as machine code for AVX-512, in a loop over k: one vpternlog a node for 512 lanes. Values stay in
/// registers as far as they go; those needed last wait in memory (Belady, IBM Systems Journal 5(2), 1966).
///
/// Code does not change; threads may share it.
class StepCode {
  public:
    static constexpr size_t kWords = 8;  ///< of a plane: 512 lanes
    static constexpr size_t kMaxNodes = 8192;

    /// Nothing where this machine or build cannot run such code, or where the circuit has more nodes than kMaxNodes.
    static std::optional<StepCode> make(const StepCircuit& circuit);

    /// acc := the circuit's outputs, count / steps times.
    /// Args: lanes: [count][lane_planes][kWords]; masks: [count][other_bits], 32 copies of each bit of the other codes;
    /// count: a multiple of the circuit's steps; acc: [acc_bits][kWords]. Lanes and acc are aligned to 64 bytes.
    void run(const uint64_t* lanes, const uint32_t* masks, size_t count, uint64_t* acc) const;

    /// What a pass through the code does, for tests and benchmarks.
    struct Figures {
        size_t nodes = 0, loads = 0, moves = 0, spills = 0, memory_operands = 0, bytes = 0;
    };
    const Figures& figures() const { return figures_; }

  private:
    StepCode(ExecutableMemory memory, const StepCircuit& circuit, size_t spill_slots, const Figures& figures);

    ExecutableMemory memory_;
    size_t steps_, acc_words_, spill_words_;
    Figures figures_;
};

}  // namespace concrete::sim

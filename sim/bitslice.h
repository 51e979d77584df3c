#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "sim/bitslice_kernels.h"
#include "sim/isa.h"
#include "sim/netlist.h"

namespace concrete::sim {

/// A netlist made ready for evaluation on many lanes at once (bit-slicing: Biham, FSE 1997). One bitwise instruction
/// evaluates a node for as many lanes as a vector has bits.
///
/// A *plane* holds one bit of every lane: bit l of word w belongs to lane 64 w + l. Nodes that reach no output are left
/// out; a value is kept in a slot only as long as a later node reads it, so that the slots in use stay in the nearest
/// cache.
///
/// A program does not change; threads may share it.
class NetlistProgram {
  public:
    /// Throws: InputError if the netlist is not in order (netlist_problem); RangeError if it keeps more than 65,536
    /// values at a time.
    explicit NetlistProgram(const Netlist& netlist, Isa isa = default_isa());

    /// Evaluates 64 * words lanes. The result is that of evaluate64() on every word.
    /// Args: inputs: [inputs()][words] planes. outputs: [outputs()][words] planes, no part of the inputs.
    /// Throws: ShapeError if the sizes differ.
    void evaluate(size_t words, std::span<const uint64_t> inputs, std::span<uint64_t> outputs) const;

    size_t inputs() const { return inputs_; }
    size_t outputs() const { return outputs_.size(); }
    size_t nodes() const { return nodes_; }  ///< those that reach an output
    size_t slots() const { return slots_; }  ///< most values held at a time, constants among them
    Isa isa() const { return isa_; }
    /// Evaluation is fastest for multiples of so many words.
    size_t block_words() const { return kernels_->wide.words; }

  private:
    struct Pin {
        size_t plane;
        uint16_t slot;
    };
    void allocate(const Netlist& netlist);
    void run(const detail::BitsliceKernel& kernel, size_t words, size_t first, size_t count, const uint64_t* inputs,
             uint64_t* outputs) const;

    Isa isa_;
    const detail::BitsliceKernels* kernels_;
    size_t inputs_, nodes_ = 0, slots_ = 0;
    std::vector<detail::BitsliceStep> steps_;
    std::vector<Pin> used_inputs_;
    std::vector<uint16_t> outputs_;  ///< slot of each
};

}  // namespace concrete::sim

#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sim/bitslice.h"
#include "sim/operator.h"

namespace concrete::gen {

/// Compares an operator's netlist with what its Verilated module gave. Several threads may share one.
class NetlistCheck {
  public:
    /// The operator, which has a netlist, must outlive the check. `threads` share the pairs of a comparison.
    NetlistCheck(const sim::Operator& op, int threads);

    /// What the netlist gives for raw operand pairs, as raw patterns of y. Throws: ShapeError if there are fewer a than
    /// b.
    std::vector<uint64_t> values(std::span<const uint64_t> a_raw, std::span<const uint64_t> b_raw) const;

    /// Throws: InputError naming the operands at the first pair where the netlist does not give y_raw.
    void compare(std::span<const uint64_t> a_raw, std::span<const uint64_t> b_raw,
                 std::span<const uint64_t> y_raw) const;

    /// The same for the pairs numbered `first`, first + 1, ... of a sweep (a * 2^b_bits + b). Requires a_bits + b_bits
    /// below 64, and `first` a multiple of 64.
    void compare_range(uint64_t first, std::span<const uint64_t> y_raw) const;

  private:
    /// Evaluates block by block: fill(buffers, first, pairs) sets the input planes, operands(k) names those of pair k.
    template <typename Fill, typename Operands>
    void compare_blocks(std::span<const uint64_t> y_raw, const Fill& fill, const Operands& operands) const;
    [[noreturn]] void fail(uint64_t a, uint64_t b, uint64_t y, uint64_t expected) const;

    const sim::Operator& op_;
    sim::NetlistProgram program_;
    int threads_;
};

}  // namespace concrete::gen

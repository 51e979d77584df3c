#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "sim/netlist.h"

namespace concrete::sim {

/// A netlist in the making, simplified on the way: constants and repeated fanins are folded into tables, inverters into
/// the nodes that read them, and of two equal nodes one is kept.
///
///     Circuit circuit(3);
///     const auto sum = circuit.xor3(circuit.input(0), circuit.input(1), circuit.input(2));
///     const Netlist netlist = circuit.netlist({sum});
class Circuit {
  public:
    using Signal = uint32_t;           ///< as in Netlist
    using Word = std::vector<Signal>;  ///< bit 0 first

    explicit Circuit(uint32_t inputs) { netlist_.inputs = inputs; }

    static constexpr Signal kZero = Netlist::kZero, kOne = Netlist::kOne;
    Signal input(uint32_t index) const { return netlist_.input(index); }
    /// Inputs first, first + 1, ... as a word.
    Word input_word(uint32_t first, uint32_t bits) const;

    /// A function as Netlist::Node::table has it; perhaps of a signal that is there already.
    Signal node(uint8_t table, Signal f0, Signal f1, Signal f2);
    Signal invert(Signal a) { return node(0x0f, a, kZero, kZero); }
    Signal and2(Signal a, Signal b) { return node(0xc0, a, b, kZero); }
    Signal or2(Signal a, Signal b) { return node(0xfc, a, b, kZero); }
    Signal xor2(Signal a, Signal b) { return node(0x3c, a, b, kZero); }
    Signal xor3(Signal a, Signal b, Signal c) { return node(0x96, a, b, c); }
    Signal majority(Signal a, Signal b, Signal c) { return node(0xe8, a, b, c); }
    Signal choose(Signal select, Signal if_one, Signal if_zero) { return node(0xca, select, if_one, if_zero); }

    /// a + b + carry modulo 2^bits; a and b equally long.
    Word add(const Word& a, const Word& b, Signal carry);
    /// The nodes of another netlist, its inputs bound to these signals. Returns: its outputs.
    /// Throws: ShapeError if the number of inputs differs.
    Word append(const Netlist& other, std::span<const Signal> inputs);

    /// What has been built, without nodes that no output needs, in the order in which they were made.
    Netlist netlist(std::span<const Signal> outputs) const;

  private:
    Netlist netlist_;
    std::map<std::pair<std::array<Signal, 3>, uint8_t>, Signal> known_;
};

}  // namespace concrete::sim

#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace concrete::sim {

/// A combinational circuit of 3-input look-up nodes, in topological order.
///
/// A *signal* is a number: 0 is the constant 0, 1 the constant 1, 2 .. inputs + 1 are the inputs, and from inputs + 2
/// on the nodes in order. A node reads signals before its own only.
struct Netlist {
    struct Node {
        std::array<uint32_t, 3> fanin{};  ///< signals; a node of fewer inputs repeats constant 0
        /// Bit 4 * f0 + 2 * f1 + f2 is the output for the values f0, f1, f2 of the fanins: the immediate operand of
        /// vpternlog and of lop3.
        uint8_t table = 0;

        bool operator==(const Node&) const = default;
    };

    uint32_t inputs = 0;
    std::vector<Node> nodes;
    std::vector<uint32_t> outputs;  ///< signals

    static constexpr uint32_t kZero = 0, kOne = 1, kFirstInput = 2;
    uint32_t input(uint32_t index) const { return kFirstInput + index; }
    uint32_t first_node() const { return kFirstInput + inputs; }
    uint32_t signals() const { return first_node() + static_cast<uint32_t>(nodes.size()); }

    bool operator==(const Netlist&) const = default;
};

/// Most nodes, inputs and outputs of a netlist.
inline constexpr uint32_t kMaxNetlistNodes = 1u << 20;
inline constexpr uint32_t kMaxNetlistPins = 1u << 12;

/// What is wrong with a netlist ("node 7 reads signal 30, which does not come before it"); nothing if it is in order.
std::optional<std::string> netlist_problem(const Netlist& netlist);

/// A three-input function of 64 lanes, as Netlist::Node::table has it.
constexpr uint64_t lut3(uint8_t table, uint64_t f0, uint64_t f1, uint64_t f2) {
    const auto bit = [table](int index) { return (table >> index & 1) != 0 ? ~uint64_t{0} : uint64_t{0}; };
    const auto choose = [](uint64_t select, uint64_t if_one, uint64_t if_zero) {
        return (select & if_one) | (~select & if_zero);
    };
    return choose(f0, choose(f1, choose(f2, bit(7), bit(6)), choose(f2, bit(5), bit(4))),
                  choose(f1, choose(f2, bit(3), bit(2)), choose(f2, bit(1), bit(0))));
}

/// Evaluates a netlist on 64 lanes at once: bit l of every word belongs to lane l. Slow and obvious: what faster
/// evaluators are compared with. Args: inputs: one word an input. Returns: one word an output.
/// Throws: ShapeError if the number of inputs differs.
std::vector<uint64_t> evaluate64(const Netlist& netlist, std::span<const uint64_t> inputs);

}  // namespace concrete::sim

#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "sim/netlist.h"

namespace concrete::gen {

/// Builds netlists without superfluous nodes: constants go through, buffers and inverters into the tables of the nodes
/// they feed, fan-ins that do not matter are dropped, equal ones merged, and a function that is there already (or its
/// complement) is not made again.
///
///     NetlistBuilder build(2);
///     sim::Netlist half_adder = build.finish({{build.exclusive_or(build.input(0), build.input(1)), ...}});
class NetlistBuilder {
  public:
    /// A signal of the builder, or its complement.
    class Literal {
      public:
        Literal operator~() const { return Literal(code_ ^ 1); }
        uint32_t signal() const { return code_ >> 1; }
        bool is_inverted() const { return (code_ & 1) != 0; }
        auto operator<=>(const Literal&) const = default;

      private:
        friend class NetlistBuilder;
        explicit Literal(uint32_t code) : code_(code) {}
        uint32_t code_;  // 2 * signal + inverted; signal 1 does not occur
    };

    /// Throws: RangeError for more than sim::kMaxNetlistPins inputs.
    explicit NetlistBuilder(uint32_t inputs);

    Literal zero() const { return Literal(0); }
    Literal one() const { return Literal(1); }
    Literal input(uint32_t index) const { return Literal(2 * (sim::Netlist::kFirstInput + index)); }

    /// A function of three literals; table as in sim::Netlist::Node.
    Literal lut(std::array<Literal, 3> fanin, uint8_t table);

    Literal conjunction(Literal x, Literal y) { return lut({x, y, zero()}, 0b11000000); }
    Literal exclusive_or(Literal x, Literal y) { return lut({x, y, zero()}, 0b00111100); }
    /// if_one where select is 1, else if_zero.
    Literal choice(Literal select, Literal if_one, Literal if_zero) {
        return lut({select, if_one, if_zero}, 0b11001010);
    }

    /// A function of any number of literals, by Shannon expansion on the last ones. Bit sum(value of fanin[i] << i) of
    /// `table` is the result, word index / 64, bit index % 64, as BlifModel::Gate has it.
    /// Throws: ShapeError if the table is too short.
    Literal gate(std::span<const Literal> fanin, std::span<const uint64_t> table);

    /// The netlist of some outputs: dead nodes dropped, ordered by order_for_few_live(). Both senses of a node cost an
    /// inverter only where outputs need both.
    /// Throws: RangeError beyond sim::kMaxNetlistNodes nodes or sim::kMaxNetlistPins outputs.
    sim::Netlist finish(std::span<const Literal> outputs) const;

  private:
    struct Hash {
        size_t operator()(const sim::Netlist::Node& node) const;
    };

    Literal expand(std::span<const Literal> fanin, std::span<const uint64_t> table, uint64_t begin);

    sim::Netlist made_;
    std::unordered_map<sim::Netlist::Node, uint32_t, Hash> known_;
};

/// The same functions without superfluous nodes, as the builder makes them, in an order that keeps few values live.
/// simplify(simplify(n)) is simplify(n). Throws: InputError for a netlist that is not in order.
sim::Netlist simplify(const sim::Netlist& netlist);

}  // namespace concrete::gen

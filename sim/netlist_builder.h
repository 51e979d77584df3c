#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "sim/netlist.h"

namespace concrete::sim {

/// Builds netlists without superfluous nodes: constants go through, buffers and inverters into the tables of the nodes
/// they feed, fan-ins that do not matter are dropped, equal ones merged, and a function that is there already (or its
/// complement) is not made again.
///
///     NetlistBuilder build(2);
///     Netlist half_adder = build.finish({{build.exclusive_or(build.input(0), build.input(1)), ...}});
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

    using Word = std::vector<Literal>;  ///< bit 0 first

    /// Throws: RangeError for more than kMaxNetlistPins inputs.
    explicit NetlistBuilder(uint32_t inputs);

    Literal zero() const { return Literal(0); }
    Literal one() const { return Literal(1); }
    Literal constant(bool value) const { return Literal(value ? 1 : 0); }
    Literal input(uint32_t index) const { return Literal(2 * (Netlist::kFirstInput + index)); }
    /// Inputs first, first + 1, ... as a word.
    Word input_word(uint32_t first, uint32_t bits) const;

    /// A function of three literals; table as in Netlist::Node.
    Literal lut(std::array<Literal, 3> fanin, uint8_t table);

    Literal conjunction(Literal x, Literal y) { return lut({x, y, zero()}, 0b11000000); }
    Literal disjunction(Literal x, Literal y) { return lut({x, y, zero()}, 0b11111100); }
    Literal exclusive_or(Literal x, Literal y) { return lut({x, y, zero()}, 0b00111100); }
    Literal exclusive_or(Literal x, Literal y, Literal z) { return lut({x, y, z}, 0b10010110); }
    Literal majority(Literal x, Literal y, Literal z) { return lut({x, y, z}, 0b11101000); }
    /// if_one where select is 1, else if_zero.
    Literal choice(Literal select, Literal if_one, Literal if_zero) {
        return lut({select, if_one, if_zero}, 0b11001010);
    }

    /// A function of any number of literals, by Shannon expansion on the last ones. Bit sum(value of fanin[i] << i) of
    /// `table` is the result, word index / 64, bit index % 64, as BlifModel::Gate has it.
    /// Throws: ShapeError if the table is too short.
    Literal gate(std::span<const Literal> fanin, std::span<const uint64_t> table);

    /// x + y + carry modulo 2^bits; x and y equally long.
    Word add(const Word& x, const Word& y, Literal carry);
    /// The nodes of another netlist, which must be in order, its inputs bound to these literals. Returns: its outputs.
    /// Throws: ShapeError if the number of inputs differs.
    Word append(const Netlist& other, std::span<const Literal> inputs);

    enum class Order { few_live, as_built };
    /// The netlist of some outputs: dead nodes dropped, ordered by order_for_few_live() or, in a small part of the
    /// time, as they were made. Both senses of a node cost an inverter only where outputs need both. Throws: RangeError
    /// beyond kMaxNetlistNodes nodes or kMaxNetlistPins outputs.
    Netlist finish(std::span<const Literal> outputs, Order order = Order::few_live) const;

  private:
    struct Hash {
        size_t operator()(const Netlist::Node& node) const;
    };

    Literal expand(std::span<const Literal> fanin, std::span<const uint64_t> table, uint64_t begin);

    Netlist made_;
    std::unordered_map<Netlist::Node, uint32_t, Hash> known_;
};

/// The same functions without superfluous nodes, as the builder makes them, in an order that keeps few values live.
/// simplify(simplify(n)) is simplify(n). Throws: InputError for a netlist that is not in order.
Netlist simplify(const Netlist& netlist);

}  // namespace concrete::sim

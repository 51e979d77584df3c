#include "sim/netlist_builder.h"

#include <algorithm>
#include <fmt/format.h>
#include <numeric>

#include "sim/error.h"
#include "sim/netlist_order.h"

namespace concrete::sim {

using Literal = NetlistBuilder::Literal;
using Word = NetlistBuilder::Word;

namespace {

/// A function of up to three signals: bit sum(value of signals[i] << (signals - 1 - i)).
struct Function {
    std::array<uint32_t, 3> signals{};
    unsigned count = 0;
    unsigned table = 0;

    unsigned size() const { return 1u << count; }

    /// Puts a signal in its place, unless it is there or constant.
    void add(uint32_t signal) {
        unsigned place = 0;
        while (place < count && signals[place] < signal) ++place;
        if (signal == Netlist::kZero || (place < count && signals[place] == signal)) return;
        for (unsigned i = count++; i > place; --i) signals[i] = signals[i - 1];
        signals[place] = signal;
    }

    /// Drops a signal, of which the table must be independent or which is 0.
    void drop(unsigned which) {
        const unsigned weight = 1u << (count - 1 - which);
        unsigned reduced = 0, bit = 0;
        for (unsigned index = 0; index < size(); ++index)
            if ((index & weight) == 0) reduced |= (table >> index & 1) << bit++;
        table = reduced;
        for (unsigned i = which; i + 1 < count; ++i) signals[i] = signals[i + 1];
        --count;
    }

    bool depends_on(unsigned which) const {
        const unsigned weight = 1u << (count - 1 - which);
        for (unsigned index = 0; index < size(); ++index)
            if ((table >> index & 1) != (table >> (index ^ weight) & 1)) return true;
        return false;
    }

    unsigned complement() const { return ~table & ((1u << size()) - 1); }

    /// As a node: constant 0 after the signals.
    Netlist::Node node() const {
        Netlist::Node made;
        for (unsigned i = 0; i < count; ++i) made.fanin[i] = signals[i];
        unsigned wide = 0;
        for (unsigned index = 0; index < 8; ++index) wide |= (table >> (index >> (3 - count)) & 1) << index;
        made.table = static_cast<uint8_t>(wide);
        return made;
    }
};

/// The function of three literals over the different signals among them, in rising order.
Function merge(const std::array<Literal, 3>& fanin, uint8_t table) {
    Function merged;
    for (const Literal literal : fanin) merged.add(literal.signal());
    for (unsigned index = 0; index < merged.size(); ++index) {
        unsigned at = 0;
        for (const Literal literal : fanin) {
            unsigned value = literal.is_inverted() ? 1 : 0;
            for (unsigned i = 0; i < merged.count; ++i)
                if (merged.signals[i] == literal.signal()) value ^= index >> (merged.count - 1 - i) & 1;
            at = 2 * at + value;
        }
        merged.table |= (table >> at & 1u) << index;
    }
    for (unsigned i = merged.count; i-- > 0;)
        if (!merged.depends_on(i)) merged.drop(i);
    return merged;
}

}  // namespace

size_t NetlistBuilder::Hash::operator()(const Netlist::Node& node) const {
    uint64_t mixed = node.table;
    for (const uint32_t fanin : node.fanin) mixed = (mixed ^ fanin) * 0x9e3779b97f4a7c15 ^ (mixed >> 29);
    return mixed;
}

NetlistBuilder::NetlistBuilder(uint32_t inputs) {
    if (inputs > kMaxNetlistPins)
        throw RangeError(fmt::format("a netlist of {} inputs, expected at most {}", inputs, kMaxNetlistPins));
    made_.inputs = inputs;
}

Word NetlistBuilder::input_word(uint32_t first, uint32_t bits) const {
    Word word;
    for (uint32_t i = 0; i < bits; ++i) word.push_back(input(first + i));
    return word;
}

Literal NetlistBuilder::lut(std::array<Literal, 3> fanin, uint8_t table) {
    Function merged = merge(fanin, table);
    const uint32_t inverted = merged.table & 1;  // nodes are kept as 0 where all fan-ins are 0
    if (inverted != 0) merged.table = merged.complement();
    if (merged.count == 0) return Literal(inverted);
    if (merged.count == 1) return Literal(2 * merged.signals[0] + inverted);
    const auto [place, is_new] = known_.try_emplace(merged.node(), made_.signals());
    if (is_new) {
        constexpr uint32_t most = 8 * kMaxNetlistNodes;  // dead ones go later
        if (made_.nodes.size() >= most)
            throw RangeError(fmt::format("a netlist of more than {} nodes before dead ones are dropped", most));
        made_.nodes.push_back(place->first);
    }
    return Literal(2 * place->second + inverted);
}

Literal NetlistBuilder::gate(std::span<const Literal> fanin, std::span<const uint64_t> table) {
    if (fanin.size() > 32 || table.size() * 64 < uint64_t{1} << fanin.size())
        throw ShapeError(fmt::format("a gate of {} inputs with a table of {} words", fanin.size(), table.size()));
    return expand(fanin, table, 0);
}

/// The part of a table from bit `begin` on.
Literal NetlistBuilder::expand(std::span<const Literal> fanin, std::span<const uint64_t> table, uint64_t begin) {
    if (fanin.size() > 3) {
        const std::span<const Literal> rest = fanin.first(fanin.size() - 1);
        const Literal low = expand(rest, table, begin);
        const Literal high = expand(rest, table, begin + (uint64_t{1} << rest.size()));
        return choice(fanin.back(), high, low);
    }
    std::array<Literal, 3> three{zero(), zero(), zero()};
    std::copy(fanin.begin(), fanin.end(), three.rbegin());  // fanin[0] weighs least
    uint8_t bits = 0;
    for (unsigned index = 0; index < 1u << fanin.size(); ++index)
        bits = static_cast<uint8_t>(bits | (table[(begin + index) / 64] >> ((begin + index) % 64) & 1) << index);
    return lut(three, bits);
}

Word NetlistBuilder::add(const Word& x, const Word& y, Literal carry) {
    Word sum;
    for (size_t i = 0; i < x.size(); ++i) {
        sum.push_back(exclusive_or(x[i], y[i], carry));
        if (i + 1 < x.size()) carry = majority(x[i], y[i], carry);
    }
    return sum;
}

Word NetlistBuilder::append(const Netlist& other, std::span<const Literal> inputs) {
    if (inputs.size() != other.inputs)
        throw ShapeError(fmt::format("netlist: {} signals for {} inputs", inputs.size(), other.inputs));
    Word literals{zero(), one()};
    literals.reserve(other.signals());
    literals.insert(literals.end(), inputs.begin(), inputs.end());
    for (const Netlist::Node& node : other.nodes)
        literals.push_back(
            lut({literals[node.fanin[0]], literals[node.fanin[1]], literals[node.fanin[2]]}, node.table));
    Word outputs;
    for (const uint32_t output : other.outputs) outputs.push_back(literals[output]);
    return outputs;
}

Netlist NetlistBuilder::finish(std::span<const Literal> outputs, Order wanted_order) const {
    if (outputs.size() > kMaxNetlistPins)
        throw RangeError(fmt::format("a netlist of {} outputs, expected at most {}", outputs.size(), kMaxNetlistPins));
    const uint32_t first = made_.first_node();

    // What is live, in the order of building. Outputs are signals here, whatever their sense.
    std::vector<bool> is_live(made_.signals());
    for (const Literal output : outputs) is_live[output.signal()] = true;
    for (uint32_t signal = made_.signals(); signal-- > first;) {
        if (!is_live[signal]) continue;
        for (const uint32_t fanin : made_.nodes[signal - first].fanin) is_live[fanin] = true;
    }
    Netlist kept;
    kept.inputs = made_.inputs;
    std::vector<uint32_t> number(made_.signals());
    for (uint32_t signal = 0; signal < made_.signals(); ++signal) {
        if (signal < first) number[signal] = signal;
        if (signal < first || !is_live[signal]) continue;
        number[signal] = kept.signals();
        Netlist::Node node = made_.nodes[signal - first];
        for (uint32_t& fanin : node.fanin) fanin = number[fanin];
        kept.nodes.push_back(node);
    }
    for (const Literal output : outputs) kept.outputs.push_back(number[output.signal()]);
    std::vector<uint32_t> order(kept.nodes.size());
    std::iota(order.begin(), order.end(), 0);
    if (wanted_order == Order::few_live) order = order_for_few_live(kept);

    // Senses: a node that outputs want inverted only is kept inverted; where they want both, an inverter follows it.
    std::vector<uint8_t> wanted(kept.signals());  // 1: as it is, 2: inverted
    for (size_t i = 0; i < outputs.size(); ++i)
        wanted[kept.outputs[i]] |= static_cast<uint8_t>(outputs[i].is_inverted() ? 2 : 1);
    Netlist done;
    done.inputs = kept.inputs;
    std::vector<uint32_t> signal_of(kept.signals()), inverse_of(kept.signals());
    inverse_of[Netlist::kZero] = Netlist::kOne;
    const auto add_inverse = [&](uint32_t signal) {
        constexpr uint8_t not_first = 0b00001111;
        inverse_of[signal] = done.signals();
        done.nodes.push_back({{signal_of[signal], Netlist::kZero, Netlist::kZero}, not_first});
    };
    for (uint32_t signal = 0; signal < first; ++signal) {
        signal_of[signal] = signal;
        if (signal >= Netlist::kFirstInput && (wanted[signal] & 2) != 0) add_inverse(signal);
    }
    for (const uint32_t index : order) {
        const uint32_t signal = first + index;
        Netlist::Node node = kept.nodes[index];
        std::array<Literal, 3> fanin{zero(), zero(), zero()};
        for (unsigned i = 0; i < 3; ++i)
            fanin[i] =
                Literal(2 * signal_of[node.fanin[i]] + (node.fanin[i] >= first && wanted[node.fanin[i]] == 2 ? 1 : 0));
        if (wanted[signal] == 2) node.table = static_cast<uint8_t>(~node.table);
        signal_of[signal] = done.signals();
        done.nodes.push_back(merge(fanin, node.table).node());
        if (wanted[signal] == 3) add_inverse(signal);
        if (wanted[signal] == 2) inverse_of[signal] = signal_of[signal];
    }
    for (size_t i = 0; i < outputs.size(); ++i)
        done.outputs.push_back((outputs[i].is_inverted() ? inverse_of : signal_of)[kept.outputs[i]]);
    if (done.nodes.size() > kMaxNetlistNodes)
        throw RangeError(
            fmt::format("a netlist of {} nodes, expected at most {}", done.nodes.size(), kMaxNetlistNodes));
    return done;
}

Netlist simplify(const Netlist& netlist) {
    if (const auto problem = netlist_problem(netlist)) throw InputError("netlist: " + *problem);
    NetlistBuilder build(netlist.inputs);
    return build.finish(build.append(netlist, build.input_word(0, netlist.inputs)));
}

}  // namespace concrete::sim

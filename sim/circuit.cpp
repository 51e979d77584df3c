#include "sim/circuit.h"

#include <algorithm>
#include <fmt/format.h>

#include "sim/error.h"

namespace concrete::sim {
namespace {

constexpr uint8_t kInverter = 0x0f;

/// Places of a table's index bit: f0 weighs 4, f1 2, f2 1.
constexpr int weight(size_t position) {
    return 4 >> position;
}

bool bit(uint8_t table, int index) {
    return (table >> index & 1) != 0;
}

/// The table of the same function where the index passes through `map` first.
template <typename Map>
uint8_t remapped(uint8_t table, const Map& map) {
    uint8_t result = 0;
    for (int index = 0; index < 8; ++index) {
        if (bit(table, map(index))) result = static_cast<uint8_t>(result | 1 << index);
    }
    return result;
}

}  // namespace

Circuit::Word Circuit::input_word(uint32_t first, uint32_t bits) const {
    Word word;
    for (uint32_t i = 0; i < bits; ++i) word.push_back(input(first + i));
    return word;
}

Circuit::Signal Circuit::node(uint8_t table, Signal f0, Signal f1, Signal f2) {
    std::array<Signal, 3> fanin{f0, f1, f2};
    for (size_t p = 0; p < 3; ++p) {
        // What an inverter reads, read instead.
        if (fanin[p] >= netlist_.first_node()) {
            const Netlist::Node& source = netlist_.nodes[fanin[p] - netlist_.first_node()];
            if (source.table == kInverter && source.fanin[1] == kZero && source.fanin[2] == kZero) {
                table = remapped(table, [&](int index) { return index ^ weight(p); });
                fanin[p] = source.fanin[0];
            }
        }
        // A fanin that is constant, or equal to one before it, says nothing of its own: tie it to constant 0.
        if (fanin[p] == kOne) {
            table = remapped(table, [&](int index) { return index | weight(p); });
            fanin[p] = kZero;
        }
        for (size_t q = 0; q < p && fanin[p] != kZero; ++q) {
            if (fanin[q] != fanin[p]) continue;
            table = remapped(
                table, [&](int index) { return (index & weight(q)) != 0 ? index | weight(p) : index & ~weight(p); });
            fanin[p] = kZero;
        }
        if (fanin[p] == kZero) table = remapped(table, [&](int index) { return index & ~weight(p); });
    }
    for (size_t p = 0; p < 3; ++p) {
        const bool is_read = remapped(table, [&](int index) { return index ^ weight(p); }) != table;
        if (!is_read) fanin[p] = kZero;
    }
    // In falling order, so that equal functions look equal and constants come last.
    for (const auto& [p, q] : {std::pair<size_t, size_t>{0, 1}, {1, 2}, {0, 1}}) {
        if (fanin[p] >= fanin[q]) continue;
        std::swap(fanin[p], fanin[q]);
        table = remapped(table, [&, p = p, q = q](int index) {
            const int without = index & ~(weight(p) | weight(q));
            return without | ((index & weight(p)) != 0 ? weight(q) : 0) | ((index & weight(q)) != 0 ? weight(p) : 0);
        });
    }
    if (table == 0x00) return kZero;
    if (table == 0xff) return kOne;
    if (table == 0xf0) return fanin[0];
    const auto [at, is_new] = known_.try_emplace({fanin, table}, netlist_.signals());
    if (is_new) netlist_.nodes.push_back({fanin, table});
    return at->second;
}

Circuit::Word Circuit::add(const Word& a, const Word& b, Signal carry) {
    Word sum;
    for (size_t i = 0; i < a.size(); ++i) {
        sum.push_back(xor3(a[i], b[i], carry));
        if (i + 1 < a.size()) carry = majority(a[i], b[i], carry);
    }
    return sum;
}

Circuit::Word Circuit::append(const Netlist& other, std::span<const Signal> inputs) {
    if (inputs.size() != other.inputs) {
        throw ShapeError(fmt::format("netlist: {} signals for {} inputs", inputs.size(), other.inputs));
    }
    Word signals{kZero, kOne};
    signals.insert(signals.end(), inputs.begin(), inputs.end());
    signals.reserve(other.signals());
    for (const Netlist::Node& n : other.nodes) {
        signals.push_back(node(n.table, signals[n.fanin[0]], signals[n.fanin[1]], signals[n.fanin[2]]));
    }
    Word outputs;
    for (const uint32_t output : other.outputs) outputs.push_back(signals[output]);
    return outputs;
}

Netlist Circuit::netlist(std::span<const Signal> outputs) const {
    const uint32_t first = netlist_.first_node();
    std::vector<bool> needed(netlist_.signals(), false);
    for (const Signal output : outputs) needed[output] = true;
    for (size_t i = netlist_.nodes.size(); i-- > 0;) {
        if (!needed[first + i]) continue;
        for (const Signal fanin : netlist_.nodes[i].fanin) needed[fanin] = true;
    }
    Netlist result;
    result.inputs = netlist_.inputs;
    Word moved(netlist_.signals());
    for (Signal s = 0; s < first; ++s) moved[s] = s;
    for (size_t i = 0; i < netlist_.nodes.size(); ++i) {
        if (!needed[first + i]) continue;
        Netlist::Node node = netlist_.nodes[i];
        for (Signal& fanin : node.fanin) fanin = moved[fanin];
        moved[first + i] = result.signals();
        result.nodes.push_back(node);
    }
    for (const Signal output : outputs) result.outputs.push_back(moved[output]);
    return result;
}

}  // namespace concrete::sim

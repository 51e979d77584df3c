#include "gen/cost.h"

#include <algorithm>
#include <bit>
#include <fmt/format.h>
#include <future>
#include <map>
#include <mutex>

#include "gen/catalogue.h"
#include "gen/sources.h"
#include "sim/error.h"

namespace concrete::gen {
namespace {

using sim::Netlist;
using sim::Operator;
using sim::OperatorKind;
using sim::Port;

/// Of 64 inputs each.
constexpr size_t kMostSteps = 2048, kLeastSteps = 128, kNodeSteps = size_t{1} << 25;

/// Signals read by a node, each once; those filled up with constant 0 are no fanin.
std::vector<uint32_t> distinct_fanin(const Netlist::Node& node) {
    std::vector<uint32_t> signals;
    for (const uint32_t signal : node.fanin) {
        if (signal <= Netlist::kOne || std::find(signals.begin(), signals.end(), signal) != signals.end()) continue;
        signals.push_back(signal);
    }
    return signals;
}

/// Readers of each signal: nodes that reach an output, and outputs. 0 for nodes that reach none.
std::vector<uint32_t> fan_out(const Netlist& netlist) {
    std::vector<uint32_t> readers(netlist.signals());
    for (const uint32_t signal : netlist.outputs) ++readers[signal];
    for (size_t i = netlist.nodes.size(); i-- > 0;) {
        if (readers[netlist.first_node() + i] == 0) continue;
        for (const uint32_t signal : distinct_fanin(netlist.nodes[i])) ++readers[signal];
    }
    return readers;
}

void check(const Netlist& netlist) {
    if (const auto problem = netlist_problem(netlist)) throw InputError("netlist: " + *problem);
}

std::string range(int bits) {
    return fmt::format("[{}:0]", bits - 1);
}

/// "input wire signed [7:0] a"
std::string declaration(const char* direction, const Port& port) {
    return fmt::format("{} wire {}{} {}", direction, port.is_signed ? "signed " : "", range(port.bits), port.name);
}

/// A signed wire NAME_wide of `bits` bits with the value of a port.
std::string widened(const Port& port, int bits) {
    const std::string fill = port.is_signed ? fmt::format("{}[{}]", port.name, port.bits - 1) : "1'b0";
    return fmt::format("  wire signed {} {}_wide = {{{{{}{{{}}}}}, {}}};\n", range(bits), port.name, bits - port.bits,
                       fill, port.name);
}

sim::Sources written_sources(const Operator& exact) {
    const bool multiplies = exact.kind == OperatorKind::multiplier;
    const int operand_bits = multiplies ? exact.a.bits + exact.b.bits : std::max(exact.a.bits, exact.b.bits);
    const int bits = std::max(operand_bits + 2, exact.y.bits + exact.y_lsb + 1);
    const std::string text = fmt::format(
        "module exact (\n    {},\n    {},\n    {}\n);\n{}{}  wire signed {} result = a_wide {} b_wide;\n"
        "  assign y = result[{}:{}];\nendmodule\n",
        declaration("input", exact.a), declaration("input", exact.b), declaration("output", exact.y),
        widened(exact.a, bits), widened(exact.b, bits), range(bits), multiplies ? "*" : "+",
        exact.y_lsb + exact.y.bits - 1, exact.y_lsb);
    return {{{"exact.v", text, false}}, "exact", {}, {}};
}

}  // namespace

void draw_uniform(sim::Random& random, std::span<uint64_t> words) {
    for (uint64_t& word : words) word = random.bits();
}

double switching_energy(const Netlist& netlist, const DrawInputs& draw, uint64_t seed) {
    check(netlist);
    const std::vector<uint32_t> readers = fan_out(netlist);
    const size_t steps = std::clamp(kNodeSteps / std::max<size_t>(1, netlist.nodes.size()), kLeastSteps, kMostSteps);
    sim::Random random(seed);
    std::vector<uint64_t> values(netlist.signals()), inputs(netlist.inputs);
    values[Netlist::kOne] = ~uint64_t{0};
    std::vector<uint64_t> toggles(netlist.nodes.size());
    for (size_t step = 0; step < steps; ++step) {
        draw(random, inputs);
        std::copy(inputs.begin(), inputs.end(), values.begin() + Netlist::kFirstInput);
        for (size_t i = 0; i < netlist.nodes.size(); ++i) {
            const Netlist::Node& node = netlist.nodes[i];
            uint64_t& value = values[netlist.first_node() + i];
            const uint64_t next =
                sim::lut3(node.table, values[node.fanin[0]], values[node.fanin[1]], values[node.fanin[2]]);
            if (step > 0) toggles[i] += static_cast<uint64_t>(std::popcount(value ^ next));
            value = next;
        }
    }
    uint64_t weighted = 0;
    for (size_t i = 0; i < toggles.size(); ++i) {
        const uint64_t read = readers[netlist.first_node() + i];
        if (read > 0) weighted += toggles[i] * (1 + read);
    }
    return static_cast<double>(weighted) / static_cast<double>(64 * (steps - 1));
}

uint32_t netlist_depth(const Netlist& netlist) {
    check(netlist);
    std::vector<uint32_t> level(netlist.signals());
    for (size_t i = 0; i < netlist.nodes.size(); ++i) {
        uint32_t deepest = 0;
        for (const uint32_t signal : netlist.nodes[i].fanin) deepest = std::max(deepest, level[signal]);
        level[netlist.first_node() + i] = deepest + 1;
    }
    uint32_t depth = 0;
    for (const uint32_t signal : netlist.outputs) depth = std::max(depth, level[signal]);
    return depth;
}

uint32_t netlist_nodes(const Netlist& netlist) {
    check(netlist);
    const std::vector<uint32_t> readers = fan_out(netlist);
    return static_cast<uint32_t>(
        std::count_if(readers.begin() + netlist.first_node(), readers.end(), [](uint32_t count) { return count > 0; }));
}

sim::Cost netlist_cost(const Netlist& netlist, double gates) {
    return {gates, static_cast<double>(netlist_nodes(netlist)), static_cast<double>(netlist_depth(netlist)),
            switching_energy(netlist, draw_uniform)};
}

Operator exact_operator(const Operator& op) {
    if (op.kind == OperatorKind::mac)
        throw InputError(op.name + ": a MAC unit has no exact counterpart to compare its cost with");
    Operator exact;
    exact.name = "exact";
    exact.kind = op.kind;
    exact.a = {"a", op.a.bits, op.a.is_signed};
    exact.b = {"b", op.b.bits, op.b.is_signed};
    exact.y = {"y", op.y.bits, op.y.is_signed};
    exact.y_lsb = op.y_lsb;
    const bool one_sign = op.a.is_signed == op.b.is_signed && op.a.is_signed == op.y.is_signed;
    const bool is_product = op.kind == OperatorKind::multiplier && one_sign && op.y.bits == op.a.bits + op.b.bits;
    const bool is_sum = op.kind == OperatorKind::adder && op.a.bits == op.b.bits && op.y.bits == op.a.bits;
    if (op.y_lsb != 0 || !(is_product || is_sum)) {
        exact.sources = written_sources(exact);
        return exact;
    }
    std::string top = "add_exact";  // modulo 2^W, signs do not matter
    std::map<std::string, std::string> parameters{{"W", std::to_string(op.a.bits)}};
    if (is_product) {
        top = op.a.is_signed ? "mul_s_exact" : "mul_u_exact";
        parameters = {{"A_BITS", std::to_string(op.a.bits)}, {"B_BITS", std::to_string(op.b.bits)}};
    }
    exact.sources = read_sources({default_catalogue_path().parent_path() / (top + ".v")}, top, parameters);
    return exact;
}

std::shared_ptr<const ExactCircuit> exact_circuit(const Operator& op) {
    using Made = std::shared_ptr<const ExactCircuit>;
    static std::mutex mutex;
    static std::map<std::string, std::shared_future<Made>> known;
    std::string key = fmt::format("{} {}", sim::to_string(op.kind), op.y_lsb);
    for (const Port* port : {&op.a, &op.b, &op.y}) key += fmt::format(" {}{}", port->is_signed ? "s" : "u", port->bits);
    std::promise<Made> promise;
    std::shared_future<Made> circuit;
    bool is_mine = false;
    {
        const std::lock_guard lock(mutex);
        auto [at, is_new] = known.try_emplace(key);
        if (is_new) at->second = promise.get_future().share();
        circuit = at->second;
        is_mine = is_new;
    }
    if (is_mine) {
        try {
            Synthesis made = synthesize(exact_operator(op));
            const sim::Cost cost = netlist_cost(made.netlist, made.gates);
            promise.set_value(std::make_shared<const ExactCircuit>(ExactCircuit{std::move(made), cost}));
        } catch (...) {
            promise.set_exception(std::current_exception());
        }
    }
    return circuit.get();
}

}  // namespace concrete::gen

#include "sim/netlist.h"

#include <fmt/format.h>

#include "sim/error.h"

namespace concrete::sim {

std::optional<std::string> netlist_problem(const Netlist& netlist) {
    if (netlist.inputs > kMaxNetlistPins || netlist.outputs.size() > kMaxNetlistPins) {
        return fmt::format("{} inputs and {} outputs, expected at most {} each", netlist.inputs, netlist.outputs.size(),
                           kMaxNetlistPins);
    }
    if (netlist.nodes.size() > kMaxNetlistNodes) {
        return fmt::format("{} nodes, expected at most {}", netlist.nodes.size(), kMaxNetlistNodes);
    }
    for (size_t i = 0; i < netlist.nodes.size(); ++i) {
        for (const uint32_t fanin : netlist.nodes[i].fanin) {
            if (fanin < netlist.first_node() + i) continue;
            return fmt::format("node {} reads signal {}, which does not come before it", i, fanin);
        }
    }
    for (size_t i = 0; i < netlist.outputs.size(); ++i) {
        if (netlist.outputs[i] < netlist.signals()) continue;
        return fmt::format("output {} is signal {}, but there are {}", i, netlist.outputs[i], netlist.signals());
    }
    return std::nullopt;
}

std::vector<uint64_t> evaluate64(const Netlist& netlist, std::span<const uint64_t> inputs) {
    if (inputs.size() != netlist.inputs) {
        throw ShapeError(fmt::format("netlist: {} input words for {} inputs", inputs.size(), netlist.inputs));
    }
    std::vector<uint64_t> values{0, ~uint64_t{0}};
    values.reserve(netlist.signals());
    values.insert(values.end(), inputs.begin(), inputs.end());
    for (const Netlist::Node& node : netlist.nodes) {
        values.push_back(lut3(node.table, values[node.fanin[0]], values[node.fanin[1]], values[node.fanin[2]]));
    }
    std::vector<uint64_t> outputs;
    for (const uint32_t signal : netlist.outputs) outputs.push_back(values[signal]);
    return outputs;
}

}  // namespace concrete::sim

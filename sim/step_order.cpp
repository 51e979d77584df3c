#include "sim/step_order.h"

#include <algorithm>
#include <limits>

#include "sim/netlist_order.h"

namespace concrete::sim {
namespace {

// A tick is a seventh of a cycle. Looking further ahead keeps more values than there are registers.
constexpr uint64_t kTicksPerNode = 2, kTicksPerLatency = 21;
constexpr size_t kLookAhead = 32;
constexpr uint64_t kNever = std::numeric_limits<uint64_t>::max();

std::vector<bool> nodes_in_use(const Netlist& netlist) {
    std::vector<bool> is_used(netlist.signals());
    for (const uint32_t signal : netlist.outputs) is_used[signal] = true;
    for (uint32_t signal = netlist.signals(); signal-- > netlist.first_node();) {
        if (!is_used[signal]) continue;
        for (const uint32_t fanin : netlist.nodes[signal - netlist.first_node()].fanin) is_used[fanin] = true;
    }
    return {is_used.begin() + netlist.first_node(), is_used.end()};
}

}  // namespace

std::vector<uint32_t> order_for_latency(const Netlist& netlist) {
    const std::vector<bool> is_used = nodes_in_use(netlist);
    std::vector<uint32_t> waiting;  // in the order for few live values
    for (const uint32_t node : order_for_few_live(netlist))
        if (is_used[node]) waiting.push_back(node);
    std::vector<uint64_t> there(netlist.signals(), kNever);  // when a signal's value is there
    std::fill_n(there.begin(), netlist.first_node(), 0);
    const auto begins = [&](uint32_t node, uint64_t now) {
        for (const uint32_t fanin : netlist.nodes[node].fanin) now = std::max(now, there[fanin]);
        return now;
    };
    std::vector<uint32_t> order, window;
    size_t taken = 0;
    for (uint64_t now = 0; order.size() < waiting.size(); now += kTicksPerNode) {
        while (window.size() < kLookAhead && taken < waiting.size()) window.push_back(waiting[taken++]);
        const auto next = std::min_element(window.begin(), window.end(),
                                           [&](uint32_t x, uint32_t y) { return begins(x, now) < begins(y, now); });
        now = begins(*next, now);
        there[netlist.first_node() + *next] = now + kTicksPerLatency;
        order.push_back(*next);
        window.erase(next);
    }
    return order;
}

}  // namespace concrete::sim

#include "sim/netlist_order.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <queue>
#include <tuple>

namespace concrete::sim {

namespace {

/// Nodes by index, without inputs and constants, standing in a given order.
struct Graph {
    std::vector<std::vector<uint32_t>> fanins, readers;  ///< different nodes each, in rising order
    std::vector<uint32_t> outputs;  ///< different nodes, in the order of the outputs; then those that nobody reads

    size_t size() const { return fanins.size(); }
};

/// order[position] = index of the node in the netlist; nodes of the graph are positions.
Graph graph_of(const Netlist& netlist, const std::vector<uint32_t>& order) {
    std::vector<uint32_t> position(order.size());
    for (uint32_t i = 0; i < order.size(); ++i) position[order[i]] = i;
    Graph graph;
    graph.fanins.resize(order.size());
    graph.readers.resize(order.size());
    for (uint32_t i = 0; i < order.size(); ++i) {
        std::vector<uint32_t>& fanins = graph.fanins[i];
        for (const uint32_t fanin : netlist.nodes[order[i]].fanin)
            if (fanin >= netlist.first_node()) fanins.push_back(position[fanin - netlist.first_node()]);
        std::sort(fanins.begin(), fanins.end());
        fanins.erase(std::unique(fanins.begin(), fanins.end()), fanins.end());
        for (const uint32_t fanin : fanins) graph.readers[fanin].push_back(i);
    }
    std::vector<bool> is_seen(order.size());
    const auto add_output = [&](uint32_t node) {
        if (!is_seen[node]) graph.outputs.push_back(node);
        is_seen[node] = true;
    };
    for (const uint32_t output : netlist.outputs)
        if (output >= netlist.first_node()) add_output(position[output - netlist.first_node()]);
    for (uint32_t node = 0; node < order.size(); ++node)
        if (graph.readers[node].empty()) add_output(node);
    return graph;
}

uint32_t live_of(const Graph& graph, const std::vector<uint32_t>& order) {
    std::vector<size_t> left(graph.size());
    for (size_t i = 0; i < left.size(); ++i) left[i] = graph.readers[i].size();
    uint32_t live = 0, most = 0;
    for (const uint32_t node : order) {
        for (const uint32_t fanin : graph.fanins[node])
            if (--left[fanin] == 0) --live;
        if (!graph.readers[node].empty()) ++live;
        most = std::max(most, live);
    }
    return most;
}

/// Registers that a tree below each node needs (Sethi and Ullman, J. ACM 17(4), 1970), shared nodes counted each time.
std::vector<uint32_t> sethi_ullman(const Graph& graph) {
    std::vector<uint32_t> need(graph.size());
    for (size_t node = 0; node < need.size(); ++node) {
        std::vector<uint32_t> below;
        for (const uint32_t fanin : graph.fanins[node]) below.push_back(need[fanin]);
        std::sort(below.rbegin(), below.rend());
        need[node] = 1;
        for (uint32_t i = 0; i < below.size(); ++i) need[node] = std::max(need[node], below[i] + i);
    }
    return need;
}

/// Depth first from the outputs; of the fan-ins of a node, that of the largest `first` first.
std::vector<uint32_t> depth_first(const Graph& graph, const std::vector<uint32_t>& outputs,
                                  const std::vector<uint32_t>& first) {
    std::vector<uint32_t> order;
    order.reserve(graph.size());
    std::vector<bool> is_begun(graph.size()), is_done(graph.size());
    std::vector<uint32_t> stack;
    for (const uint32_t output : outputs) {
        stack.push_back(output);
        while (!stack.empty()) {
            const uint32_t node = stack.back();
            if (is_done[node] || is_begun[node]) {
                if (!is_done[node]) order.push_back(node);
                is_done[node] = true;
                stack.pop_back();
                continue;
            }
            is_begun[node] = true;
            std::vector<uint32_t> fanins = graph.fanins[node];
            std::stable_sort(fanins.begin(), fanins.end(), [&](uint32_t x, uint32_t y) { return first[x] < first[y]; });
            for (const uint32_t fanin : fanins)
                if (!is_done[fanin]) stack.push_back(fanin);
        }
    }
    return order;
}

/// Step by step the node, of those whose fan-ins are there, that frees most values; of equal ones the one that
/// `rank` puts first.
std::vector<uint32_t> greedy(const Graph& graph, const std::vector<uint32_t>& rank) {
    std::vector<size_t> waits(graph.size()), left(graph.size());
    std::vector<int> gain(graph.size());
    using Entry = std::tuple<int, uint32_t, uint32_t>;  // gain, minus rank, node
    std::priority_queue<Entry> ready;
    std::vector<bool> is_done(graph.size());
    const auto offer = [&](uint32_t node) {
        if (waits[node] == 0) ready.emplace(gain[node], ~rank[node], node);
    };
    for (size_t node = 0; node < graph.size(); ++node) {
        waits[node] = graph.fanins[node].size();
        left[node] = graph.readers[node].size();
        if (left[node] != 0) --gain[node];
    }
    for (size_t node = 0; node < graph.size(); ++node)
        if (left[node] == 1) ++gain[graph.readers[node][0]];
    for (uint32_t node = 0; node < graph.size(); ++node) offer(node);
    std::vector<uint32_t> order;
    while (!ready.empty()) {
        const auto [score, ignored, node] = ready.top();
        ready.pop();
        if (is_done[node] || score != gain[node]) continue;  // an entry of before the gain rose
        is_done[node] = true;
        order.push_back(node);
        for (const uint32_t fanin : graph.fanins[node]) {
            if (--left[fanin] != 1) continue;
            for (const uint32_t reader : graph.readers[fanin]) {
                if (is_done[reader]) continue;
                ++gain[reader];
                offer(reader);
            }
        }
        for (const uint32_t reader : graph.readers[node])
            if (--waits[reader] == 0) offer(reader);
    }
    return order;
}

/// The place of each node in an order.
std::vector<uint32_t> rank_of(const std::vector<uint32_t>& order) {
    std::vector<uint32_t> rank(order.size());
    for (uint32_t i = 0; i < order.size(); ++i) rank[order[i]] = i;
    return rank;
}

/// An order with every node as late as its readers allow.
std::vector<uint32_t> late(const Graph& graph, const std::vector<uint32_t>& order) {
    const std::vector<uint32_t> rank = rank_of(order);
    std::vector<uint32_t> outputs = graph.outputs;
    std::sort(outputs.begin(), outputs.end(), [&](uint32_t x, uint32_t y) { return rank[x] < rank[y]; });
    std::vector<uint32_t> last_first(rank.size());
    for (size_t i = 0; i < rank.size(); ++i) last_first[i] = static_cast<uint32_t>(rank.size()) - rank[i];
    return depth_first(graph, outputs, last_first);
}

std::vector<std::vector<uint32_t>> candidates(const Graph& graph) {
    std::vector<uint32_t> rising = graph.outputs, falling(graph.outputs.rbegin(), graph.outputs.rend());
    const std::vector<uint32_t> need = sethi_ullman(graph);
    std::vector<uint32_t> early(graph.size()), given(graph.size());
    std::iota(given.begin(), given.end(), 0);
    for (uint32_t i = 0; i < early.size(); ++i) early[i] = static_cast<uint32_t>(graph.size()) - i;
    std::vector<std::vector<uint32_t>> made;
    for (const auto& outputs : {rising, falling})
        for (const auto& first : {need, early, given}) made.push_back(depth_first(graph, outputs, first));
    made.push_back(greedy(graph, given));
    made.push_back(greedy(graph, early));
    for (size_t i = 0, plain = made.size(); i < plain; ++i) {
        made.push_back(greedy(graph, rank_of(made[i])));
        made.push_back(late(graph, made.back()));
    }
    return made;
}

}  // namespace

uint32_t max_live(const Netlist& netlist) {
    std::vector<uint32_t> given(netlist.nodes.size());
    std::iota(given.begin(), given.end(), 0);
    return live_of(graph_of(netlist, given), given);
}

std::vector<uint32_t> order_for_few_live(const Netlist& netlist) {
    std::vector<uint32_t> order(netlist.nodes.size());
    std::iota(order.begin(), order.end(), 0);
    uint32_t live = max_live(netlist);
    for (bool is_better = true; is_better;) {
        is_better = false;
        const Graph graph = graph_of(netlist, order);
        std::vector<uint32_t> best;
        for (std::vector<uint32_t>& candidate : candidates(graph)) {
            const uint32_t found = live_of(graph, candidate);
            if (found >= live) continue;
            live = found;
            best = std::move(candidate);
            is_better = true;
        }
        if (!is_better) break;
        for (uint32_t& node : best) node = order[node];
        order = std::move(best);
    }
    return order;
}

}  // namespace concrete::sim

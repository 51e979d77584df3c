#include "sim/step_order.h"

#include <gtest/gtest.h>
#include <vector>

#include "sim/netlist_testing.h"
#include "sim/testing.h"

namespace concrete::sim {
namespace {

/// Nodes from which an output can be reached, the slow way.
std::vector<bool> reaching(const Netlist& netlist) {
    std::vector<bool> reaches(netlist.signals());
    for (const uint32_t output : netlist.outputs) reaches[output] = true;
    for (bool changes = true; changes;) {
        changes = false;
        for (uint32_t node = 0; node < netlist.nodes.size(); ++node)
            for (const uint32_t fanin : netlist.nodes[node].fanin)
                if (reaches[netlist.first_node() + node] && !reaches[fanin]) reaches[fanin] = changes = true;
    }
    return reaches;
}

TEST(OrderForLatency, HoldsEveryNodeThatIsNeededOnceAfterItsFanins) {
    Random random(9);
    for (const size_t nodes : {0, 1, 5, 40, 700}) {
        const Netlist netlist = testing::random_netlist(random, 7, nodes, 9);
        const std::vector<bool> reaches = reaching(netlist);
        std::vector<bool> done(netlist.signals());
        for (const uint32_t node : order_for_latency(netlist)) {
            const uint32_t signal = netlist.first_node() + node;
            EXPECT_TRUE(reaches[signal]);
            EXPECT_FALSE(done[signal]);
            for (const uint32_t fanin : netlist.nodes[node].fanin)
                EXPECT_TRUE(fanin < netlist.first_node() || done[fanin]) << node;
            done[signal] = true;
        }
        for (uint32_t signal = netlist.first_node(); signal < netlist.signals(); ++signal)
            EXPECT_EQ(done[signal], reaches[signal]) << signal;
    }
}

TEST(OrderForLatency, PutsOtherWorkBetweenTheLinksOfChains) {
    // Four chains of xors, one after the other in the netlist.
    Netlist netlist;
    netlist.inputs = 8;
    for (uint32_t chain = 0; chain < 4; ++chain) {
        uint32_t last = netlist.input(chain);
        for (int link = 0; link < 6; ++link) {
            netlist.nodes.push_back({{last, netlist.input(4 + chain), Netlist::kZero}, 0x3c});
            last = netlist.signals() - 1;
        }
        netlist.outputs.push_back(last);
    }
    const std::vector<uint32_t> order = order_for_latency(netlist);
    for (size_t i = 1; i < 12; ++i) EXPECT_NE(order[i], order[i - 1] + 1) << i;
}

}  // namespace
}  // namespace concrete::sim

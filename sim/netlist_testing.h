#pragma once

#include <algorithm>
#include <array>
#include <gtest/gtest.h>
#include <vector>

#include "sim/netlist.h"
#include "sim/random.h"

/// Netlists for tests.
namespace concrete::sim::testing {

/// A netlist with constants, repeated fan-ins, buffers, inverters, duplicates and dead nodes among its nodes.
inline Netlist random_netlist(Random& random, uint32_t inputs, size_t nodes, size_t outputs) {
    Netlist netlist;
    netlist.inputs = inputs;
    constexpr std::array<uint8_t, 8> kinds{0x00, 0xff, 0xf0, 0x0f, 0xcc, 0xc0, 0x3c, 0x96};
    for (size_t i = 0; i < nodes; ++i) {
        Netlist::Node node;
        const uint64_t reach = random.below(3) == 0 ? netlist.signals() : std::min<uint64_t>(netlist.signals(), 20);
        for (uint32_t& fanin : node.fanin) fanin = static_cast<uint32_t>(netlist.signals() - 1 - random.below(reach));
        node.table = static_cast<uint8_t>(random.below(3) == 0 ? kinds[random.below(8)] : random.bits());
        if (!netlist.nodes.empty() && random.below(8) == 0) node = netlist.nodes[random.below(netlist.nodes.size())];
        netlist.nodes.push_back(node);
    }
    for (size_t i = 0; i < outputs; ++i)
        netlist.outputs.push_back(static_cast<uint32_t>(random.below(netlist.signals())));
    return netlist;
}

inline void expect_equal_functions(const Netlist& x, const Netlist& y, Random& random) {
    for (int round = 0; round < 16; ++round) {
        std::vector<uint64_t> inputs(x.inputs);
        for (uint64_t& word : inputs) word = random.bits();
        ASSERT_EQ(evaluate64(x, inputs), evaluate64(y, inputs));
    }
}

}  // namespace concrete::sim::testing

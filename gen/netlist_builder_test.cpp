#include "gen/netlist_builder.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <set>

#include "gen/blif_netlist.h"
#include "gen/netlist_order.h"
#include "gen/testing.h"
#include "sim/random.h"

namespace concrete::gen {
namespace {

using sim::Netlist;
using testing::input_error;

/// A netlist with constants, repeated fan-ins, buffers, inverters, duplicates and dead nodes among its nodes.
Netlist random_netlist(sim::Random& random, uint32_t inputs, size_t nodes, size_t outputs) {
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

void expect_equal_functions(const Netlist& x, const Netlist& y, sim::Random& random) {
    for (int round = 0; round < 16; ++round) {
        std::vector<uint64_t> inputs(x.inputs);
        for (uint64_t& word : inputs) word = random.bits();
        ASSERT_EQ(sim::evaluate64(x, inputs), sim::evaluate64(y, inputs));
    }
}

/// Every node different, none of them constant, a buffer, or an inverter of anything an output does not want.
void expect_tidy(const Netlist& netlist) {
    std::set<std::array<uint32_t, 4>> seen;
    std::vector<bool> is_read(netlist.signals());
    for (const Netlist::Node& node : netlist.nodes)
        for (const uint32_t fanin : node.fanin) is_read[fanin] = true;
    for (size_t i = 0; i < netlist.nodes.size(); ++i) {
        const Netlist::Node& node = netlist.nodes[i];
        const bool is_output =
            std::count(netlist.outputs.begin(), netlist.outputs.end(), netlist.first_node() + i) != 0;
        EXPECT_TRUE(seen.insert({node.fanin[0], node.fanin[1], node.fanin[2], node.table}).second);
        EXPECT_TRUE(is_output || is_read[netlist.first_node() + i]) << "node " << i << " is dead";
        unsigned used = 0;
        for (unsigned f = 0; f < 3; ++f) {
            bool matters = false;
            for (unsigned index = 0; index < 8; ++index)
                matters = matters || (node.table >> index & 1) != (node.table >> (index ^ 4u >> f) & 1);
            EXPECT_EQ(matters, node.fanin[f] != 0);
            EXPECT_NE(node.fanin[f], Netlist::kOne);
            EXPECT_TRUE(f == 0 || !matters || node.fanin[f - 1] < node.fanin[f]);
            used += matters;
        }
        EXPECT_TRUE(used >= 2 || (used == 1 && node.table == 0x0f && is_output && !is_read[netlist.first_node() + i]));
    }
}

TEST(Simplify, KeepsFunctionsAndIsIdempotent) {
    sim::Random random(3);
    for (int trial = 0; trial < 300; ++trial) {
        const Netlist netlist =
            random_netlist(random, static_cast<uint32_t>(random.below(9)), random.below(120), 1 + random.below(12));
        ASSERT_EQ(sim::netlist_problem(netlist), std::nullopt);
        const Netlist simple = simplify(netlist);
        ASSERT_EQ(sim::netlist_problem(simple), std::nullopt);
        expect_equal_functions(netlist, simple, random);
        expect_tidy(simple);
        ASSERT_EQ(simplify(simple), simple) << trial;
        ASSERT_EQ(simplify(netlist), simple);
    }
}

TEST(Simplify, RemovesWhatIsSuperfluous) {
    Netlist netlist;
    netlist.inputs = 2;
    const uint32_t a = 2, b = 3;
    netlist.nodes = {{{a, 0, 0}, 0x0f},   // 4: not a
                     {{4, b, 1}, 0x80},   // 5: not a and b and 1
                     {{b, 4, b}, 0x80},   // 6: the same
                     {{5, 6, 0}, 0x3c},   // 7: their exclusive or: 0
                     {{a, b, 7}, 0xfc},   // 8: a or b
                     {{a, a, b}, 0x08}};  // 9: dead
    netlist.outputs = {5, 6, 7, 8, 4, 1};
    const Netlist simple = simplify(netlist);
    EXPECT_EQ(simple.nodes.size(), 3u);
    EXPECT_EQ(simple.outputs[0], simple.outputs[1]);
    EXPECT_EQ(simple.outputs[2], Netlist::kZero);
    EXPECT_EQ(simple.outputs[5], Netlist::kOne);
    EXPECT_EQ(simple.nodes[simple.outputs[4] - 4].table, 0x0f);
    netlist.nodes[0].fanin[0] = 9;
    EXPECT_EQ(input_error([&] { simplify(netlist); }), "netlist: node 0 reads signal 9, which does not come before it");
}

TEST(Simplify, KeepsOneSenseOfAnOutput) {
    for (const bool both : {false, true}) {
        NetlistBuilder build(2);
        const auto nand = ~build.conjunction(build.input(0), build.input(1));
        const auto more = build.exclusive_or(nand, build.input(0));
        std::vector<NetlistBuilder::Literal> outputs{nand, more};
        if (both) outputs.push_back(~nand);
        const Netlist netlist = build.finish(outputs);
        EXPECT_EQ(netlist.nodes.size(), both ? 3u : 2u);
        const std::vector<uint64_t> values = sim::evaluate64(netlist, std::vector<uint64_t>{0b1100, 0b1010});
        EXPECT_EQ(values[0] & 15, 0b0111u);
        EXPECT_EQ(values[1] & 15, 0b1011u);
        EXPECT_TRUE(!both || (values[2] & 15) == 0b1000u);
    }
}

TEST(NetlistBuilder, ExpandsWideGates) {
    sim::Random random(4);
    for (size_t width = 0; width <= 10; ++width) {
        NetlistBuilder build(10);
        std::vector<NetlistBuilder::Literal> fanin;
        std::vector<size_t> from;
        for (size_t i = 0; i < width; ++i) {
            from.push_back(random.below(10));
            fanin.push_back(build.input(static_cast<uint32_t>(from.back())));
            if (i % 2 == 1) fanin.back() = ~fanin.back();
        }
        std::vector<uint64_t> table(16);
        for (uint64_t& word : table) word = random.bits();
        const Netlist netlist = build.finish(std::vector{build.gate(fanin, table)});
        std::vector<uint64_t> inputs(10);
        for (uint64_t& word : inputs) word = random.bits();
        const uint64_t found = sim::evaluate64(netlist, inputs)[0];
        for (unsigned lane = 0; lane < 64; ++lane) {
            uint64_t index = 0;
            for (size_t i = 0; i < width; ++i) index |= ((inputs[from[i]] >> lane & 1) ^ (i % 2)) << i;
            ASSERT_EQ(found >> lane & 1, table[index / 64] >> (index % 64) & 1);
        }
    }
    NetlistBuilder build(7);
    const std::vector<NetlistBuilder::Literal> seven(7, build.input(0));
    EXPECT_THROW(build.gate(seven, std::vector<uint64_t>(1)), ShapeError);
    EXPECT_THROW(NetlistBuilder(sim::kMaxNetlistPins + 1), RangeError);
}

TEST(Order, CountsLiveValues) {
    // A chain keeps one value, a balanced tree of 8 leaf nodes four; read breadth first it keeps eight.
    NetlistBuilder chain(9);
    auto sum = chain.input(0);
    for (uint32_t i = 1; i < 9; ++i) sum = chain.exclusive_or(sum, chain.input(i));
    EXPECT_EQ(max_live(chain.finish(std::vector{sum})), 1u);

    Netlist tree;
    tree.inputs = 16;
    for (uint32_t i = 0; i < 8; ++i) tree.nodes.push_back({{tree.input(2 * i), tree.input(2 * i + 1), 0}, 0xc0});
    for (uint32_t i = 0; i < 7; ++i) {
        const uint32_t below = tree.first_node() + 2 * i;
        tree.nodes.push_back({{below, below + 1, 0}, 0x3c});
    }
    tree.outputs = {tree.signals() - 1};
    EXPECT_EQ(max_live(tree), 8u);
    const Netlist ordered = simplify(tree);
    EXPECT_EQ(ordered.nodes.size(), 15u);
    EXPECT_EQ(max_live(ordered), 4u);
    EXPECT_EQ(max_live(Netlist{}), 0u);
}

TEST(Order, NeverKeepsMoreLiveThanTheGivenOne) {
    sim::Random random(5);
    for (int trial = 0; trial < 100; ++trial) {
        const Netlist netlist = random_netlist(random, 8, 200, 8);
        const std::vector<uint32_t> order = order_for_few_live(netlist);
        std::vector<uint32_t> place(order.size(), ~0u);
        for (uint32_t i = 0; i < order.size(); ++i) place.at(order[i]) = i;
        Netlist ordered = netlist;
        for (uint32_t i = 0; i < order.size(); ++i) {
            ordered.nodes[i] = netlist.nodes[order[i]];
            for (uint32_t& fanin : ordered.nodes[i].fanin)
                if (fanin >= netlist.first_node()) fanin = netlist.first_node() + place[fanin - netlist.first_node()];
        }
        ASSERT_EQ(sim::netlist_problem(ordered), std::nullopt);
        ASSERT_LE(max_live(ordered), max_live(netlist));
    }
}

TEST(BlifNetlist, RoundTrip) {
    sim::Random random(6);
    for (int trial = 0; trial < 100; ++trial) {
        const Netlist netlist = random_netlist(random, 5, random.below(60), 4);
        const std::vector<std::string> inputs{"a[0]", "a[1]", "b[0]", "b[1]", "b[2]"}, outputs{"p", "q", "r", "s"};
        const std::string text = to_blif(netlist, "m", inputs, outputs);
        const Netlist back = netlist_from_blif(read_blif(text, "m.blif").at(0), inputs, outputs, "m.blif");
        expect_equal_functions(netlist, back, random);
        ASSERT_EQ(back, netlist_from_blif(read_blif(text, "m.blif").at(0), inputs, outputs, "m.blif"));
    }
    EXPECT_THROW(to_blif(Netlist{}, "m", std::vector<std::string>{"a"}, {}), ShapeError);
}

TEST(BlifNetlist, TakesGatesInAnyOrderAndCutsWhereAsked) {
    const BlifModel model =
        read_blif(
            ".model m\n.inputs a b c d\n.outputs y z\n.names t d y\n10 1\n01 1\n.names a b c t\n111 1\n0-0 1\n"
            ".names a z\n1 1\n.latch y q 0\n.names q a n\n11 1\n.end\n",
            "m")
            .at(0);
    const std::vector<std::string> inputs{"a", "b", "c", "d"};
    const Netlist netlist = netlist_from_blif(model, inputs, std::vector<std::string>{"y", "z"}, "m");
    EXPECT_EQ(netlist.nodes.size(), 2u);
    EXPECT_EQ(netlist.outputs[1], netlist.input(0));
    const std::vector<uint64_t> values =
        sim::evaluate64(netlist, std::vector<uint64_t>{0xff00, 0xf0f0, 0xcccc, 0xaaaa});
    for (unsigned lane = 0; lane < 16; ++lane) {
        const bool a = (lane & 8) != 0, b = (lane & 4) != 0, c = (lane & 2) != 0, d = (lane & 1) != 0;
        EXPECT_EQ((values[0] >> lane & 1) != 0, ((a && b && c) || (!a && !c)) != d) << lane;
    }
    // The next-state function of a latch: its output is an input, its input an output.
    const Netlist next =
        netlist_from_blif(model, std::vector<std::string>{"q", "a"}, std::vector<std::string>{"n"}, "m");
    EXPECT_EQ(next.nodes.size(), 1u);
    const auto error = [&](const std::vector<std::string>& from, const std::vector<std::string>& to) {
        return input_error([&] { netlist_from_blif(model, from, to, "m"); });
    };
    EXPECT_EQ(error(inputs, {"n"}), "m:12: signal 'q' is the output of a latch, expected a combinational circuit");
    EXPECT_EQ(error({"a", "b", "c"}, {"y"}), "m: the outputs depend on 'd', which is none of the inputs asked for");
    EXPECT_EQ(error(inputs, {"w"}), "m: model 'm' has no signal 'w'");
    EXPECT_EQ(error({"a", "a"}, {"y"}), "m: input 'a' is named twice");
}

TEST(BlifNetlist, RefusesLoopsAndWhatNothingDrives) {
    const auto error = [](const std::string& gates) {
        const BlifModel model = read_blif(".model m\n.inputs a\n.outputs y\n" + gates, "m.blif").at(0);
        return input_error(
            [&] { netlist_from_blif(model, std::vector<std::string>{"a"}, std::vector<std::string>{"y"}, "m.blif"); });
    };
    EXPECT_EQ(error(".names a t y\n11 1\n.names y s\n0 1\n.names s t\n1 1\n"),
              "m.blif:4: signal 'y' depends on itself: a combinational loop");
    EXPECT_EQ(error(".names y y\n1 1\n"), "m.blif:4: signal 'y' depends on itself: a combinational loop");
    EXPECT_EQ(error(".names a t y\n11 1\n"), "m.blif: signal 't' is read, but nothing drives it");
    EXPECT_EQ(error(""), "m.blif: signal 'y' is read, but nothing drives it");
    std::string chain;  // longer than any stack is deep
    for (int i = 0; i < 100'000; ++i)
        chain += std::string(".names ") + (i == 0 ? "a" : "n" + std::to_string(i - 1)) + " n" + std::to_string(i) +
                 "\n0 1\n";
    const BlifModel model = read_blif(".model m\n.inputs a\n.outputs n99999\n" + chain, "m.blif").at(0);
    EXPECT_EQ(
        netlist_from_blif(model, std::vector<std::string>{"a"}, std::vector<std::string>{"n99999"}, "m").outputs[0],
        2u);
}

}  // namespace
}  // namespace concrete::gen

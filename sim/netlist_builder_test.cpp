#include "sim/netlist_builder.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <set>

#include "sim/error.h"
#include "sim/netlist_order.h"
#include "sim/netlist_testing.h"

namespace concrete::sim {
namespace {

using testing::expect_equal_functions;
using testing::random_netlist;

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
    Random random(3);
    for (int trial = 0; trial < 300; ++trial) {
        const Netlist netlist =
            random_netlist(random, static_cast<uint32_t>(random.below(9)), random.below(120), 1 + random.below(12));
        ASSERT_EQ(netlist_problem(netlist), std::nullopt);
        const Netlist simple = simplify(netlist);
        ASSERT_EQ(netlist_problem(simple), std::nullopt);
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
    try {
        simplify(netlist);
        FAIL() << "no error";
    } catch (const InputError& error) {
        EXPECT_STREQ(error.what(), "netlist: node 0 reads signal 9, which does not come before it");
    }
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
        const std::vector<uint64_t> values = evaluate64(netlist, std::vector<uint64_t>{0b1100, 0b1010});
        EXPECT_EQ(values[0] & 15, 0b0111u);
        EXPECT_EQ(values[1] & 15, 0b1011u);
        EXPECT_TRUE(!both || (values[2] & 15) == 0b1000u);
    }
}

TEST(NetlistBuilder, ExpandsWideGates) {
    Random random(4);
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
        const uint64_t found = evaluate64(netlist, inputs)[0];
        for (unsigned lane = 0; lane < 64; ++lane) {
            uint64_t index = 0;
            for (size_t i = 0; i < width; ++i) index |= ((inputs[from[i]] >> lane & 1) ^ (i % 2)) << i;
            ASSERT_EQ(found >> lane & 1, table[index / 64] >> (index % 64) & 1);
        }
    }
    NetlistBuilder build(7);
    const std::vector<NetlistBuilder::Literal> seven(7, build.input(0));
    EXPECT_THROW(build.gate(seven, std::vector<uint64_t>(1)), ShapeError);
    EXPECT_THROW(NetlistBuilder(kMaxNetlistPins + 1), RangeError);
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
    Random random(5);
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
        ASSERT_EQ(netlist_problem(ordered), std::nullopt);
        ASSERT_LE(max_live(ordered), max_live(netlist));
    }
}

/// Words whose lane l holds bit i of l.
std::vector<uint64_t> all_lanes(uint32_t inputs) {
    std::vector<uint64_t> words;
    for (uint32_t i = 0; i < inputs; ++i) {
        uint64_t word = 0;
        for (uint64_t lane = 0; lane < 64; ++lane) word |= (lane >> i & 1) << lane;
        words.push_back(word);
    }
    return words;
}

TEST(NetlistBuilder, SimplifiedNodesKeepTheirFunction) {
    // Fanins: constants, three inputs, an inverter, an inverter of an inverter, a node.
    for (int table = 0; table < 256; ++table) {
        NetlistBuilder build(3);
        NetlistBuilder::Word signals{build.zero(), build.one(), build.input(0), build.input(1), build.input(2)};
        signals.push_back(~build.input(1));
        signals.push_back(~signals.back());
        signals.push_back(build.majority(build.input(0), build.input(1), build.input(2)));
        const std::vector<uint64_t> x = all_lanes(3);
        const std::vector<uint64_t> values{0,    ~uint64_t{0}, x[0], x[1],
                                           x[2], ~x[1],        x[1], (x[0] & x[1]) | (x[0] & x[2]) | (x[1] & x[2])};
        NetlistBuilder::Word outputs;
        std::vector<uint64_t> expected;
        for (size_t i = 0; i < signals.size(); ++i)
            for (size_t j = 0; j < signals.size(); ++j)
                for (size_t k = 0; k < signals.size(); ++k) {
                    outputs.push_back(build.lut({signals[i], signals[j], signals[k]}, static_cast<uint8_t>(table)));
                    expected.push_back(lut3(static_cast<uint8_t>(table), values[i], values[j], values[k]));
                }
        const Netlist netlist = build.finish(outputs);
        ASSERT_EQ(netlist_problem(netlist), std::nullopt);
        ASSERT_EQ(evaluate64(netlist, x), expected) << "table " << table;
    }
}

TEST(NetlistBuilder, KeepsOneOfEqualNodesAndNoneThatNothingNeeds) {
    NetlistBuilder build(3);
    const auto [a, b, c] = std::array{build.input(0), build.input(1), build.input(2)};
    EXPECT_EQ(build.conjunction(a, b), build.conjunction(b, a));
    EXPECT_EQ(build.exclusive_or(a, b, c), build.exclusive_or(c, a, b));
    EXPECT_EQ(build.exclusive_or(a, a), build.zero());
    EXPECT_EQ(build.choice(a, b, b), b);
    EXPECT_EQ(~~c, c);
    EXPECT_EQ(build.exclusive_or(a, ~a), build.one());
    const std::vector<NetlistBuilder::Literal> outputs{build.conjunction(a, b), build.one(), c};
    const Netlist netlist = build.finish(outputs);
    EXPECT_EQ(netlist.nodes.size(), 1u);
    EXPECT_EQ(netlist.outputs, (std::vector<uint32_t>{5, Netlist::kOne, 4}));
}

TEST(NetlistBuilder, AddsWordsAndTakesOtherNetlists) {
    NetlistBuilder adder(6);
    const Netlist sum = adder.finish(adder.add(adder.input_word(0, 3), adder.input_word(3, 3), adder.one()));
    NetlistBuilder swapped(6);
    NetlistBuilder::Word inputs = swapped.input_word(3, 3);
    const NetlistBuilder::Word low = swapped.input_word(0, 3);
    inputs.insert(inputs.end(), low.begin(), low.end());
    const Netlist same = swapped.finish(swapped.append(sum, inputs));
    for (const Netlist* netlist : {&sum, &same}) {
        const std::vector<uint64_t> planes = evaluate64(*netlist, all_lanes(6));
        for (uint64_t lane = 0; lane < 64; ++lane)
            for (uint64_t bit = 0; bit < 3; ++bit)
                EXPECT_EQ(planes[bit] >> lane & 1, ((lane & 7) + (lane >> 3) + 1) >> bit & 1) << lane;
    }
    EXPECT_THROW(swapped.append(sum, low), ShapeError);
}

}  // namespace
}  // namespace concrete::sim

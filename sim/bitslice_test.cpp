#include "sim/bitslice.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <utility>

#include "sim/error.h"
#include "sim/random.h"

namespace concrete::sim {
namespace {

/// A random netlist: any table, fanins that repeat and constants among them, outputs that are constants and inputs.
Netlist random_netlist(Random& random, uint32_t inputs, size_t nodes, size_t outputs) {
    Netlist netlist;
    netlist.inputs = inputs;
    const auto before = [&](uint32_t limit) {  // mostly near ones, so that the circuit is deep
        const uint64_t reach = random.below(3) == 0 ? limit : std::min<uint64_t>(limit, 40);
        return static_cast<uint32_t>(limit - 1 - random.below(reach));
    };
    for (size_t i = 0; i < nodes; ++i) {
        const uint32_t limit = netlist.signals();
        netlist.nodes.push_back(
            {{before(limit), before(limit), before(limit)}, static_cast<uint8_t>(random.below(256))});
    }
    for (size_t i = 0; i < outputs; ++i) {
        const uint32_t limit = i % 3 == 0 ? netlist.signals() : netlist.first_node();
        netlist.outputs.push_back(static_cast<uint32_t>(random.below(limit)));
    }
    return netlist;
}

/// Counts the words in which the program and evaluate64() differ; `ones`: bits set in the outputs.
size_t differences(const NetlistProgram& program, const Netlist& netlist, size_t words, Random& random, size_t& ones) {
    std::vector<uint64_t> inputs(program.inputs() * words), outputs(program.outputs() * words, 0x5555);
    std::generate(inputs.begin(), inputs.end(), [&] { return random.bits(); });
    program.evaluate(words, inputs, outputs);
    size_t different = 0;
    for (size_t word = 0; word < words; ++word) {
        std::vector<uint64_t> lanes;
        for (size_t i = 0; i < netlist.inputs; ++i) lanes.push_back(inputs[i * words + word]);
        const std::vector<uint64_t> expected = evaluate64(netlist, lanes);
        for (size_t i = 0; i < expected.size(); ++i) {
            different += expected[i] != outputs[i * words + word] ? 1 : 0;
            ones += static_cast<size_t>(__builtin_popcountll(expected[i]));
        }
    }
    return different;
}

class Bitslice : public ::testing::TestWithParam<Isa> {};

TEST_P(Bitslice, EqualsTheReferenceOnRandomNetlists) {
    constexpr uint64_t kSeed = 5;
    Random random(kSeed);
    size_t ones = 0;
    for (const size_t nodes : {0, 1, 2, 7, 100, 5000})
        for (const uint32_t inputs : {0u, 1u, 16u, 67u})
            for (const size_t words : {size_t{0}, size_t{1}, size_t{2}, size_t{7}, size_t{8}, size_t{9}, size_t{63},
                                       size_t{64}, size_t{65}, size_t{139}}) {
                if (nodes == 5000 && words > 9) continue;
                const Netlist netlist = random_netlist(random, inputs, nodes, 1 + random.below(40));
                const NetlistProgram program(netlist, GetParam());
                EXPECT_EQ(differences(program, netlist, words, random, ones), 0u)
                    << "seed " << kSeed << ", " << nodes << " nodes, " << inputs << " inputs, " << words << " words";
            }
    EXPECT_GT(ones, 10000u);
}

TEST_P(Bitslice, KnowsEveryTable) {
    Random random(1);
    size_t ones = 0;
    for (uint32_t table = 0; table < 256; ++table) {
        Netlist netlist;
        netlist.inputs = 3;
        netlist.nodes = {{{2, 3, 4}, static_cast<uint8_t>(table)}};
        netlist.outputs = {5};
        const NetlistProgram program(netlist, GetParam());
        for (const size_t words : {1u, 64u}) EXPECT_EQ(differences(program, netlist, words, random, ones), 0u) << table;
    }
    EXPECT_GT(ones, 0u);
}

TEST_P(Bitslice, KnowsEveryTableBesideASum) {
    // Nodes of the same fanins stand together, as in adders: a program computes both in one step.
    Random random(4);
    size_t ones = 0;
    for (uint32_t table = 0; table < 256; ++table)
        for (const int sum : {0x96, 0x69, 0x3c, 0xc3})
            for (const bool sum_first : {false, true})
                for (const uint32_t last : {4u, 3u, Netlist::kZero, Netlist::kOne}) {
                    Netlist netlist;
                    netlist.inputs = 3;
                    netlist.nodes = {{{2, 3, last}, static_cast<uint8_t>(sum)},
                                     {{3, last, 2}, static_cast<uint8_t>(table)}};
                    if (!sum_first) std::swap(netlist.nodes[0], netlist.nodes[1]);
                    netlist.nodes.push_back({{5, 6, 4}, 0xe4});
                    netlist.outputs = {5, 7, 6, 7};
                    const NetlistProgram program(netlist, GetParam());
                    EXPECT_EQ(differences(program, netlist, 9, random, ones), 0u) << table << " " << sum;
                }
    EXPECT_GT(ones, 0u);
}

TEST_P(Bitslice, KeepsNoDeadValues) {
    // A chain of 10,000 xors with a dead node beside each link.
    Netlist netlist;
    netlist.inputs = 2;
    uint32_t last = netlist.input(0);
    for (int i = 0; i < 10000; ++i) {
        netlist.nodes.push_back({{last, netlist.input(1), Netlist::kZero}, 0x3c});
        last = netlist.signals() - 1;
        netlist.nodes.push_back({{last, last, Netlist::kOne}, 0x55});
    }
    netlist.outputs = {last};
    const NetlistProgram program(netlist, GetParam());
    EXPECT_EQ(program.nodes(), 10000u);
    EXPECT_LE(program.slots(), 5u);
    const std::vector<uint64_t> inputs{0x0ff0, 0x1234};
    std::vector<uint64_t> outputs(1);
    program.evaluate(1, inputs, outputs);
    EXPECT_EQ(outputs[0], 0x0ff0u);  // an even number of times the same word
}

TEST_P(Bitslice, RefusesWrongSizes) {
    Random random(2);
    const NetlistProgram program(random_netlist(random, 4, 10, 3), GetParam());
    std::vector<uint64_t> inputs(8), outputs(6);
    EXPECT_NO_THROW(program.evaluate(2, inputs, outputs));
    EXPECT_THROW(program.evaluate(3, inputs, outputs), ShapeError);
    outputs.pop_back();
    EXPECT_THROW(program.evaluate(2, inputs, outputs), ShapeError);
}

INSTANTIATE_TEST_SUITE_P(Isas, Bitslice, ::testing::ValuesIn(available_isas()),
                         [](const auto& test) { return to_string(test.param); });

TEST(NetlistProgram, RefusesWhatIsOutOfOrderOrTooWide) {
    Netlist netlist;
    netlist.inputs = 1;
    netlist.nodes = {{{3, 0, 0}, 0xf0}};
    EXPECT_THROW(NetlistProgram{netlist}, InputError);
    // 70,000 values, all read at the very end.
    netlist.nodes.assign(70000, {{2, 0, 0}, 0x0f});
    uint32_t last = netlist.first_node();
    for (uint32_t i = 1; i < 70000; ++i) {
        netlist.nodes.push_back({{last, netlist.first_node() + i, 0}, 0x3c});
        last = netlist.signals() - 1;
    }
    netlist.outputs = {last};
    EXPECT_THROW(NetlistProgram{netlist}, RangeError);
}

}  // namespace
}  // namespace concrete::sim

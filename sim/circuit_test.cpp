#include "sim/circuit.h"

#include <gtest/gtest.h>
#include <random>

#include "sim/error.h"

namespace concrete::sim {
namespace {

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

TEST(Circuit, SimplifiedNodesKeepTheirFunction) {
    // Fanins: constants, three inputs, an inverter, an inverter of an inverter, a node.
    for (int table = 0; table < 256; ++table) {
        Circuit circuit(3);
        Circuit::Word signals{Circuit::kZero, Circuit::kOne, circuit.input(0), circuit.input(1), circuit.input(2)};
        signals.push_back(circuit.invert(circuit.input(1)));
        signals.push_back(circuit.invert(signals.back()));
        signals.push_back(circuit.majority(circuit.input(0), circuit.input(1), circuit.input(2)));
        const std::vector<uint64_t> x = all_lanes(3);
        const std::vector<uint64_t> values{0,    ~uint64_t{0}, x[0], x[1],
                                           x[2], ~x[1],        x[1], (x[0] & x[1]) | (x[0] & x[2]) | (x[1] & x[2])};
        Circuit::Word outputs;
        std::vector<uint64_t> expected;
        for (size_t i = 0; i < signals.size(); ++i)
            for (size_t j = 0; j < signals.size(); ++j)
                for (size_t k = 0; k < signals.size(); ++k) {
                    outputs.push_back(circuit.node(static_cast<uint8_t>(table), signals[i], signals[j], signals[k]));
                    expected.push_back(lut3(static_cast<uint8_t>(table), values[i], values[j], values[k]));
                }
        const Netlist netlist = circuit.netlist(outputs);
        ASSERT_EQ(netlist_problem(netlist), std::nullopt);
        ASSERT_EQ(evaluate64(netlist, x), expected) << "table " << table;
    }
}

TEST(Circuit, KeepsOneOfEqualNodesAndNoneThatNothingNeeds) {
    Circuit circuit(3);
    const auto [a, b, c] = std::array{circuit.input(0), circuit.input(1), circuit.input(2)};
    EXPECT_EQ(circuit.and2(a, b), circuit.and2(b, a));
    EXPECT_EQ(circuit.xor3(a, b, c), circuit.xor3(c, a, b));
    EXPECT_EQ(circuit.xor2(a, a), Circuit::kZero);
    EXPECT_EQ(circuit.choose(a, b, b), b);
    EXPECT_EQ(circuit.invert(circuit.invert(c)), c);
    EXPECT_EQ(circuit.xor2(a, circuit.invert(a)), Circuit::kOne);
    const std::vector<Circuit::Signal> outputs{circuit.and2(a, b), Circuit::kOne, c};
    const Netlist netlist = circuit.netlist(outputs);
    EXPECT_EQ(netlist.nodes.size(), 1u);
    EXPECT_EQ(netlist.outputs, (std::vector<uint32_t>{5, Netlist::kOne, 4}));
}

TEST(Circuit, AddsWordsAndTakesOtherNetlists) {
    Circuit adder(6);
    const Netlist sum = adder.netlist(adder.add(adder.input_word(0, 3), adder.input_word(3, 3), Circuit::kOne));
    Circuit swapped(6);
    Circuit::Word inputs = swapped.input_word(3, 3);
    const Circuit::Word low = swapped.input_word(0, 3);
    inputs.insert(inputs.end(), low.begin(), low.end());
    const Netlist same = swapped.netlist(swapped.append(sum, inputs));
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

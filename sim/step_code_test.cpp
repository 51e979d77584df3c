#include "sim/step_code.h"

#include <algorithm>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <vector>

#include "sim/aligned.h"
#include "sim/netlist_testing.h"
#include "sim/testing.h"

namespace concrete::sim {
namespace {

constexpr size_t kWords = StepCode::kWords;

/// A circuit whose inputs come from everywhere, in random order.
StepCircuit circuit_of(Netlist netlist, Random& random, uint32_t steps = 1) {
    StepCircuit circuit;
    circuit.acc_bits = static_cast<uint32_t>(netlist.outputs.size());
    circuit.steps = steps;
    circuit.lane_planes = circuit.other_bits = 5;
    for (uint32_t i = 0; i < netlist.inputs; ++i) {
        const auto from = static_cast<StepCircuit::From>(random.below(3));
        const uint32_t planes = from == StepCircuit::From::accumulator ? circuit.acc_bits : 5 * steps;
        circuit.inputs.push_back({from, static_cast<uint32_t>(random.below(planes))});
    }
    circuit.netlist = std::move(netlist);
    return circuit;
}

/// Code and definition on random planes; they must agree.
void expect_right(const StepCircuit& circuit, const StepCode& code, size_t passes, Random& random) {
    const size_t count = passes * circuit.steps, lane_words = circuit.lane_planes * kWords;
    AlignedWords lanes, acc;
    lanes.reserve(count * lane_words + 1);
    acc.reserve(circuit.acc_bits * kWords);
    std::vector<uint32_t> masks(count * circuit.other_bits);
    for (size_t i = 0; i < count * lane_words; ++i) lanes.data()[i] = random.bits();
    for (uint32_t& mask : masks) mask = random.below(2) == 0 ? 0 : ~uint32_t{0};
    for (size_t i = 0; i < circuit.acc_bits * kWords; ++i) acc.data()[i] = random.bits();
    std::vector<uint64_t> expected(acc.data(), acc.data() + circuit.acc_bits * kWords);
    for (size_t pass = 0; pass < passes; ++pass)
        for (size_t word = 0; word < kWords; ++word) {
            std::vector<uint64_t> inputs;
            for (const auto& [from, index] : circuit.inputs) {
                const uint64_t* const planes = from == StepCircuit::From::lane
                                                   ? lanes.data() + pass * circuit.steps * lane_words
                                                   : expected.data();
                inputs.push_back(from == StepCircuit::From::other
                                     ? masks[pass * circuit.steps * circuit.other_bits + index] * 0x100000001u
                                     : planes[index * kWords + word]);
            }
            const std::vector<uint64_t> outputs = evaluate64(circuit.netlist, inputs);
            for (size_t bit = 0; bit < outputs.size(); ++bit) expected[bit * kWords + word] = outputs[bit];
        }
    code.run(lanes.data(), masks.data(), count, acc.data());
    const std::vector<uint64_t> got(acc.data(), acc.data() + circuit.acc_bits * kWords);
    ASSERT_EQ(got, expected);
}

/// Skips where there is no AVX-512.
#define CONCRETE_NEEDS_CODE(code) \
    if (!(code)) GTEST_SKIP() << "needs AVX-512 and memory for code"

TEST(StepCode, EqualsTheDefinitionOnRandomCircuits) {
    constexpr uint64_t kSeed = 11;
    Random random(kSeed);
    for (const uint32_t inputs : {1u, 9u, 70u})
        for (const size_t nodes : {0, 1, 30, 300, 3000})
            for (const size_t outputs : {1, 24, 200}) {
                SCOPED_TRACE(fmt::format("seed {}: {} inputs, {} nodes, {} outputs", kSeed, inputs, nodes, outputs));
                const StepCircuit circuit = circuit_of(testing::random_netlist(random, inputs, nodes, outputs), random,
                                                       1 + static_cast<uint32_t>(nodes % 2));
                const auto code = StepCode::make(circuit);
                CONCRETE_NEEDS_CODE(code);
                for (const size_t passes : {0, 1, 2, 5}) expect_right(circuit, *code, passes, random);
            }
}

TEST(StepCode, KnowsEveryTableWithOperandsEverywhere) {
    // Nodes of one, two and three inputs, which are read again afterwards or not, and are in registers or not.
    Random random(12);
    for (uint32_t table = 0; table < 256; ++table)
        for (uint32_t repeats = 0; repeats < 4; ++repeats) {
            Netlist netlist;
            netlist.inputs = 3;
            std::array<uint32_t, 3> fanin{2, 3, repeats == 1 ? Netlist::kOne : 4};
            if (repeats == 2) fanin[1] = 2;
            netlist.nodes = {{fanin, static_cast<uint8_t>(table)},
                             {{5, 3, 2}, static_cast<uint8_t>(~table)},
                             {{6, repeats == 3 ? 5u : 4u, 5}, static_cast<uint8_t>(table)}};
            netlist.outputs = {7, 6, 2, 7, Netlist::kOne, Netlist::kZero};
            const StepCircuit circuit = circuit_of(netlist, random);
            const auto code = StepCode::make(circuit);
            CONCRETE_NEEDS_CODE(code);
            expect_right(circuit, *code, 2, random);
        }
}

TEST(StepCode, KeepsMoreValuesThanThereAreRegisters) {
    // 150 values, all made before the first is read, and read twice in an order of their own.
    Random random(13);
    Netlist netlist;
    netlist.inputs = 20;
    std::vector<uint32_t> values;
    for (uint32_t i = 0; i < 150; ++i) {
        netlist.nodes.push_back(
            {{netlist.input(i % 20), i < 20 ? Netlist::kOne : netlist.signals() - 20, netlist.input(i * 7 % 20)},
             static_cast<uint8_t>(random.bits() | 0x18)});
        values.push_back(netlist.signals() - 1);
    }
    uint32_t last = values[0];
    for (const uint8_t table : {uint8_t{0x96}, uint8_t{0x6c}}) {  // so that a wrong value does not cancel itself
        random.shuffle(values);
        for (const uint32_t value : values) {
            netlist.nodes.push_back({{last, value, netlist.input(3)}, table});
            last = netlist.signals() - 1;
        }
    }
    netlist.outputs = {last, values[5], values[140], last};
    const StepCircuit circuit = circuit_of(netlist, random);
    const auto code = StepCode::make(circuit);
    CONCRETE_NEEDS_CODE(code);
    EXPECT_GT(code->figures().spills, 50u);
    EXPECT_GT(code->figures().memory_operands, 10u);
    for (const size_t passes : {1, 4}) expect_right(circuit, *code, passes, random);
}

TEST(StepCode, LeavesLargeCircuitsToOthers) {
    Netlist netlist;
    netlist.inputs = 2;
    netlist.nodes.assign(StepCode::kMaxNodes + 1, {{2, 3, Netlist::kZero}, 0x3c});
    netlist.outputs = {netlist.signals() - 1};
    Random random(14);
    EXPECT_FALSE(StepCode::make(circuit_of(netlist, random)));
}

}  // namespace
}  // namespace concrete::sim

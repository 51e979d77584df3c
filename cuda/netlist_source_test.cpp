#include "cuda/netlist_source.h"

#include <array>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <utility>
#include <vector>

#include "cuda/device_array.h"
#include "cuda/netlist_kernel.h"
#include "cuda/product_testing.h"
#include "sim/error.h"
#include "sim/netlist_testing.h"
#include "sim/random.h"
#include "sim/testing.h"

namespace concrete::cuda {
namespace {

using sim::LaneSide;
using sim::Random;
using sim::StepCircuit;
using ::testing::HasSubstr;
using ::testing::Not;

/// What sim::step_circuit() makes has inputs in one order only; here they come in any.
StepCircuit random_circuit(Random& random, uint32_t lane_planes, uint32_t other_bits, uint32_t acc_bits) {
    StepCircuit circuit;
    circuit.netlist = sim::testing::random_netlist(random, lane_planes + other_bits + acc_bits, 80, acc_bits);
    circuit.netlist.outputs[0] = sim::Netlist::kOne;
    circuit.netlist.outputs.back() = circuit.netlist.input(static_cast<uint32_t>(random.below(lane_planes)));
    for (uint32_t i = 0; i < lane_planes; ++i) circuit.inputs.push_back({StepCircuit::From::lane, i});
    for (uint32_t i = 0; i < other_bits; ++i) circuit.inputs.push_back({StepCircuit::From::other, i});
    for (uint32_t i = 0; i < acc_bits; ++i) circuit.inputs.push_back({StepCircuit::From::accumulator, i});
    for (size_t i = circuit.inputs.size(); i > 1; --i)
        std::swap(circuit.inputs[i - 1], circuit.inputs[random.below(i)]);
    circuit.lane_planes = lane_planes;
    circuit.other_bits = other_bits;
    circuit.acc_bits = acc_bits;
    return circuit;
}

struct StepsCase {
    std::vector<uint32_t> planes, codes, acc;
    NetlistSteps steps;

    StepsCase(const StepCircuit& circuit, uint32_t depth, uint32_t words, uint32_t groups, uint32_t group_columns,
              Random& random) {
        const size_t tiles = (words + kTileWords - 1) / kTileWords, columns = size_t{groups} * group_columns;
        planes.resize(groups * tiles * depth * circuit.lane_planes * kTileWords);
        codes.resize(columns * depth);
        acc.resize(columns * tiles * circuit.acc_bits * kTileWords);
        for (auto* const values : {&planes, &codes, &acc})
            for (uint32_t& value : *values) value = static_cast<uint32_t>(random.bits());
        steps = {nullptr, nullptr, nullptr, depth, words, static_cast<uint32_t>(columns), group_columns};
    }
};

/// Runs a launch, threads past the end included.
std::vector<uint32_t> computed_steps(Executor& executor, const NetlistKernel& kernel, const StepsCase& launch) {
    const DeviceArray<uint32_t> planes(executor, launch.planes), codes(executor, launch.codes),
        acc(executor, launch.acc);
    NetlistSteps steps = launch.steps;
    steps.planes = planes.data();
    steps.codes = codes.data();
    steps.acc = acc.data();
    const auto stream = executor.make_stream();
    kernel.launch(*stream, "steps", steps);
    stream->synchronize();
    return acc.values();
}

/// The accumulators after a launch, word by word, as the declaration has it.
std::vector<uint32_t> expected_steps(const StepCircuit& circuit, const StepsCase& launch) {
    const NetlistSteps& s = launch.steps;
    const size_t tiles = (s.words + kTileWords - 1) / kTileWords;
    std::vector<uint32_t> acc = launch.acc;
    for (size_t column = 0; column < s.columns; ++column) {
        for (size_t word = 0; word < s.words; ++word) {
            const size_t tile = word / kTileWords, place = word % kTileWords;
            uint32_t* bits = &acc[(column * tiles + tile) * circuit.acc_bits * kTileWords + place];
            for (size_t k = 0; k < s.depth; ++k) {
                const size_t step = (column / s.group_columns * tiles + tile) * s.depth + k;
                const uint32_t* planes = &launch.planes[step * circuit.lane_planes * kTileWords + place];
                const uint32_t code = launch.codes[column * s.depth + k];
                std::vector<uint64_t> inputs;
                for (const StepCircuit::Place& from : circuit.inputs) {
                    if (from.from == StepCircuit::From::lane) inputs.push_back(planes[size_t{from.index} * kTileWords]);
                    if (from.from == StepCircuit::From::other)
                        inputs.push_back((code >> from.index & 1) != 0 ? 0xffffffff : 0);
                    if (from.from == StepCircuit::From::accumulator)
                        inputs.push_back(bits[size_t{from.index} * kTileWords]);
                }
                const std::vector<uint64_t> next = evaluate64(circuit.netlist, inputs);
                for (size_t bit = 0; bit < next.size(); ++bit)
                    bits[bit * kTileWords] = static_cast<uint32_t>(next[bit]);
            }
        }
    }
    return acc;
}

/// All shapes of launches of a circuit on an executor.
void expect_all_launches(Executor& executor, const StepCircuit& circuit, Random& random) {
    const auto kernel = make_netlist_kernel(executor, circuit);
    for (const uint32_t words : {1, 7, 8, 9, 33, 129}) {
        for (const uint32_t depth : {1, 2, 5}) {
            for (const auto& [groups, group_columns] : {std::array<uint32_t, 2>{1, 1}, {1, 3}, {3, 1}, {2, 5}}) {
                const StepsCase launch(circuit, depth, words, groups, group_columns, random);
                const std::vector<uint32_t> after = expected_steps(circuit, launch);
                ASSERT_NE(after, launch.acc);
                ASSERT_EQ(computed_steps(executor, *kernel, launch), after)
                    << fmt::format("{}: {} planes, {} words, {} steps, {} x {} columns", executor.label(),
                                   circuit.lane_planes, words, depth, groups, group_columns);
            }
        }
    }
}

TEST(NetlistSource, EvaluatesAnyCircuit) {
    Random random(1);
    for (const auto& [lane_planes, other_bits, acc_bits] :
         {std::array<uint32_t, 3>{1, 1, 2}, {9, 8, 12}, {3, 32, 64}}) {
        const StepCircuit circuit = random_circuit(random, lane_planes, other_bits, acc_bits);
        for (const auto& executor : testing::all_executors()) expect_all_launches(*executor, circuit, random);
    }
}

StepCircuit multiplying_circuit() {
    const auto op = sim::testing::twisted_multiplier();
    return step_circuit({op, {-128, 127}, {-128, 127}, false}, {32, sim::Overflow::wrap, 0, nullptr}, LaneSide::a, {});
}

TEST(NetlistSource, EvaluatesARealStep) {
    Random random(2);
    const StepCircuit circuit = multiplying_circuit();
    const StepsCase launch(circuit, 7, 10, 1, 3, random);
    for (const auto& executor : testing::all_executors()) {
        const auto kernel = make_netlist_kernel(*executor, circuit);
        EXPECT_EQ(computed_steps(*executor, *kernel, launch), expected_steps(circuit, launch)) << executor->label();
    }
}

TEST(NetlistSource, IsTheSameTextEveryTimeAndStandsAlone) {
    const std::string text = netlist_source(multiplying_circuit());
    EXPECT_EQ(netlist_source(multiplying_circuit()), text);
    EXPECT_THAT(text, Not(HasSubstr("#include")));
    EXPECT_THAT(text, HasSubstr("lop3.b32 %0, %1, %2, %3"));
}

TEST(NetlistSource, RefusesOtherCircuits) {
    StepCircuit two = multiplying_circuit();
    two.steps = 2;
    EXPECT_THROW(netlist_source(two), InputError);
    StepCircuit wide = multiplying_circuit();
    wide.other_bits = 33;
    EXPECT_THROW(netlist_host_source(wide), InputError);
}

}  // namespace
}  // namespace concrete::cuda

#include "gen/cost.h"

#include <bit>
#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/error.h"

namespace concrete::gen {
namespace {

using sim::Netlist;
using sim::Operator;
using sim::OperatorKind;

constexpr uint8_t kAnd2 = 0xc0, kXor2 = 0x3c, kXor3 = 0x96, kMajority = 0xe8;  // f0, f1 alone; all three

/// A ripple-carry adder of two operands of `bits` bits with carry-out: 2 nodes a bit.
Netlist ripple_adder(uint32_t bits) {
    Netlist n;
    n.inputs = 2 * bits;
    uint32_t carry = Netlist::kZero;
    for (uint32_t i = 0; i < bits; ++i) {
        n.nodes.push_back({{n.input(i), n.input(bits + i), carry}, kXor3});
        n.nodes.push_back({{n.input(i), n.input(bits + i), carry}, kMajority});
        n.outputs.push_back(n.signals() - 2);
        carry = n.signals() - 1;
    }
    n.outputs.push_back(carry);
    return n;
}

/// The same expectation from the probability p that each node is 1, over all inputs: 2 p (1 - p) toggles a step.
double expected_energy(const Netlist& netlist, const std::vector<double>& weights) {
    std::vector<double> ones(netlist.nodes.size());
    for (uint64_t input = 0; input < weights.size(); ++input) {
        std::vector<int> value{0, 1};
        for (uint32_t i = 0; i < netlist.inputs; ++i) value.push_back(static_cast<int>(input >> i & 1));
        for (size_t i = 0; i < netlist.nodes.size(); ++i) {
            const auto& [fanin, table] = netlist.nodes[i];
            value.push_back(table >> (4 * value[fanin[0]] + 2 * value[fanin[1]] + value[fanin[2]]) & 1);
            ones[i] += value.back() * weights[input];
        }
    }
    double energy = 0;
    for (size_t i = 0; i < netlist.nodes.size(); ++i) {
        int readers = 0;
        for (const Netlist::Node& node : netlist.nodes)
            readers += std::count(node.fanin.begin(), node.fanin.end(), netlist.first_node() + i) > 0;
        readers += static_cast<int>(std::count(netlist.outputs.begin(), netlist.outputs.end(),
                                               netlist.first_node() + static_cast<uint32_t>(i)));
        energy += 2 * ones[i] * (1 - ones[i]) * (1 + readers);
    }
    return energy;
}

TEST(Cost, OfCircuitsWorkedOutByHand) {
    // y0 = a & b toggles in 2 * 1/4 * 3/4 = 3/8 of all steps, y1 = y0 ^ c in 1/2; y0 is read by y1 and by an output.
    Netlist n{3, {{{2, 3, 0}, kAnd2}, {{5, 4, 0}, kXor2}}, {5, 6}};
    const double by_hand = 3.0 / 8 * (1 + 2) + 1.0 / 2 * (1 + 1);
    EXPECT_DOUBLE_EQ(expected_energy(n, std::vector<double>(8, 1.0 / 8)), by_hand);
    EXPECT_NEAR(switching_energy(n, draw_uniform), by_hand, 0.01 * by_hand);
    const sim::Cost cost = netlist_cost(n, 5);
    EXPECT_EQ(cost.gates, 5);
    EXPECT_EQ(cost.nodes, 2);
    EXPECT_EQ(cost.depth, 2);
    EXPECT_EQ(cost.energy, switching_energy(n, draw_uniform));
}

TEST(Cost, DeadNodesConstantsAndWiresAreFree) {
    Netlist n{2, {{{2, 3, 0}, kAnd2}, {{2, 3, 0}, kXor2}, {{5, 1, 1}, kAnd2}}, {4, 0, 2}};  // nodes 5 and 6 are dead
    EXPECT_EQ(netlist_nodes(n), 1U);
    EXPECT_EQ(netlist_depth(n), 1U);
    EXPECT_NEAR(switching_energy(n, draw_uniform), 3.0 / 8 * 2, 0.01);
    EXPECT_EQ(switching_energy({2, {}, {2, 3}}, draw_uniform), 0);
    EXPECT_EQ(netlist_depth({2, {}, {2, 3}}), 0U);
    EXPECT_EQ(switching_energy({1, {{{2, 0, 0}, 0xff}}, {3}}, draw_uniform), 0) << "a node that is always 1";
    EXPECT_THROW(switching_energy({1, {{{4, 0, 0}, 1}}, {3}}, draw_uniform), InputError);
}

TEST(Cost, RepeatedFaninIsOneReader) {
    Netlist n{2, {{{2, 3, 0}, kXor2}, {{4, 4, 3}, 0x81}}, {5}};
    EXPECT_NEAR(switching_energy(n, draw_uniform), expected_energy(n, std::vector<double>(4, 0.25)), 0.02);
}

TEST(Cost, EnergyIsWithinOnePercentOfItsExpectation) {
    const Netlist adder = ripple_adder(8);
    const double expected = expected_energy(adder, std::vector<double>(65536, 1.0 / 65536));
    for (uint64_t seed = 1; seed <= 8; ++seed) {
        EXPECT_NEAR(switching_energy(adder, draw_uniform, seed), expected, 0.005 * expected) << "seed " << seed;
    }
    EXPECT_EQ(switching_energy(adder, draw_uniform, 3), switching_energy(adder, draw_uniform, 3));
    EXPECT_NE(switching_energy(adder, draw_uniform, 3), switching_energy(adder, draw_uniform, 4));
    EXPECT_EQ(netlist_depth(adder), 8U);
    EXPECT_EQ(netlist_nodes(adder), 16U);
}

/// The exact operator of these ports.
Operator exact(OperatorKind kind, sim::Port a, sim::Port b, sim::Port y, int y_lsb = 0) {
    Operator op;
    op.kind = kind;
    op.a = std::move(a);
    op.b = std::move(b);
    op.y = std::move(y);
    op.y_lsb = y_lsb;
    return exact_operator(op);
}

TEST(Cost, ExactCircuitsOfPlainPortsAreThoseOfRtl) {
    const auto top = [](OperatorKind kind, bool is_signed, int y_bits) {
        const Operator op = exact(kind, {"a", 6, is_signed}, {"b", 6, is_signed}, {"y", y_bits, is_signed});
        return op.sources.top;
    };
    EXPECT_EQ(top(OperatorKind::multiplier, true, 12), "mul_s_exact");
    EXPECT_EQ(top(OperatorKind::multiplier, false, 12), "mul_u_exact");
    EXPECT_EQ(top(OperatorKind::multiplier, false, 11), "exact");
    EXPECT_EQ(top(OperatorKind::adder, true, 6), "add_exact");
    EXPECT_EQ(top(OperatorKind::adder, false, 6), "add_exact");
    EXPECT_EQ(top(OperatorKind::adder, false, 7), "exact");
    const Operator op = exact(OperatorKind::multiplier, {"a", 5, true}, {"b", 7, true}, {"y", 12, true});
    EXPECT_EQ(op.sources.parameters, (std::map<std::string, std::string>{{"A_BITS", "5"}, {"B_BITS", "7"}}));
}

}  // namespace
}  // namespace concrete::gen

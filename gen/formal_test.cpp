#include "gen/formal.h"

#include <cstdlib>
#include <gtest/gtest.h>

#include "gen/process.h"
#include "gen/synthesis.h"
#include "gen/testing.h"
#include "sim/file.h"

namespace concrete::gen {
namespace {

using testing::input_error;
using testing::operator_of;
using Outcome = FormalResult::Outcome;

uint64_t value_at(const sim::Operator& op, const sim::Netlist& netlist, uint64_t a, uint64_t b) {
    std::vector<uint64_t> inputs;
    for (int i = 0; i < op.a.bits; ++i) inputs.push_back(a >> i & 1);
    for (int i = 0; i < op.b.bits; ++i) inputs.push_back(b >> i & 1);
    const std::vector<uint64_t> outputs = sim::evaluate64(netlist, inputs);
    uint64_t y = 0;
    for (size_t i = 0; i < outputs.size(); ++i) y |= (outputs[i] & 1) << i;
    return y;
}

TEST(ProveEqual, TellsEqualFromDifferent) {
    const sim::Operator op = operator_of(
        "t", "module t(input [4:0] a, input [2:0] b, output [7:0] y); assign y = a * b; endmodule", 5, 3, 8);
    const Synthesis made = synthesize(op);
    EXPECT_EQ(prove_equal(made.source_aiger, made.netlist, op).outcome, Outcome::proven);

    // One wrong entry in the table of any node that matters is found, with operands that show it.
    for (size_t node = 0; node < made.netlist.nodes.size(); node += 7) {
        sim::Netlist wrong = made.netlist;
        wrong.nodes[node].table ^= 0x81;
        const FormalResult result = prove_equal(made.source_aiger, wrong, op);
        ASSERT_EQ(result.outcome, Outcome::different) << node;
        EXPECT_LT(result.a, 32u);
        EXPECT_LT(result.b, 8u);
        EXPECT_EQ(value_at(op, made.netlist, result.a, result.b), result.a * result.b);
        EXPECT_NE(value_at(op, wrong, result.a, result.b), result.a * result.b);
    }
    sim::Netlist swapped = made.netlist;  // the bits of a port are not interchangeable
    std::swap(swapped.outputs[2], swapped.outputs[3]);
    EXPECT_EQ(prove_equal(made.source_aiger, swapped, op).outcome, Outcome::different);
}

TEST(ProveEqual, OneBitPortsAndConstantOutputs) {
    const sim::Operator op = operator_of(
        "t", "module t(input a, input [1:0] b, output [2:0] y); assign y = {1'b1, a & b[0], 1'b0}; endmodule", 1, 2, 3);
    const Synthesis made = synthesize(op);
    EXPECT_EQ(prove_equal(made.source_aiger, made.netlist, op).outcome, Outcome::proven);
    sim::Netlist wrong = made.netlist;
    wrong.outputs[2] = sim::Netlist::kZero;
    EXPECT_EQ(prove_equal(made.source_aiger, wrong, op).outcome, Outcome::different);
}

TEST(ProveEqual, IgnoresTheSettingsOfTheUser) {
    const sim::Operator op =
        operator_of("t", "module t(input a, input b, output y); assign y = a & b; endmodule", 1, 1, 1);
    const TemporaryFolder home;
    write_file(home.path() / ".abc.rc", "echo Networks are equivalent\n");
    const char* const set = std::getenv("HOME");
    const std::string before = set == nullptr ? "" : set;
    ASSERT_EQ(setenv("HOME", home.path().c_str(), 1), 0);
    const Synthesis made = synthesize(op);
    EXPECT_EQ(prove_equal(made.source_aiger, made.netlist, op).outcome, Outcome::proven);
    set == nullptr ? unsetenv("HOME") : setenv("HOME", before.c_str(), 1);
}

TEST(ProveEqual, RefusesWhatDoesNotFit) {
    sim::Operator op = operator_of(
        "t", "module t(input [1:0] a, input [1:0] b, output [1:0] y); assign y = a & b; endmodule", 2, 2, 2);
    const Synthesis made = synthesize(op);
    EXPECT_NE(input_error([&] { prove_equal("aig 1 2 3", made.netlist, op); }).find("ABC's cec"), std::string::npos);
    sim::Operator wider = op;
    wider.b.bits = 3;
    EXPECT_THROW(prove_equal(made.source_aiger, made.netlist, wider), ShapeError);
    sim::Netlist more = made.netlist;
    more.inputs = 5;
    for (sim::Netlist::Node& node : more.nodes) node = {{2, 4, 0}, 0xc0};
    more.outputs = {7, 7};
    EXPECT_NE(input_error([&] { prove_equal(made.source_aiger, more, wider); }).find("different number"),
              std::string::npos);
}

}  // namespace
}  // namespace concrete::gen

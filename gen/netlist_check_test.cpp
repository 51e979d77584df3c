#include "gen/netlist_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/error.h"
#include "sim/testing.h"

namespace concrete::gen {
namespace {

using ::testing::HasSubstr;

/// An adder of 3 bits with carry-out, as a netlist of full adders.
sim::Operator adder() {
    sim::Operator op = sim::testing::bare_operator("three", sim::OperatorKind::adder, {"a", 3, false}, {"b", 3, false},
                                                   {"y", 4, false});
    sim::Netlist netlist;
    netlist.inputs = 6;
    uint32_t carry = sim::Netlist::kZero;
    for (uint32_t bit = 0; bit < 3; ++bit) {
        const uint32_t a = netlist.input(bit), b = netlist.input(3 + bit), sum = netlist.signals();
        netlist.nodes.push_back({{a, b, carry}, 0x96});
        netlist.nodes.push_back({{a, b, carry}, 0xe8});
        netlist.outputs.push_back(sum);
        carry = sum + 1;
    }
    netlist.outputs.push_back(carry);
    op.netlist = netlist;
    return op;
}

TEST(NetlistCheck, TakesPairsInTheOrderOfASweep) {
    const sim::Operator op = adder();
    const NetlistCheck check(op, 2);
    std::vector<uint64_t> a, b, y;
    for (uint64_t pair = 0; pair < 64; ++pair) {
        a.push_back(pair >> 3);
        b.push_back(pair & 7);
        y.push_back(a.back() + b.back());
    }
    EXPECT_NO_THROW(check.compare(a, b, y));
    EXPECT_NO_THROW(check.compare_range(0, y));
}

TEST(NetlistCheck, NamesTheOperandsOfADifference) {
    const sim::Operator op = adder();
    const NetlistCheck check(op, 2);
    std::vector<uint64_t> y(64);
    for (uint64_t pair = 0; pair < 64; ++pair) y[pair] = (pair >> 3) + (pair & 7);
    y[5 << 3 | 2] ^= 8;
    try {
        check.compare_range(0, y);
        FAIL() << "accepted";
    } catch (const InputError& error) {
        EXPECT_THAT(error.what(), HasSubstr("three: Yosys and Verilator read this Verilog differently: at a=0x5 b=0x2 "
                                            "the netlist gives 0x7, the simulation 0xf"));
    }
    EXPECT_THROW(check.compare(std::vector<uint64_t>{5}, std::vector<uint64_t>{2}, std::vector<uint64_t>{15}),
                 InputError);
    EXPECT_THROW(check.compare(std::vector<uint64_t>{5}, std::vector<uint64_t>{2, 3}, std::vector<uint64_t>{7}),
                 ShapeError);
}

}  // namespace
}  // namespace concrete::gen

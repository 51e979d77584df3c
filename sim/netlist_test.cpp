#include "sim/netlist.h"

#include <gtest/gtest.h>

#include "sim/error.h"

namespace concrete::sim {
namespace {

/// Inputs a, b, c; outputs their sum and carry, and the constant 1.
Netlist full_adder() {
    Netlist netlist;
    netlist.inputs = 3;
    const auto [a, b, c] = std::array{netlist.input(0), netlist.input(1), netlist.input(2)};
    netlist.nodes = {{{a, b, c}, 0x96}, {{a, b, c}, 0xe8}};
    netlist.outputs = {5, 6, Netlist::kOne};
    return netlist;
}

TEST(Netlist, EvaluatesEveryLane) {
    const Netlist netlist = full_adder();
    ASSERT_EQ(netlist_problem(netlist), std::nullopt);
    const std::vector<uint64_t> inputs{0xf0, 0xcc, 0xaa};  // lane l: the bits of l
    const std::vector<uint64_t> outputs = evaluate64(netlist, inputs);
    for (unsigned lane = 0; lane < 8; ++lane) {
        const unsigned ones = (lane >> 2) + (lane >> 1 & 1) + (lane & 1);
        EXPECT_EQ(outputs[0] >> lane & 1, ones & 1);
        EXPECT_EQ(outputs[1] >> lane & 1, ones >> 1);
    }
    EXPECT_EQ(outputs[2], ~uint64_t{0});
}

TEST(Netlist, TableBitsAreIndexedFromTheFirstFanin) {
    for (int table = 0; table < 256; ++table)
        for (unsigned index = 0; index < 8; ++index)
            EXPECT_EQ(lut3(static_cast<uint8_t>(table), index >> 2, index >> 1 & 1, index & 1) & 1, table >> index & 1u)
                << table << " at " << index;
}

TEST(Netlist, NamesWhatIsOutOfOrder) {
    Netlist netlist = full_adder();
    netlist.nodes[0].fanin[2] = 5;
    EXPECT_EQ(netlist_problem(netlist), "node 0 reads signal 5, which does not come before it");
    netlist = full_adder();
    netlist.outputs[1] = 7;
    EXPECT_EQ(netlist_problem(netlist), "output 1 is signal 7, but there are 7");
    EXPECT_THROW(evaluate64(full_adder(), std::vector<uint64_t>(2)), ShapeError);
}

}  // namespace
}  // namespace concrete::sim

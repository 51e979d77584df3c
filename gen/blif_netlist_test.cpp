#include "gen/blif_netlist.h"

#include <gtest/gtest.h>

#include "gen/testing.h"
#include "sim/netlist_testing.h"

namespace concrete::gen {
namespace {

using sim::Netlist;
using sim::testing::expect_equal_functions;
using sim::testing::random_netlist;
using testing::input_error;

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

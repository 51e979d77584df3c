// Networks on a clocked MAC unit of the user's, replayed in its own Verilog.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/error.h"
#include "verify/dump.h"
#include "verify/testing.h"

namespace concrete::verify {
namespace {

using ::testing::HasSubstr;

/// A product register, a reset that is active low, no init; the carry into bit 6 of the accumulator is cut.
constexpr const char* kUnit = R"v(
module unit(input clk, input rst_n, input en, input signed [7:0] a, input signed [7:0] b, output reg [19:0] acc);
  reg signed [15:0] p; reg v;
  wire [19:0] q = {{4{p[15]}}, p};
  always @(posedge clk)
    if (!rst_n) begin p <= 0; v <= 0; acc <= 20'd3; end
    else begin
      v <= en;
      if (en) p <= a * b;
      if (v) begin acc[5:0] <= acc[5:0] + q[5:0]; acc[19:6] <= acc[19:6] + q[19:6]; end
    end
endmodule
)v";

std::shared_ptr<const sim::Operator> unit() {
    gen::Request request;
    request.name = "unit";
    request.kind = sim::OperatorKind::mac;
    request.sources = {{{"unit.v", kUnit, false}}, "unit", {}, {}};
    return std::make_shared<const sim::Operator>(gen::generate(std::span(&request, 1), 1).front());
}

constexpr const char* kSettings = R"(
defaults: {mac: unit, weights: {scheme: affine}, activations: {scheme: affine}}
layers: {conv2: {padding: skip}, fc1: {multiplier: mul8s_exact}}
)";

TEST(MacUnitReplay, NetworksEqualTheUnitsOwnVerilog) {
    const auto op = unit();
    EXPECT_EQ(op->mac->latency, 2);
    EXPECT_EQ(op->mac->clear_value, 3);
    const testing::RandomNetwork network(testing::kSmallNetwork, 2, 5);
    const sim::QuantizedNetwork quantized = network.quantized(kSettings, testing::provider_of({{"unit", op}}));
    EXPECT_EQ(quantized.mac_layers()[0].prepared.engine, sim::Engine::netlist);
    EXPECT_NE(quantized.mac_layers()[2].prepared.engine, sim::Engine::netlist);
    const std::vector<NeuronCase> cases = testing::sampled_cases(network, quantized, 40, 1);
    for (const LayerReplay& layer : replay(cases, {})) {
        EXPECT_EQ(layer.mismatches, 0u) << layer.first_mismatch;
        EXPECT_GT(layer.macs, 100u);
    }
    const TemporaryFolder folder;
    try {
        dump_vectors(cases, rtl_folder(), folder.path() / "dump");
        ADD_FAILURE();
    } catch (const InputError& error) {
        EXPECT_THAT(error.what(), HasSubstr("MAC unit unit"));
    }

    // The same network on a unit whose Verilog is not what was extracted.
    const auto faulty = testing::broken(op, {"unit.v", "q[5:0]; acc", "(q[5:0] & 6'h3e); acc"});
    const sim::QuantizedNetwork other = network.quantized(kSettings, testing::provider_of({{"unit", faulty}}));
    const std::vector<LayerReplay> replays = replay(testing::sampled_cases(network, other, 40, 1), {});
    EXPECT_GT(replays[0].mismatches, 10u);
    EXPECT_THAT(replays[0].first_mismatch, HasSubstr("MAC "));
}

}  // namespace
}  // namespace concrete::verify

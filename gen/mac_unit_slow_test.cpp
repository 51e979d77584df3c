// MAC units whose function is known, from Verilog to operator.
#include <gmock/gmock.h>
#include <random>

#include "gen/mac_unit.h"
#include "gen/testing.h"
#include "sim/mac_step.h"

namespace concrete::gen {
namespace {

using gen::testing::input_error;
using gen::testing::sources_of;
using ::testing::HasSubstr;

struct Unit {
    const char* ports;
    const char* body;
    int latency;
    bool is_exhaustive;
    int64_t clear_value;
    uint64_t (*step)(uint64_t acc, int64_t a, int64_t b);
};

uint64_t exact(uint64_t acc, int64_t a, int64_t b) {
    return (acc + static_cast<uint64_t>(a * b)) & 0xfff;
}

const Unit kUnits[] = {
    {"input clk, input clear, input enable, input [11:0] init", R"(
      reg signed [11:0] s;
      always @(posedge clk) if (clear) s <= init; else if (enable) s <= s + a * b;
      assign acc = s;)",
     1, true, 0, exact},
    // Asynchronous reset, a product register with a valid bit, an output register.
    {"input clk, input rst_n, input en", R"(
      reg signed [7:0] p; reg v; reg signed [11:0] s, shown;
      always @(posedge clk or negedge rst_n)
        if (!rst_n) begin p <= 0; v <= 0; s <= 5; shown <= 5; end
        else begin v <= en; if (en) p <= a * b; if (v) s <= s + p; shown <= s; end
      assign acc = shown;)",
     3, false, 5, exact},
    // Two stages that clear together, without enable.
    {"input ck, input srst", R"(
      reg signed [3:0] ra, rb; reg signed [7:0] p; reg signed [11:0] s;
      always @(posedge ck) if (srst) begin ra <= 0; rb <= 0; p <= 0; s <= 0; end
        else begin ra <= a; rb <= b; p <= ra * rb; s <= s + p; end
      assign acc = s;)",
     3, false, 0, exact},
    // No carry from bit 3 to bit 4.
    {"input clk, input clear, input enable", R"(
      reg [11:0] s; wire signed [7:0] p = a * b; wire [11:0] q = {{4{p[7]}}, p};
      always @(posedge clk) if (clear) s <= 0; else if (enable) begin
        s[3:0] <= s[3:0] + q[3:0]; s[11:4] <= s[11:4] + q[11:4]; end
      assign acc = s;)",
     1, false, 0,
     [](uint64_t acc, int64_t a, int64_t b) {
         const auto p = static_cast<uint64_t>(a * b);
         return (((acc & ~uint64_t{15}) + (p & ~uint64_t{15})) | ((acc + p) & 15)) & 0xfff;
     }},
};

TEST(MacUnitSlow, ExtractsTheFunctionOfEveryUnit) {
    for (const Unit& unit : kUnits) {
        SCOPED_TRACE(unit.body);
        Request request;
        request.name = "unit";
        request.kind = sim::OperatorKind::mac;
        request.sources = sources_of(std::string("module t(") + unit.ports +
                                     ", input signed [3:0] a, input signed [3:0] b, output [11:0] acc);\n" + unit.body +
                                     "endmodule\n");
        const sim::Operator op = make_mac_unit(request).op;
        EXPECT_EQ(op.mac->latency, unit.latency);
        EXPECT_EQ(op.mac->clear_value, unit.clear_value);
        EXPECT_EQ(op.equivalence.exhaustive, unit.is_exhaustive);
        EXPECT_GE(op.equivalence.vectors, uint64_t{1} << 20);
        EXPECT_EQ(op.metrics.mae == 0, unit.step == exact);
        std::mt19937_64 random(3);
        for (int i = 0; i < 3000; ++i) {
            const int64_t a = sim::decode(random(), 4, true), b = sim::decode(random(), 4, true);
            const uint64_t acc = random() & 0xfff;
            ASSERT_EQ(evaluate_netlist(op, sim::encode(a, 4), sim::encode(b, 4), acc), unit.step(acc, a, b))
                << "a=" << a << " b=" << b << " acc=" << acc;
        }
        request.latency = unit.latency + 1;
        EXPECT_THAT(input_error([&] { make_mac_unit(request); }), HasSubstr("--latency"));
    }
}

}  // namespace
}  // namespace concrete::gen

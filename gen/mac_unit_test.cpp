#include "gen/mac_unit.h"

#include <gmock/gmock.h>

#include "gen/testing.h"

namespace concrete::gen {
namespace {

using gen::testing::input_error;
using gen::testing::sources_of;
using ::testing::AllOf;
using ::testing::HasSubstr;

Request request_of(const std::string& text) {
    Request request;
    request.name = "unit";
    request.kind = sim::OperatorKind::mac;
    request.sources = sources_of(text);
    return request;
}

std::string refusal(const std::string& body, const std::string& ports = "input clk, input clear, input en") {
    return input_error([&] {
        make_mac_unit(request_of("module t(" + ports +
                                 ", input signed [3:0] a, input signed [3:0] b, output signed [11:0] acc);\n" + body +
                                 "endmodule\n"));
    });
}

TEST(MacUnit, KeepsYosysFromReachingOutside) {
    EXPECT_EQ(refusal(R"(
      reg signed [11:0] s;
      always @(posedge clk) if (clear) s <= 0; else if (en) s <= s + a * b;
      assign acc = s;
      endmodule
      module unused(output [7:0] y);
      reg [7:0] m [0:0];
      initial $readmemh("/proc/version", m);
      assign y = m[0];)"),
              "$readmem is not passed to Yosys: Verilog may not reach outside the simulation");
}

TEST(MacUnit, RefusesHiddenState) {
    EXPECT_THAT(refusal(R"(
      reg [11:0] s, c; wire [11:0] p = {{4{a[3]}}, a} * {{8{b[3]}}, b};
      always @(posedge clk) if (clear) begin s <= 0; c <= 0; end else if (en) begin
        s <= s ^ c ^ p; c <= {(s & c) | (s & p) | (c & p), 1'b0}; end
      assign acc = s;)"),
                AllOf(HasSubstr("'c'"), HasSubstr("hidden state")));
    // Every second clock only.
    EXPECT_THAT(refusal(R"(
      reg signed [11:0] s; reg odd;
      always @(posedge clk) if (clear) begin s <= 0; odd <= 0; end else if (en) begin
        odd <= !odd; if (odd) s <= s + a * b; end
      assign acc = s;)"),
                AllOf(HasSubstr("'odd'"), HasSubstr("hidden state")));
    // More bits than it shows.
    EXPECT_THAT(refusal(R"(
      reg signed [15:0] s;
      always @(posedge clk) if (clear) s <= 0; else if (en) s <= s + a * b;
      assign acc = s[15:4];)"),
                AllOf(HasSubstr("'s'"), HasSubstr("hidden state")));
}

TEST(MacUnit, RefusesOperandsThatAreDelayedDifferently) {
    EXPECT_THAT(refusal(R"(
      reg signed [3:0] late; reg signed [11:0] s;
      always @(posedge clk) if (clear) begin s <= 0; late <= 0; end else if (en) begin
        late <= a; s <= s + late * b; end
      assign acc = s;)"),
                AllOf(HasSubstr("'late'"), HasSubstr("delayed alike")));
}

TEST(MacUnit, RefusesWhatIsNotClockedByOneEdge) {
    EXPECT_THAT(refusal(R"(
      reg signed [11:0] s;
      always @(negedge clk) if (clear) s <= 0; else if (en) s <= s + a * b;
      assign acc = s;)"),
                HasSubstr("clocked by the falling edge of 'clk'"));
    EXPECT_THAT(refusal(R"(
      reg signed [11:0] s; reg signed [7:0] p;
      always @(posedge other) p <= a * b;
      always @(posedge clk) if (clear) s <= 0; else if (en) s <= s + p;
      assign acc = s;)",
                        "input clk, input other, input clear, input en"),
                AllOf(HasSubstr("input other [1 bits]"), HasSubstr("3 inputs (other, a, b) are left")));
    EXPECT_THAT(refusal(R"(
      reg signed [11:0] s; wire gated = clk & en;
      always @(posedge gated) if (clear) s <= 0; else s <= s + a * b;
      assign acc = s;)"),
                HasSubstr("expected the rising edge of 'clk' itself"));
    EXPECT_THAT(refusal(R"(
      reg signed [11:0] s; reg signed [3:0] l;
      always @* if (en) l = a;
      always @(posedge clk) if (clear) s <= 0; else s <= s + l * b;
      assign acc = s;)"),
                HasSubstr("a latch"));
}

TEST(MacUnit, RefusesWhatCannotBeStartedOrHeld) {
    EXPECT_THAT(refusal("reg signed [11:0] s; always @(posedge clk) if (en) s <= s + a * b; assign acc = s;",
                        "input clk, input en"),
                HasSubstr("no clear, reset or load"));
    // Enable stops the product only; the accumulator goes on.
    EXPECT_THAT(refusal(R"(
      reg signed [11:0] s; reg signed [7:0] p;
      always @(posedge clk) begin
        if (clear) p <= 0; else if (en) p <= a * b;
        if (clear) s <= 0; else s <= s + p; end
      assign acc = s;)"),
                HasSubstr("moves while 'en' is inactive"));
    // Operands on their way pass a clear that acts on the accumulator alone.
    EXPECT_THAT(refusal(R"(
      reg signed [11:0] s; reg signed [7:0] p;
      always @(posedge clk) begin p <= a * b; if (clear) s <= 0; else if (en) s <= s + p; end
      assign acc = s;)"),
                HasSubstr("'clear' acts 1 clock sooner"));
    EXPECT_THAT(refusal("reg signed [11:0] s; always @(posedge clk) s <= clear ? 0 : a * b; assign acc = s;"),
                HasSubstr("accumulates nothing"));
    EXPECT_THAT(refusal(R"(
      reg signed [11:0] s;
      always @(posedge clk) if (clear) s <= 0; else if (en) s <= s + a * b;
      assign acc = s + 1;)"),
                HasSubstr("is no register's"));
}

TEST(MacUnit, FindsPortsByName) {
    const auto ports_of = [](std::vector<sim::Port> inputs, std::vector<sim::Port> outputs, Request request = {}) {
        request.name = "unit";
        Design design;
        design.inputs = std::move(inputs);
        design.outputs = std::move(outputs);
        return find_mac_ports(request, design);
    };
    const MacPorts ports = ports_of({{"i_clk", 1, false},
                                     {"i_rst_n", 1, false},
                                     {"i_en", 1, false},
                                     {"act_i", 8, true},
                                     {"weight_i", 8, true},
                                     {"acc_in", 24, true}},
                                    {{"o_acc", 24, true}, {"overflow", 1, false}});
    EXPECT_EQ(ports.clock, "i_clk");
    EXPECT_EQ(ports.clear, "i_rst_n");
    EXPECT_TRUE(ports.clear_low);
    EXPECT_EQ(ports.enable, "i_en");
    EXPECT_EQ(ports.init, "acc_in");
    EXPECT_EQ(ports.a, "act_i");
    EXPECT_EQ(ports.b, "weight_i");
    EXPECT_EQ(ports.y, "o_acc");

    Request given;
    given.clock_port = "tick";
    given.clear_port = "zap";
    given.a_port = "p";
    const MacPorts named =
        ports_of({{"tick", 1, false}, {"zap", 1, false}, {"q", 4, false}, {"p", 4, false}}, {{"r", 9, false}}, given);
    EXPECT_EQ(named.a, "p");
    EXPECT_EQ(named.b, "q");
    EXPECT_EQ(named.enable, "");
    EXPECT_FALSE(named.clear_low);
    EXPECT_THAT(input_error([&] {
                    ports_of(
                        {{"clk", 1, false}, {"rst", 1, false}, {"clr", 1, false}, {"a", 4, false}, {"b", 4, false}},
                        {{"y", 9, false}});
                }),
                HasSubstr("--clear could be rst or clr"));
}

}  // namespace
}  // namespace concrete::gen

#include "gen/elaborate.h"

#include <gmock/gmock.h>

#include "gen/testing.h"

namespace concrete::gen {
namespace {

using gen::testing::input_error;
using gen::testing::sources_of;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr const char* kPorts = "module t(input [7:0] a, input [7:0] b, output reg [15:0] y);\n";

/// A module t with the usual ports; `body` starts on line 2.
sim::Sources body(const std::string& text) {
    return sources_of(kPorts + text + "\nendmodule\n");
}

TEST(Elaborate, FindsPortsInOrderWithWidthAndSign) {
    const Design design = elaborate(sources_of(R"(
        package p; typedef struct packed {logic [3:0] h; logic signed [2:0] l;} s_t;
                   typedef enum logic [2:0] {q = 1} e_t; endpackage
        module t #(parameter W = 5) (input p::s_t a, input p::e_t b, input bit [1:0][3:0] c, input int d, input wire e,
            input [0:6] f, input logic signed [W - 1:0] g, output wire [8:1] y);
          assign y = {1'b0, a} ^ {5'b0, b} ^ c ^ d[7:0] ^ {7'b0, e} ^ {1'b0, f} ^ {2'b0, g};
        endmodule)",
                                               {{"W", "6"}}));
    const std::vector<sim::Port> inputs{{"a", 7, false}, {"b", 3, false}, {"c", 8, false}, {"d", 32, true},
                                        {"e", 1, false}, {"f", 7, false}, {"g", 6, true}};
    EXPECT_EQ(design.inputs, inputs);
    EXPECT_EQ(design.outputs, (std::vector<sim::Port>{{"y", 8, false}}));
    EXPECT_TRUE(design.has_signed_ports);
    EXPECT_FALSE(elaborate(body("assign y = a * b;")).has_signed_ports);
}

TEST(Elaborate, AcceptsTheCombinationalLanguage) {
    EXPECT_NO_THROW(elaborate(sources_of(R"(
        package pk;
          typedef enum logic [1:0] {A = 0, B = 1, C = 2} e_t;
          typedef struct packed {logic [3:0] hi; logic [3:0] lo;} s_t;
          typedef union packed {logic [7:0] all; s_t parts;} u_t;
          function automatic logic [7:0] rev(input logic [7:0] x);
            for (int i = 0; i < 8; i++) rev[i] = x[7 - i];
          endfunction
        endpackage
        module fa(input a, b, c, output s, co); assign {co, s} = a + b + c; endmodule
        module prim(input a, b, output y); wire t; and g1(t, a, b); not (y, t); endmodule
        module t import pk::*; #(parameter W = 8, parameter signed [7:0] K = -3, parameter MODE = "fast")
            (input wire signed [W-1:0] a, input logic signed [W-1:0] b, output reg signed [2*W-1:0] y);
          s_t s; e_t e; u_t u; assign s = a; assign u.all = b;
          logic [7:0] r; assign r = rev(b);
          wire [W:0] c; wire [W-1:0] sm; assign c[0] = 0;
          genvar i;
          generate for (i = 0; i < W; i = i + 1) begin : g
            fa u(.a(a[i]), .b(b[i]), .c(c[i]), .s(sm[i]), .co(c[i+1]));
          end endgenerate
          wire pz; prim pr(.a(a[0]), .b(b[0]), .y(pz));
          reg [7:0] tab [0:3];
          integer k; reg [15:0] acc, more; localparam [7:0] T [0:1] = '{8'd3, 8'd9};
          function [3:0] f; input [3:0] x; begin case (x) 4'd0: f = 1; default: f = x << 1; endcase end endfunction
          task tk(input [3:0] q, output [3:0] w); w = q ^ 4'h3; endtask
          reg [3:0] tw;
          wire [15:0] constant = 16'd3;
          always @* begin
            acc = 0;
            for (k = 0; k < W; k = k + 1) if (b[k]) acc = acc + (a <<< k);
            tab[0] = a; tab[1] = b; tab[2] = ~a; tab[3] = a - b;
            tk(a[3:0], tw);
          end
          always_comb begin
            automatic int n = 0;
            more = constant + {<<{r}};
            foreach (a[j]) begin if (n > 3) break; n += a[j] ? 1 : 0; end
            more += n + $countones(a) + $onehot(b) + (b inside {[1:3], 9}) + (a ** 2) + (b >>> 1) + (b == 0 ? 0 : a / 3);
          end
          always_comb begin
            unique case (e)
              A: y = acc;
              B: y = $signed(s.hi) * $signed(s.lo) + r + u.parts.lo;
              default: y = {sm, tab[a[1:0]]} + T[a[0]] + f(a[3:0]) + {15'b0, pz} + tw + $clog2(W) + $bits(a) + more;
            endcase
          end
          always_comb casez (a[3:0]) 4'b1???: e = A; 4'b01??: e = B; default: e = C; endcase
          if (MODE == "slow") initial $error("not this branch");
        endmodule)")));
    EXPECT_NO_THROW(elaborate(body("always @(a or b) y = a * b;")));
    EXPECT_NO_THROW(
        elaborate(body("reg [15:0] p; integer i; always @(a, b) begin p = 0;\n"
                       "for (i = 0; i < 8; i = i + 1) p = p + (a[i] ? b << i : 0); y = p; end")));
    EXPECT_NO_THROW(elaborate(body("assign #2 y = a * b;"))) << "delays of gates mean nothing to a table";
    EXPECT_NO_THROW(elaborate(body("wire z, w; assign z = 1'b0; and gate123(w, a[0], z); assign y = a * b + w;")))
        << "a constant gate whose name is as long as the word initial";
}

TEST(Elaborate, RefusesWhatReachesOutside) {
    const std::pair<const char*, const char*> cases[] = {
        {"always @* begin y = a; $system(\"true\"); end", "t.sv:2: $system is refused"},
        {"always @* begin y = a; $c(\"exit(1);\"); end", "t.sv:2: $c is refused"},
        {"assign y = a + $c16(\"exit(1)\");", "t.sv:2: $c is refused"},
        {"integer f; always @* begin f = $fopen(\"x\"); y = a; end", "$fopen is refused"},
        {"reg [7:0] m [0:3]; initial $readmemh(\"/etc/passwd\", m); always @* y = m[a[1:0]];",
         "t.sv:2: has an initial block"},
        {"reg [7:0] m [0:3]; always @* begin $readmemh(\"x\", m); y = m[a[1:0]]; end",
         "$readmemh or $readmemb is refused"},
        {"reg [7:0] m [0:3]; always @* begin $writememh(\"x\", m); y = a; end", "$writememh or $writememb is refused"},
        {"import \"DPI-C\" function int system(input string x); assign y = a;", "t.sv:2: a DPI import or export"},
        {"export \"DPI-C\" function g; function int g(input int x); g = x; endfunction assign y = a;", "DPI"},
        {"always @* begin y = a; $display(\"x\"); end", "$display, $write, $error or the like is refused"},
        {"always @* begin y = a; $finish; end", "$finish is refused"},
        {"always @* begin y = a; $stop; end", "$stop or $fatal is refused"},
        {"assign y = $random;", "$random or $urandom is refused"},
        {"assign y = $time;", "$time is refused"},
        {"assign y = a + $test$plusargs(\"x\");", "$test$plusargs is refused"},
        {"`systemc_header\n#include <x>\n`verilog\nassign y = a;", "t.sv:2: a `systemc_ block"},
        {"`define B `systemc_implementation\n`B\nint x;\n`verilog\nassign y = a;", "t.sv:2: a `systemc_ block"},
        {"`define P(x) `systemc_``x\n`P(header)\n#include <x>\n`verilog\nassign y = a;", "a `systemc_ block"},
        {"assign y = a;\nwire \\x/* ;\n`systemc_header\n#include <x>\n`verilog\n/* */", "a `systemc_ block"},
        {"`verilator_config\nlint_off\n`verilog\nassign y = a;", "t.sv:2: a `verilator_config block"},
        {"class C; int x; endclass C c; always @* begin c = new; y = c.x; end", "a class is refused"},
        {"string s; always @* begin s = \"a\"; y = s.len(); end", "'s' is of type string, expected bits"},
    };
    for (const auto& [text, expected] : cases)
        EXPECT_THAT(input_error([&text = text] { elaborate(body(text)); }), HasSubstr(expected)) << text;
}

TEST(Elaborate, NeverShowsTextOfOtherFiles) {
    // Every scan is passed by, and still nothing of the file is shown.
    sim::Sources sources = body("assign y = a;\nwire \\x/* ;\n`include \"/etc/passwd\"\n/* */");
    EXPECT_THAT(input_error([&] { elaborate(sources); }),
                AllOf(HasSubstr("elsewhere"), ::testing::Not(HasSubstr("root"))));
}

TEST(Elaborate, RefusesWhatIsNotCombinational) {
    const std::pair<const char*, const char*> cases[] = {
        {"always @(posedge a[0]) y <= b;", "t.sv:2: has a clocked process"},
        {"always_ff @(negedge a[0]) y <= b;", "t.sv:2: has a clocked process"},
        {"always @* if (a[0]) y = b;", "t.sv:2: Latch inferred for signal 'y'"},
        {"always_latch if (a[0]) y = b;", "t.sv:2: always_latch"},
        {"always @(a) y = a * b;", "t.sv:2: the sensitivity list lacks 'b'"},
        {"reg q; initial q = 0; always @* y = a + q;", "t.sv:2: has an initial block"},
        {"`define I initial q=0;\nreg q;\n`I\nalways @* y = a + q;", "t.sv:4: has an initial block"},
        {"reg q = 1; always @* y = a + q;", "t.sv:2: a variable with an initial value"},
        {"always @* begin #5 y = a; end", "t.sv:2: a delay inside a process is refused"},
        {"assign y = a[0] ? b : 16'bz;", "t.sv:2: has a high-impedance value"},
        {"assign y[14:0] = a * b;", "t.sv:1: output is not driven: Bits of signal are not driven: 'y'[15]"},
        {"", "t.sv:1: output is not driven: Signal is not driven: 'y'"},
        {"assign y = a; assign y = b;", "multiple combinational drivers"},
        {"always @* y = a; always @* y = b;", "multiple combinational drivers"},
        {"real r; always @* begin r = a * 1.5; y = $rtoi(r); end", "t.sv:2: 'r' is of type real, expected bits"},
    };
    for (const auto& [text, expected] : cases)
        EXPECT_THAT(input_error([&text = text] { elaborate(body(text)); }), HasSubstr(expected)) << text;
}

TEST(Elaborate, RefusesWhatDoesNotFitTogether) {
    const std::string inner = "module s(input [3:0] x, output [3:0] z); assign z = x; endmodule\n";
    const std::pair<std::string, const char*> cases[] = {
        {"asign y = a * b;", "t.sv:2: syntax error"},
        {"s u(.x(a));", "t.sv:2: Cannot find file containing module: 's'"},
        {"wire [3:0] q; s u(.x(a), .z(q)); assign y = q; endmodule\n" + inner + "module unused;",
         "t.sv:2: Input port connection 'x' expects 4 bits"},
        {"wire [3:0] q; s u(.z(q)); assign y = q; endmodule\n" + inner + "module unused;",
         "t.sv:2: Cell has missing pin: 'x'"},
        {"wire [3:0] q; s u(.x(a[3:0]), .w(q)); assign y = q; endmodule\n" + inner + "module unused;",
         "Pin not found: 'w'"},
        {"assign y = c;", "t.sv:2: Can't find definition of variable: 'c'"},
        {"if (1) $error(\"W is too small\"); assign y = a;", "t.sv:2: the design itself reports: W is too small"},
    };
    for (const auto& [text, expected] : cases)
        EXPECT_THAT(input_error([&text = text] { elaborate(body(text)); }), HasSubstr(expected)) << text;
    EXPECT_THAT(input_error([&] {
                    elaborate(sources_of(kPorts + std::string("assign y = a; endmodule"), {{"Q", "3"}}));
                }),
                HasSubstr("Q"));
    EXPECT_THAT(input_error([&] { elaborate(sources_of("module other(input a, output y); assign y = a; endmodule")); }),
                HasSubstr("'t'"));
}

// Cell models and netlists as they are published: what means nothing to settled values is passed over.
TEST(Elaborate, AcceptsCellModels) {
    const Design design = elaborate(sources_of(R"(
`timescale 1ns / 10ps
`celldefine
module INVX1 (A, Y);
  input A; output Y;
  not #(0.1, 0.2) (Y, A);
  specify
    specparam t = 1;
    (A => Y) = (0.1:0.2:0.3, 0.2);
    if (A) (A *> Y) = 1;
  endspecify
endmodule
`endcelldefine
module t (a, b, y);
  input [1:0] a, b; output [3:0] y;
  supply0 gnd; supply1 vdd; tri n, z;
  INVX1 \i/0 (a[0], n);
  assign (strong1, pull0) z = n;
  and #(1, 2) (y[0], z, vdd), (y[1], n, gnd);
  or #3 g[1:0] (y[3:2], a, b);
endmodule)"));
    EXPECT_EQ(design.inputs.size(), 2u);
    EXPECT_THAT(design.doubts, ::testing::IsEmpty());
}

TEST(Elaborate, RefusesGatesThatNoOperatorHas) {
    const std::pair<const char*, const char*> cases[] = {
        {"bufif1 g(y[0], a[0], b[0]); assign y[15:1] = 0;", "t.sv:2: a tri-state driver (bufif1, notif1 or the like)"},
        {"notif0 g(y[0], a[0], b[0]); assign y[15:1] = 0;", "t.sv:2: a tri-state driver"},
        {"pullup g(y[0]); assign y[15:1] = 0;", "t.sv:2: a pull-up or pull-down"},
        {"tranif1 g(y[0], a[0], b[0]); assign y[15:1] = 0;",
         "t.sv:2: the switch-level primitive tranif1 is refused: write it with and, or, not or an assign"},
        {"and g(y[0], a[0]); assign y[14:1] = 0;", "'y'[15]"},
        {"p u(y[0], a[0], b[0]); assign y[15:1] = 0; endmodule primitive p(y, a, b); output y; input a, b;\n"
         "table 1 1 : 1; 0 ? : 0; ? 0 : 0; endtable endprimitive module unused;",
         "a user-defined primitive (write it as a module with an assign) is refused"},
    };
    for (const auto& [text, expected] : cases)
        EXPECT_THAT(input_error([&text = text] { elaborate(body(text)); }), HasSubstr(expected)) << text;
    EXPECT_THAT(input_error([] {
                    elaborate(
                        sources_of("interface bus; logic d; endinterface\n"
                                   "module t(bus i, input [1:0] a, output y); assign y = a[0]; endmodule"));
                }),
                HasSubstr("t.sv:2: a port of the top module is an interface"));
}

TEST(Elaborate, RefusesPortsItCannotDrive) {
    EXPECT_THAT(
        input_error([] { elaborate(sources_of("module t(input [7:0] a, inout [7:0] y); assign y = a; endmodule")); }),
        HasSubstr("t.sv:1: port 'y' is in-out"));
    EXPECT_THAT(
        input_error([] { elaborate(sources_of("module t(input [64:0] a, output y); assign y = a[0]; endmodule")); }),
        HasSubstr("t.sv:1: port 'a' has 65 bits, at most 64"));
    EXPECT_THAT(input_error([] {
                    elaborate(sources_of("module t(input [1:0] a [1:0], output y); assign y = a[0][0]; endmodule"));
                }),
                HasSubstr("port 'a' is not a vector of bits"));
}

TEST(Elaborate, AllowsClocksButNothingElseInClockedCircuits) {
    const std::string ports = "module t(input clk, input [7:0] d, output reg [7:0] q);\n";
    EXPECT_NO_THROW(elaborate(sources_of(ports + "always @(posedge clk) q <= d; endmodule"), CircuitKind::clocked));
    EXPECT_THAT(input_error([&] {
                    elaborate(sources_of(ports + "always @(posedge clk) begin q <= d; $display(\"x\"); end endmodule"),
                              CircuitKind::clocked);
                }),
                HasSubstr("$display"));
}

TEST(Elaborate, KeepsDoubtsThatMayBeHarmless) {
    const Design ripple =
        elaborate(body("wire [8:0] c; assign c[0] = 0; genvar i;\n"
                       "generate for (i = 0; i < 8; i = i + 1) assign c[i+1] = c[i] ^ a[i]; endgenerate\n"
                       "assign y = c ^ b;"));
    ASSERT_EQ(ripple.doubts.size(), 1u) << "bits of a carry chain look circular to Verilator";
    EXPECT_THAT(ripple.doubts[0], AllOf(HasSubstr("t.sv:2: "), HasSubstr("t.c")));
    EXPECT_THAT(elaborate(body("wire q; assign y = a + q;")).doubts,
                ::testing::ElementsAre(HasSubstr("not driven: 'q'")));
}

TEST(Elaborate, EndsWithoutAnEndInTheDesign) {
    EXPECT_THAT(input_error([] {
                    elaborate(
                        body("function integer f(input integer x); begin f = 0; while (1) f = f + 1; end endfunction\n"
                             "localparam K = f(1); assign y = a + K;"));
                }),
                HasSubstr("t.sv:"));
}

}  // namespace
}  // namespace concrete::gen

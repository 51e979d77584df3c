#include "gen/synthesis.h"

#include <functional>
#include <gtest/gtest.h>

#include "gen/testing.h"

namespace concrete::gen {
namespace {

using testing::input_error;
using testing::operator_of;

/// Evaluates a synthesized operator on all pairs of raw codes; ports of at most 6 bits in all.
void expect_function(const sim::Operator& op, const sim::Netlist& netlist,
                     const std::function<uint64_t(uint64_t, uint64_t)>& wanted) {
    ASSERT_EQ(sim::netlist_problem(netlist), std::nullopt);
    ASSERT_EQ(netlist.inputs, static_cast<uint32_t>(op.a.bits + op.b.bits));
    ASSERT_EQ(netlist.outputs.size(), static_cast<size_t>(op.y.bits));
    for (uint64_t a = 0; a < uint64_t{1} << op.a.bits; ++a) {
        for (uint64_t b = 0; b < uint64_t{1} << op.b.bits; ++b) {
            std::vector<uint64_t> inputs;
            for (int i = 0; i < op.a.bits; ++i) inputs.push_back(a >> i & 1);
            for (int i = 0; i < op.b.bits; ++i) inputs.push_back(b >> i & 1);
            const std::vector<uint64_t> outputs = sim::evaluate64(netlist, inputs);
            uint64_t y = 0;
            for (int i = 0; i < op.y.bits; ++i) y |= (outputs[static_cast<size_t>(i)] & 1) << i;
            ASSERT_EQ(y, sim::encode(static_cast<int64_t>(wanted(a, b)), op.y.bits)) << a << ", " << b;
        }
    }
}

std::string refusal(const std::string& text) {
    const sim::Operator op = operator_of("t", text, 2, 2, 2);
    EXPECT_THROW(synthesize(op), SynthesisRefused);
    return input_error([&] { synthesize(op); });
}

TEST(Synthesize, MakesTheCircuitOfTheVerilog) {
    const sim::Operator op = operator_of(
        "t",
        "module t(input signed [2:0] b, output signed [5:0] y, input signed [1:0] a); assign y = a * b - 1; endmodule",
        2, 3, 6, true);
    const Synthesis made = synthesize(op);
    const auto wanted = [](uint64_t a, uint64_t b) {
        return static_cast<uint64_t>(sim::decode(a, 2, true) * sim::decode(b, 3, true) - 1);
    };
    expect_function(op, made.netlist, wanted);
    EXPECT_GT(made.netlist.nodes.size(), 5u);
    EXPECT_GE(made.gates, static_cast<double>(made.netlist.nodes.size()));
    EXPECT_TRUE(made.source_aiger.starts_with("aig "));
    const Synthesis again = synthesize(op);
    EXPECT_EQ(again.netlist, made.netlist);
    EXPECT_EQ(again.source_aiger, made.source_aiger);
}

TEST(Synthesize, TakesParametersDefinesIncludesAndOddPorts) {
    sim::Operator op;
    op.name = "t";
    op.a = {"x", 2, false};
    op.b = {"s", 1, false};
    op.y = {"sum", 4, false};
    op.sources.files = {{"main.v",
                         "`include \"inc/k.vh\"\nmodule t #(parameter signed N = 0, parameter [3:0] M = 0, "
                         "parameter S = \"\") (output [3:0] sum, input s, input [1:0] x);\n"
                         "assign sum = (S == \"yes\" ? x : ~x) + s + (N < 0 ? M : 0) + `K + `D;\nendmodule\n",
                         false},
                        {"inc/k.vh", "`define K `E\n", true},
                        {"_include0/e.vh", "", true}};
    op.sources.top = "t";
    op.sources.parameters = {{"N", "-3"}, {"M", "4'hb"}, {"S", "\"yes\""}};
    op.sources.defines = {"D=4'd2 + 1", "E=4'd4", "F"};
    const auto wanted = [](uint64_t a, uint64_t b) { return a + b + 11 + 4 + 3; };
    expect_function(op, synthesize(op).netlist, wanted);
}

TEST(Synthesize, TakesCarryChainsWrittenAsVectors) {
    const sim::Operator op = operator_of("t",
                                         "module t(input [2:0] a, input [2:0] b, output [3:0] y); wire [3:0] c;\n"
                                         "assign c = {(a & b) | (c[2:0] & (a ^ b)), 1'b0};\n"
                                         "assign y = {c[3], a ^ b ^ c[2:0]}; endmodule",
                                         3, 3, 4);
    const Synthesis made = synthesize(op);
    expect_function(op, made.netlist, [](uint64_t a, uint64_t b) { return a + b; });
    EXPECT_EQ(made.netlist.nodes.size(), 6u);
}

TEST(Synthesize, TakesModulesNamedLikeItsWrapper) {
    sim::Operator op =
        operator_of("t",
                    "module concrete_synthesis_wrapper_(input p, q, output r); assign r = p & q; endmodule\n"
                    "module concrete_synthesis_wrapper(input [1:0] a, b, output [1:0] y);\n"
                    "concrete_synthesis_wrapper_ n[1:0] (a, b, y); endmodule",
                    2, 2, 2);
    op.sources.top = "concrete_synthesis_wrapper";
    expect_function(op, synthesize(op).netlist, [](uint64_t a, uint64_t b) { return a & b; });
}

TEST(Synthesize, KeepsYosysFromReachingOutside) {
    const std::string ports = "module t(input [1:0] a, input [1:0] b, output [1:0] y);\n", body = "assign y = a & b;\n";
    // Verilator drops a module that nobody uses; Yosys reads its memory file before it does.
    const std::string unused =
        "endmodule\nmodule u(output [7:0] y);\nreg [7:0] m [0:0];\n"
        "initial $readmemh(\"/proc/version\", m);\nassign y = m[0];\nendmodule\n";
    EXPECT_EQ(refusal(ports + body + unused),
              "$readmem is not passed to Yosys: Verilog may not reach outside the simulation");
    // What looks like a comment ends an escaped name.
    const std::string hidden =
        "wire \\x/* ;\nimport \"DPI-C\" function integer getpid();\nlocalparam integer P = getpid();\n/* */\n";
    EXPECT_EQ(input_error([&] { synthesize(operator_of("t", ports + hidden + body + "endmodule\n", 2, 2, 2)); }),
              "t.sv:3: a DPI import or export, which calls C functions is refused: Verilog may not reach outside the "
              "simulation");
}

TEST(Synthesize, ReadsTheBranchesThatAreSimulated) {
    const std::string text =
        "module t(input a, input b, output y);\n`ifdef YOSYS\nassign y = a | b;\n`elsif SYNTHESIS\n"
        "assign y = a ^ b;\n`else\nassign y = a & b;\n`endif\nendmodule\n";
    const sim::Netlist netlist = synthesize(operator_of("t", text, 1, 1, 1)).netlist;
    EXPECT_EQ(sim::evaluate64(netlist, std::vector<uint64_t>{0b0011, 0b0101}).at(0) & 15, 0b0001u);
}

TEST(Synthesize, NamesTheLineOfAFileWithBlanks) {
    sim::Operator op = operator_of("t", "", 2, 2, 2);
    op.sources.files = {
        {"my mul.v", "`define W \\\n  2\nmodule t(input [1:0] a, b, output [`W-1:0] y);\nassign y = a +;\n", false}};
    EXPECT_EQ(input_error([&] { synthesize(op); }), "Yosys refuses it: my_mul.v:4: syntax error, unexpected ';'");
}

TEST(Synthesize, SaysWhatYosysRefuses) {
    const std::string ports = "module t(input [1:0] a, input [1:0] b, output [1:0] y);\n";
    EXPECT_EQ(refusal(ports + "assign y = a +;\nendmodule"), "Yosys refuses it: t.sv:2: syntax error, unexpected ';'");
    EXPECT_NE(refusal(ports + "foo f(a, b, y);\nendmodule").find("`\\foo' referenced in module `\\t'"),
              std::string::npos);
    EXPECT_NE(refusal(ports + "wire z;\nassign y = {z, a[0] & b[0]};\nendmodule").find("is used but has no driver"),
              std::string::npos);
    EXPECT_NE(refusal(ports + "assign y = {y[0] ^ a[0], y[1] & b[0]};\nendmodule").find("found logic loop"),
              std::string::npos);
    EXPECT_NE(refusal("module t(input [1:0] a, input [1:0] b, output reg [1:0] y);\n"
                      "always @* if (a[0]) y = b;\nendmodule")
                  .find("Yosys finds a latch, flip-flop or memory"),
              std::string::npos);
    EXPECT_NE(refusal("module t(input [1:0] a, input [1:0] b, output reg [1:0] y);\n"
                      "always @(posedge a[0]) y <= b;\nendmodule")
                  .find("Yosys finds a latch, flip-flop or memory"),
              std::string::npos);
    sim::Operator mac = operator_of("t", "module t; endmodule", 2, 2, 2);
    mac.kind = sim::OperatorKind::mac;
    EXPECT_EQ(input_error([&] { synthesize(mac); }), "t: a MAC unit is clocked, expected a multiplier or adder");
}

}  // namespace
}  // namespace concrete::gen

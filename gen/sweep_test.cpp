#include "gen/sweep.h"

#include <gmock/gmock.h>
#include <random>

#include "gen/sweep_driver.h"
#include "gen/testing.h"

namespace concrete::gen {
namespace {

using gen::testing::input_error;
using gen::testing::operator_of;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr const char* kPorts4 = "module t(input [3:0] a, input [3:0] b, output reg [7:0] y);\n";

sim::Operator circuit(const std::string& body) {
    return operator_of("circuit", kPorts4 + body + "\nendmodule\n", 4, 4, 8);
}

std::vector<uint32_t> swept(const sim::Operator& op, int threads = 1) {
    return RtlOperators({&op, 1}, threads).sweep(0);
}

TEST(Sweep, EqualsArithmeticOnAllPairsOfUnequalPorts) {
    // y is not symmetric and not 0 at (0, 0), so that swapped operands and skipped pairs show.
    const sim::Operator op = operator_of(
        "odd", "module t(input [4:0] a, input [2:0] b, output [9:0] y); assign y = 3 * a + 40 * b + 7; endmodule", 5, 3,
        10);
    const std::vector<uint32_t> y = swept(op);
    ASSERT_EQ(y.size(), 256u);
    for (uint32_t a = 0; a < 32; ++a)
        for (uint32_t b = 0; b < 8; ++b) ASSERT_EQ(y[a * 8 + b], 3 * a + 40 * b + 7) << a << ' ' << b;
}

TEST(Sweep, TakesSignedPortsAsPatterns) {
    const sim::Operator op =
        operator_of("signed", "module t(input signed [3:0] a, b, output signed [7:0] y); assign y = a * b; endmodule",
                    4, 4, 8, true);
    const std::vector<uint32_t> y = swept(op);
    for (int a = -8; a < 8; ++a)
        for (int b = -8; b < 8; ++b)
            ASSERT_EQ(y[sim::encode(a, 4) * 16 + sim::encode(b, 4)], sim::encode(int64_t{a} * b, 8)) << a << ' ' << b;
}

TEST(Sweep, SeparatesOperatorsWithCollidingModuleNames) {
    // Same top, same inner module, same file name; different content, widths and parameters.
    std::vector<sim::Operator> operators;
    for (int k = 0; k < 5; ++k) {
        const std::string inner =
            "module inner(input [3:0] x, output [3:0] z); assign z = x ^ " + std::to_string(k) + "; endmodule\n";
        operators.push_back(
            operator_of("op" + std::to_string(k),
                        inner + "module t #(parameter P = 0)(input [3:0] a, b, output [7:0] y); wire [3:0] z;\n"
                                "inner u(a, z); assign y = {z, b} + P; endmodule",
                        4, 4, 8));
        operators.back().sources.parameters = {{"P", std::to_string(10 * k)}};
    }
    for (const int threads : {1, 2}) {
        const RtlOperators rtl(operators, threads);
        for (size_t k = 0; k < operators.size(); ++k) {
            const std::vector<uint32_t> y = rtl.sweep(k);
            for (uint32_t a = 0; a < 16; ++a)
                for (uint32_t b = 0; b < 16; ++b) ASSERT_EQ(y[a * 16 + b], (((a ^ k) << 4 | b) + 10 * k) % 256);
        }
    }
}

TEST(Sweep, EvaluatesWidePorts) {
    const sim::Operator op = operator_of(
        "wide", "module t(input [63:0] a, input [32:0] b, output [63:0] y); assign y = a - b; endmodule", 64, 33, 64);
    const RtlOperators rtl({&op, 1}, 1);
    std::mt19937_64 random(5);
    std::vector<uint64_t> a{0, 0, ~uint64_t{0}, 0}, b{0, 1, 0, (uint64_t{1} << 33) - 1};
    for (int k = 0; k < 70000; ++k) {  // more than one chunk of the driver
        a.push_back(random());
        b.push_back(random() >> 31);
    }
    const std::vector<uint64_t> y = rtl.evaluate(0, a, b);
    ASSERT_EQ(y.size(), a.size());
    for (size_t k = 0; k < a.size(); ++k) ASSERT_EQ(y[k], a[k] - b[k]);
    EXPECT_TRUE(rtl.evaluate(0, {}, {}).empty());
    EXPECT_THROW(rtl.sweep(0), RangeError);
    EXPECT_THAT(
        input_error([&] { rtl.evaluate(0, std::vector<uint64_t>{0}, std::vector<uint64_t>{uint64_t{1} << 33}); }),
        HasSubstr("operand 0x200000000 does not fit port 'b' of 33 bits"));
}

TEST(Sweep, DoesNotDependOnThreads) {
    const sim::Operator op = operator_of(
        "ten", "module t(input [9:0] a, b, output [19:0] y); assign y = a * b + (a ^ 5) + 1; endmodule", 10, 10, 20);
    const std::vector<uint32_t> y = swept(op, 1);
    ASSERT_EQ(y.size(), 1u << 20);
    EXPECT_EQ(y, swept(op, 2));
    EXPECT_EQ(y[(1023 << 10) | 1022], (1023u * 1022 + (1023 ^ 5) + 1) & 0xfffff);
    const std::vector<uint64_t> rows = RtlOperators({&op, 1}, 2).sweep_range(0, 700 << 10, 3 << 10);
    ASSERT_EQ(rows.size(), 3u << 10);
    for (size_t k = 0; k < rows.size(); ++k) ASSERT_EQ(rows[k], y[(700 << 10) + k]);
    EXPECT_THROW(RtlOperators({&op, 1}, 1).sweep_range(0, 1023 << 10, 2 << 10), RangeError);
}

TEST(Sweep, AcceptsSensitivityLists) {
    const std::vector<uint32_t> y = swept(circuit("always @(a or b) y = ~(a * b);"));
    for (uint32_t i = 0; i < 256; ++i) ASSERT_EQ(y[i], ~((i >> 4) * (i & 15)) & 0xff);
}

TEST(Sweep, FindsUnknownAndRememberedValues) {
    const std::pair<const char*, const char*> cases[] = {
        {"always @* case (a) 0: y = 0; 1: y = b; 5: y = 8'bx; default: y = 1; endcase", "a=0x5 b=0x0: 0x0 or 0xff"},
        {"assign y = a[0] ? 16'bx : b;", "doubtful: t.sv:2: an unknown value (x)"},
        {"wire q, n; nand (q, a[0], n), (n, b[0], q); assign y = q;",
         "doubtful: t.sv:2: Signal unoptimizable: Circular combinational logic"},
        {"wire q; assign y = a + q;", "doubtful: t.sv:2: Signal is not driven: 'q'"},
        {"/*verilator lint_off LATCH*/ reg [3:0] q; always @* begin if (a[0]) q = b; y = q; end", "depends on unknown"},
        {"wire q, n; assign q = ~(a[0] | n); assign n = ~(b[0] | q); assign y = q;", "depends on unknown"},
        {"reg [7:0] m [0:2]; always @* begin m[0] = a; m[1] = b; m[2] = 9; y = m[a[1:0]]; end", "a=0x3"},
        {"function [7:0] f(input [3:0] x); f = x + b; endfunction\nalways @(a) y = f(a);", "depends on unknown"},
    };
    for (const auto& [text, expected] : cases)
        EXPECT_THAT(input_error([&text = text] { swept(circuit(text)); }),
                    AllOf(HasSubstr("circuit: "), HasSubstr(expected)))
            << text;
    // An unknown value that reaches no output is in order.
    EXPECT_NO_THROW(swept(circuit("wire q; assign y = a + (q & 1'b0);")));
}

TEST(Sweep, EndsLoops) {
    EXPECT_THAT(input_error([] { swept(circuit("wire q; assign q = ~(q & a[0]); assign y = b + q;")); }),
                AllOf(HasSubstr("circuit: a combinational loop does not settle"), HasSubstr("t.sv:2")));
}

TEST(Sweep, RefusesOperatorsWhoseVerilogHasOtherPorts) {
    sim::Operator op = circuit("assign y = a + b;");
    op.y.bits = 9;
    EXPECT_THAT(input_error([&] { swept(op); }), HasSubstr("circuit: module 't' has no port 'y' of 9 bits"));
    op = circuit("assign y = a + b;");
    op.b.name = "a";
    EXPECT_THAT(input_error([&] { swept(op); }), HasSubstr("expected two and one"));
    EXPECT_THAT(input_error([] { swept(circuit("always @* begin y = a; $system(\"true\"); end")); }),
                HasSubstr("$system"));
}

// A module of the name of the wrapper was built instead of it, without having been looked at.
TEST(Sweep, BuildsWhatWasChecked) {
    const std::string hostile =
        "module concrete_operator_wrapper(input wire [3:0] a, input wire [3:0] b, output wire "
        "[7:0] y); assign y = 8'd99; initial $system(\"true\"); endmodule\n";
    EXPECT_EQ(swept(operator_of("circuit", hostile + kPorts4 + "assign y = a + b; endmodule", 4, 4, 8))[2 * 16 + 3],
              5u);
    const sim::Operator op = circuit("assign y = a + b;");
    const detail::Model model = detail::wrapped_model(op, "V0");
    EXPECT_THAT(model.sources.top, ::testing::MatchesRegex("concrete_operator_[0-9a-f]+"));
    sim::Operator other = op;
    other.sources.files[0].text += "module " + model.sources.top + "; endmodule\n";
    EXPECT_NE(detail::wrapped_model(other, "V0").sources.top, model.sources.top);
}

TEST(Sweep, RefusesTwoModulesOfOneName) {
    const std::string text = std::string(kPorts4) + "assign y = a + b; endmodule\n";
    EXPECT_THAT(input_error([&] { swept(operator_of("circuit", text + text, 4, 4, 8)); }),
                AllOf(HasSubstr("t.sv:"), HasSubstr("'t'")));
}

TEST(Sweep, TakesParametersAsTheyWereChecked) {
    const std::string text =
        "module t #(parameter P = 0)(input [3:0] a, input [3:0] b, output [7:0] y);\n"
        "generate if (P == 10) assign y = a; else assign y = b; endgenerate endmodule\n";
    sim::Operator op = operator_of("circuit", text, 4, 4, 8);
    for (const auto& [value, expected] : {std::pair{"10", 7u}, {"16'd010", 7u}, {"8", 2u}, {"-10", 2u}}) {
        op.sources.parameters = {{"P", value}};
        EXPECT_EQ(swept(op)[7 * 16 + 2], expected) << value;
    }
    op.sources.parameters = {{"P", "010"}};
    EXPECT_THAT(input_error([&] { swept(op); }), HasSubstr("the parameter 'P' = '010'"));
}

TEST(Sweep, KeepsIncludesParametersAndTimescales) {
    sim::Operator op =
        operator_of("parts",
                    "`timescale 1ns/1ps\n`default_nettype none\n`include \"inner/add.vh\"\n"
                    "module t #(parameter P = 0, parameter MODE = \"slow\")(input wire [3:0] a, input wire [3:0] b,\n"
                    "output wire [7:0] y);\n"
                    "generate if (MODE == \"fast mode\") assign y = `ADD(a, b) + P; endgenerate endmodule",
                    4, 4, 8);
    op.sources.files.push_back({"inner/add.vh", "`include \"nothing.vh\"\n`define ADD(x, y) (x + y + `EXTRA)\n", true});
    op.sources.files.push_back({"inner/nothing.vh", "", true});
    op.sources.parameters = {{"P", "8'h10"}, {"MODE", "\"fast mode\""}};
    op.sources.defines = {"EXTRA=3"};
    EXPECT_EQ(swept(op)[2 * 16 + 5], 2u + 5 + 3 + 16);
}

TEST(Sweep, AcceptsPortsWithNamesOfCpp) {
    sim::Operator op = operator_of("names",
                                   "module t(input [1:0] register, input [1:0] new, output [3:0] operator); assign "
                                   "operator = register * new; endmodule",
                                   2, 2, 4);
    op.sources.files[0].text =
        "module t(input [1:0] \\register , input [1:0] delete, output [3:0] y__x); assign y__x = register - delete; "
        "endmodule";
    op.a.name = "register";
    op.b.name = "delete";
    op.y.name = "y__x";
    EXPECT_EQ(swept(op)[3 * 4 + 1], 2u);
}

}  // namespace
}  // namespace concrete::gen

#include "gen/adapter.h"

#include <gmock/gmock.h>

#include "gen/sources.h"
#include "gen/sweep.h"
#include "gen/testing.h"
#include "sim/file.h"

namespace concrete::gen {
namespace {

namespace fs = std::filesystem;
using detail::group_bits;
using detail::PortGroup;
using gen::testing::input_error;
using sim::Port;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class AdapterTest : public ::testing::Test {
  protected:
    Circuit read(const std::string& text, const std::string& top,
                 const std::map<std::string, std::string>& parameters = {}, const std::string& name = "t.v") {
        write_file(folder_.path() / name, text);
        return read_circuit({folder_.path() / name}, top, parameters);
    }
    std::string error_of(const std::string& text, const std::string& top) {
        return input_error([&] { read(text, top); });
    }

    TemporaryFolder folder_;
};

/// "a=a0,a1 y=y"
std::string shown(const std::vector<PortGroup>& groups) {
    std::string text;
    for (const PortGroup& group : groups) {
        text += (text.empty() ? "" : " ") + group.name + "=";
        for (size_t i = 0; i < group.ports.size(); ++i) text += (i > 0 ? "," : "") + group.ports[i].name;
    }
    return text;
}

std::vector<Port> bits(const std::vector<std::string>& names) {
    std::vector<Port> ports;
    for (const std::string& name : names) ports.push_back({name, 1, false});
    return ports;
}

TEST(GroupBits, ByNameAndIndex) {
    EXPECT_EQ(shown(group_bits(bits({"a1", "b0", "a0", "b1"}))), "a=a0,a1 b=b0,b1");
    EXPECT_EQ(shown(group_bits(bits({"a[0]", "a[1]", "in1_0", "in1_1", "x_0_", "x_1_", "z<0>", "z<1>"}))),
              "a=a[0],a[1] in1=in1_0,in1_1 x=x_0_,x_1_ z=z<0>,z<1>");
    EXPECT_EQ(shown(group_bits(bits({"a1", "a2", "a3"}))), "a=a1,a2,a3") << "indices may begin with 1";
    EXPECT_EQ(shown(group_bits(bits({"a00", "a01", "a10", "a02", "a03", "a04", "a05", "a06", "a07", "a08", "a09"}))),
              "a=a00,a01,a02,a03,a04,a05,a06,a07,a08,a09,a10");
}

TEST(GroupBits, LeavesDoubtfulBitsAlone) {
    EXPECT_EQ(shown(group_bits(bits({"a0", "a2"}))), "a0=a0 a2=a2") << "a gap";
    EXPECT_EQ(shown(group_bits(bits({"a2", "a3"}))), "a2=a2 a3=a3") << "no bit 0 or 1";
    EXPECT_EQ(shown(group_bits(bits({"a0", "a[0]", "a1"}))), "a0=a0 a[0]=a[0] a1=a1") << "two bits 0";
    EXPECT_EQ(shown(group_bits({{"a0", 4, false}, {"a1", 4, false}, {"cin", 1, false}, {"0", 1, false}})),
              "a0=a0 a1=a1 cin=cin 0=0");
}

TEST_F(AdapterTest, LeavesPlainCircuitsAsTheyAre) {
    for (const char* top : {"t", "\\t ", "\\t"}) {
        const Circuit circuit = read("module t(input [3:0] A, B, output [7:0] O); assign O = A * B; endmodule", top);
        EXPECT_EQ(circuit.sources.top, "t");
        EXPECT_EQ(circuit.sources.files.size(), 1u);
        EXPECT_THAT(circuit.notes, IsEmpty());
    }
}

// As libraries of approximate circuits publish theirs: cells in the same file, non-ANSI ports, escaped names, delays,
// specify blocks, tabs, CRLF, letters beyond ASCII in comments, no line end at the end.
constexpr const char* kFlat =
    "// Bibliothek: gr\xc3\xb6\xc3\x9f"
    "te Abweichung 1\r\n/*\r\n * MAE % = 3.1\r\n */\r\n`timescale 1ns / 1ps\r\n`default_nettype none\r\n"
    "`celldefine\r\nmodule XOR2X1 (A, B, Y);\r\n\tinput A, B;\r\n\toutput Y;\r\n\txor #(0.3, 0.4) (Y, A, B);\r\n"
    "specify\r\n\t(A => Y) = (0.1, 0.2);\r\nendspecify\r\nendmodule\r\n`endcelldefine\r\n"
    "module \\add2-u.1 (\\a[1] , \\a[0] , b1, b0, \\O[0] , \\O[1] , \\O[2] );\r\n"
    "\tinput \\a[1] , \\a[0] , b1, b0;\r\n\toutput \\O[0] , \\O[1] , \\O[2] ;\r\n\twire \\n12 , \\n13/q , c;\r\n"
    "\tXOR2X1 \\u1.x (.A(\\a[0] ), .B(b0), .Y(\\O[0] ));\r\n\tnand #1 g2(\\n12 , \\a[0] , b0);\r\n"
    "\tnot (c, \\n12 );\r\n\txor (\\n13/q , \\a[1] , b1);\r\n\txor (\\O[1] , \\n13/q , c);\r\n"
    "\tbuf (\\O[2] , c);\r\nendmodule";

TEST_F(AdapterTest, PutsEscapedBitsTogether) {
    const Circuit circuit = read(kFlat, "\\add2-u.1 ");
    EXPECT_THAT(circuit.notes,
                ElementsAre("module 'add2-u.1': bits put together: a (2 bits: a[0] .. a[1]), b (2 bits: b0 .. b1), "
                            "O (3 bits: O[0] .. O[2])"));
    sim::Operator op;
    op.name = "add";
    op.a = {"a", 2, false};
    op.b = {"b", 2, false};
    op.y = {"O", 3, false};
    op.sources = circuit.sources;
    const std::vector<uint32_t> y = RtlOperators(std::span(&op, 1), 1).sweep(0);
    for (uint32_t a = 0; a < 4; ++a)
        for (uint32_t b = 0; b < 4; ++b) {
            const uint32_t carry = a & b & 1, low = (a ^ b) ^ (carry << 1);
            EXPECT_EQ(y[a * 4 + b], (low & 3) | (carry << 2)) << a << "," << b;
        }
}

TEST_F(AdapterTest, KeepsParametersAndSigns) {
    const Circuit circuit = read(
        "module \\mul! #(parameter W = 2, parameter M = \"x\") (input signed [W-1:0] \\a.in , \\b.in ,\n"
        "  output signed [2*W-1:0] \\bit ); assign \\bit = \\a.in * \\b.in ; endmodule",
        "mul!", {{"W", "5"}, {"M", "\"fast mode\""}});
    EXPECT_EQ(circuit.sources.parameters.at("W"), "5");
    const Design design = elaborate(circuit.sources);
    EXPECT_EQ(design.inputs, (std::vector<Port>{{"a_in", 5, true}, {"b_in", 5, true}}));
    EXPECT_EQ(design.outputs, (std::vector<Port>{{"bit_", 10, true}}));
    EXPECT_TRUE(design.has_signed_ports);
    EXPECT_THAT(circuit.notes, IsEmpty()) << "nothing was put together";
}

TEST_F(AdapterTest, PutsTheCarryAboveTheSum) {
    const Circuit circuit =
        read("module t(input [1:0] a, b, output c_out, s0, s1); assign {c_out, s1, s0} = a + b; endmodule", "t");
    const Design design = elaborate(circuit.sources);
    EXPECT_EQ(design.outputs, (std::vector<Port>{{"s", 3, false}}));
    EXPECT_THAT(circuit.sources.files.at(1).text, HasSubstr(".c_out(s[2])"));
}

TEST_F(AdapterTest, SaysWhatIsWrongInTheUsersNames) {
    const std::string ports = "module \\m-1 (input \\a[0] , \\a[1] , \\b[0] , \\b[1] , output \\y[0] , \\y[1] );\n";
    EXPECT_THAT(error_of(ports + "assign \\y[0] = \\a[0] ; endmodule", "m-1"),
                AllOf(HasSubstr("t.v:1: output is not driven"), HasSubstr("'y[1]'"), Not(HasSubstr("adapter"))));
    EXPECT_THAT(error_of(ports + "assign \\y[0] = \\c ; endmodule", "m-1"), HasSubstr("t.v:2: "));
    EXPECT_THAT(error_of("module t(input a0, a1, b0, b1, cin, output [2:0] y); assign y = a0; endmodule", "t"),
                AllOf(HasSubstr("module 't' has 5 inputs (a0, a1, b0, b1, cin)"), HasSubstr("two operands")));
    EXPECT_THAT(error_of("module t(input a, output y); assign y = a; endmodule", "s"), HasSubstr("'s'"));
    std::string wide = "module t(output y0, y1";
    for (const char* base : {"a", "b"})
        for (int i = 0; i < 65; ++i) wide += ", input " + (base + std::to_string(i));
    EXPECT_THAT(error_of(wide + "); assign y0 = a0, y1 = b0; endmodule", "t"),
                HasSubstr("'a' has 65 bits, at most 64"));
}

TEST_F(AdapterTest, RefusesNamesThatCouldBecomeCode) {
    for (const char* top : {"a`b", "a//b", "a/*b", "a\"b", "a\\b", "a b", "-a", "+a", "a\nb", "a\x80", ""})
        EXPECT_THAT(error_of("module t(input a, b, output y); assign y = a; endmodule", top), HasSubstr("name")) << top;
    // Names with every other sign stay names, wherever they stand.
    const std::string odd = "$(x);endmodule:#[{<'|&>}]%?";
    const Circuit circuit = read("module \\" + odd +
                                     " (input [1:0] \\a);$c( , \\b';' , output [3:0] \\y,(y) );\n"
                                     "assign \\y,(y) = \\a);$c( * \\b';' ; endmodule",
                                 odd);
    const Design design = elaborate(circuit.sources);
    ASSERT_EQ(design.inputs.size(), 2u);
    EXPECT_EQ(design.inputs[0].name, "a__$c_");
    EXPECT_EQ(design.inputs[1].name, "b___");
}

TEST_F(AdapterTest, TakesFilesOfAnyName) {
    const Circuit circuit =
        read("module t(input [3:0] a, b, output [7:0] y); assign y = a * b; endmodule", "t", {}, "m\xc3\xbcl (2)'s.v");
    EXPECT_EQ(circuit.sources.files.at(0).path, "m__l _2__s.v");
    EXPECT_NO_THROW(elaborate(circuit.sources));
    write_file(folder_.path() / "a!.v", "");
    write_file(folder_.path() / "a?.v", "");
    EXPECT_THAT(input_error([&] {
                    read_sources({folder_.path() / "a!.v", folder_.path() / "a?.v"}, "t", {});
                }),
                HasSubstr("differs from a!.v only in letters"));
}

}  // namespace
}  // namespace concrete::gen

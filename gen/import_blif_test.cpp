#include "gen/import_blif.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "gen/sweep.h"
#include "gen/testing.h"
#include "sim/file.h"

namespace concrete::gen {
namespace {

using gen::testing::input_error;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ImportBlif : public ::testing::Test {
  protected:
    Circuit import(const std::string& text, const std::string& top = "") {
        write_file(folder_.path() / "t.blif", text);
        return import_blif(folder_.path() / "t.blif", top);
    }
    std::string error_of(const std::string& text, const std::string& top = "") {
        return input_error([&] { import(text, top); });
    }

    TemporaryFolder folder_;
};

// y = 2 * (a[0] & b[0]) + (a[1] ^ b[1] ^ !a[0]), y[2] = 1; gates behind their readers, a model in place, a carry on.
constexpr const char* kModels =
    "# two models\n.model t-op\n.inputs a[0] a[1] \\\n  b_0_ b_1_\n.outputs y<2> y<1> y<0>\n"
    ".names $x a[1] b_1_ y<0>\n100 1\n010 1\n001 1\n111 1\n"
    ".subckt both p=a[0] q=b_0_ r=y<1>\n.names a[0] $x\n0 1\n.names y<2>\n1\n.end\n"
    ".model both\n.inputs p q\n.outputs r\n.names p q r\n0- 0\n-0 0\n.end\n";

TEST_F(ImportBlif, GivesTheCircuit) {
    const Circuit circuit = import(kModels);
    ASSERT_EQ(circuit.notes.size(), 1u);
    EXPECT_THAT(circuit.notes[0], HasSubstr("t.blif: model 't-op': bits put together: a (2 bits: a[0] .. a[1])"));
    sim::Operator op;
    op.name = "t";
    op.a = {"a", 2, false};
    op.b = {"b", 2, false};
    op.y = {"y", 3, false};
    op.sources = circuit.sources;
    const std::vector<uint32_t> y = RtlOperators(std::span(&op, 1), 1).sweep(0);
    for (uint32_t a = 0; a < 4; ++a)
        for (uint32_t b = 0; b < 4; ++b)
            EXPECT_EQ(y[a * 4 + b], 4 + 2 * (a & b & 1) + ((a >> 1 ^ b >> 1 ^ ~a) & 1)) << a << "," << b;
    const Design below = elaborate(import(kModels, "both").sources);
    EXPECT_EQ(below.inputs, (std::vector<sim::Port>{{"p", 1, false}, {"q", 1, false}}));
}

TEST_F(ImportBlif, RefusesWhatIsNoOperator) {
    const std::string ports = ".model m\n.inputs a b\n.outputs y\n";
    const std::pair<std::string, const char*> cases[] = {
        {ports + ".latch a y re b 0\n.end\n", "t.blif:4: has a latch (.latch), expected a combinational circuit"},
        {ports + ".names a c y\n11 1\n.end\n", "t.blif:4: nothing drives the signal 'c'"},
        {ports + ".end\n", "t.blif:1: nothing drives the signal 'y'"},
        {ports + ".names a z y\n11 1\n.names y b z\n11 1\n.end\n",
         "t.blif:4: the signal 'y' depends on a combinational loop"},
        {".model m\n.inputs a b\n.outputs a\n.end\n", "t.blif:1: 'a' is both input and output"},
        {ports + ".names a b y\n1x1 1\n.end\n", "t.blif:5: "},
        {".model m\n.inputs a`b c\n.outputs y\n.names y\n.end\n", "t.blif: the port 'a`b' has a name that cannot"},
        {".model m\n.inputs a b c\n.outputs y\n.names y\n.end\n", "model 'm' has 3 inputs (a, b, c)"},
        {"module m; endmodule\n", "t.blif:1: "},
    };
    for (const auto& [text, expected] : cases) EXPECT_THAT(error_of(text), HasSubstr(expected)) << text;
    EXPECT_THAT(error_of(kModels, "none"), HasSubstr("holds no model 'none'"));
}

}  // namespace
}  // namespace concrete::gen

#include "gen/sources.h"

#include <fstream>
#include <gmock/gmock.h>

#include "gen/elaborate.h"
#include "gen/testing.h"
#include "sim/file.h"

namespace concrete::gen {
namespace {

namespace fs = std::filesystem;
using gen::testing::input_error;
using gen::testing::sources_of;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Files in a folder of their own.
class SourcesTest : public ::testing::Test {
  protected:
    fs::path write(const std::string& name, const std::string& text) {
        write_file(folder_.path() / name, text);
        return folder_.path() / name;
    }
    fs::path path(const std::string& name) const { return folder_.path() / name; }
    std::string error_of(const std::string& text) {
        const fs::path file = write("t.v", text);
        return input_error([&] { read_sources({file}, "t", {}); });
    }

    TemporaryFolder folder_;
};

std::vector<std::string> paths(const sim::Sources& sources) {
    std::vector<std::string> result;
    for (const sim::Sources::File& file : sources.files)
        result.push_back(file.path + (file.is_include ? " (include)" : ""));
    return result;
}

TEST_F(SourcesTest, CollectsIncludesWhereVerilatorFindsThem) {
    const fs::path t =
        write("rtl/t.v",
              "`include \"sub/width.vh\"\n`include \"lib.vh\"\nmodule t(input [`W-1:0] a, b, output [`L-1:0] y);\n"
              "m u(a, b, y); endmodule");
    write("rtl/sub/width.vh", "`include \"more.vh\"\n");
    write("rtl/sub/more.vh", "`define W 3\n");
    write("lib/lib.vh", "`include \"neighbour.vh\"\n");
    write("lib/neighbour.vh", "`define L 6\n");
    const fs::path m = write("other/m.v", "module m(input [2:0] a, b, output [5:0] y); assign y = a * b; endmodule");
    const sim::Sources sources = read_sources({t, m}, "t", {}, {path("lib")});
    EXPECT_THAT(paths(sources),
                ElementsAre("t.v", "sub/width.vh (include)", "sub/more.vh (include)", "_include0/lib.vh (include)",
                            "_include0/neighbour.vh (include)", "_source0/m.v"));
    const Design design = elaborate(sources);
    EXPECT_EQ(design.inputs.at(0).bits, 3);
    EXPECT_EQ(design.outputs.at(0).bits, 6);
}

TEST_F(SourcesTest, PutsPackagesBeforeTheirUse) {
    const fs::path t = write("t.sv",
                             "module t import p::*; (input w_t a, b, output logic [7:0] y);\n"
                             "always_comb y = q::twice(a) * b; endmodule");
    const fs::path q = write("q.sv",
                             "package q; import p::*; function automatic w_t twice(w_t x); return x << 1;\n"
                             "endfunction endpackage");
    const fs::path p = write("p.sv", "package p; typedef logic [3:0] w_t; endpackage");
    const fs::path m = write("m.sv", "`define LAST\n");
    const sim::Sources sources = read_sources({t, m, q, p}, "t", {});
    EXPECT_THAT(paths(sources), ElementsAre("m.sv", "p.sv", "q.sv", "t.sv"));
    EXPECT_EQ(elaborate(sources).inputs.at(0).bits, 4);
    const fs::path r = write("r.sv", "package r; import s::*; endpackage");
    const fs::path s = write("s.sv", "package s; import r::*; endpackage");
    EXPECT_THAT(paths(read_sources({r, s}, "t", {})), ElementsAre("r.sv", "s.sv")) << "a circle keeps its order";
}

TEST_F(SourcesTest, PassesParametersAndDefinesOn) {
    const fs::path t = write(
        "t.v", "module t #(parameter W = 2)(input [W-1:0] a, b, output [`OUT-1:0] y); assign y = a + b; endmodule");
    const Design design = elaborate(read_sources({t}, "t", {{"W", "5"}}, {}, {"OUT=6"}));
    EXPECT_EQ(design.inputs.at(0).bits, 5);
    EXPECT_EQ(design.outputs.at(0).bits, 6);
}

TEST_F(SourcesTest, RefusesIncludesOfFilesElsewhere) {
    write("secret.vh", "");
    fs::create_directory(path("below"));
    fs::create_symlink(path("secret.vh"), path("below/link.vh"));
    const fs::path linked = write("below/t.v", "\n`include \"link.vh\"\n");
    EXPECT_THAT(input_error([&] { read_sources({linked}, "t", {}); }),
                AllOf(HasSubstr("t.v:2: "), HasSubstr("symbolic link leads outside")));
    EXPECT_THAT(error_of("\n\n`include \"/etc/passwd\"\n"),
                AllOf(HasSubstr("t.v:3: "), HasSubstr("\"/etc/passwd\" is refused")));
    EXPECT_THAT(error_of("`include \"../secret.vh\"\n"), HasSubstr("t.v:1: `include \"../secret.vh\" is refused"));
    EXPECT_THAT(error_of("`define X `include \"/etc/passwd\"\n`X\n"),
                HasSubstr("t.v:1: `include \"/etc/passwd\" is refused"));
    EXPECT_THAT(error_of("`define F \"/etc/passwd\"\n`include `F\n"),
                HasSubstr("t.v:2: `include must name its file in quotes"));
}

TEST_F(SourcesTest, RefusesIncludesOfOtherLanguages) {
    for (const char* name : {"concrete_model/zz.cpp", "Vtop.h", "a.hpp", "a.cc", "a"}) {
        write(name, "");
        EXPECT_THAT(error_of(std::string("`include \"") + name + "\"\n"),
                    AllOf(HasSubstr("t.v:1: "), HasSubstr("expected Verilog by its name")))
            << name;
    }
    write("w.inc", "");
    EXPECT_THAT(paths(read_sources({write("u.v", "`include \"w.inc\"\n")}, "u", {})),
                ElementsAre("u.v", "w.inc (include)"));
}

TEST_F(SourcesTest, RefusesWhatNoOperatorFileCanHold) {
    EXPECT_THAT(error_of(std::string("module t;\0endmodule", 19)), HasSubstr("'t.v' holds a zero byte"));
    std::vector<fs::path> files;
    for (size_t i = 0; i < 1001; ++i) files.push_back(write("f" + std::to_string(i) + ".v", ""));
    EXPECT_THAT(input_error([&] { read_sources(files, "t", {}); }), HasSubstr("more than 1000 files"));
    const std::string deep = std::string(150, 'd') + "/" + std::string(150, 'e') + "/t.v";
    EXPECT_THAT(input_error([&] {
                    read_sources({write("t.v", ""), write(deep, "")}, "t", {});
                }),
                HasSubstr("at most 200 letters"));
    EXPECT_THAT(input_error([&] { read_sources({write("t.v", "")}, std::string(201, 't'), {}); }),
                HasSubstr("expected a Verilog identifier"));
}

TEST_F(SourcesTest, TakesTextsOfManySpaces) {
    const std::string spaces(1'000'000, ' ');
    EXPECT_THAT(error_of("`include" + spaces), HasSubstr("t.v:1: `include must name its file in quotes"));
    EXPECT_THAT(error_of("`" + spaces + "systemc_header"), HasSubstr("t.v:1: a `systemc_ block"));
    EXPECT_NO_THROW(read_sources({write("u.v", "module /*" + spaces + "*/ u; endmodule `" + spaces)}, "u", {}));
}

TEST_F(SourcesTest, IgnoresWhatIsNotActive) {
    const fs::path t =
        write("t.v",
              "// `include \"/etc/passwd\"\n/* `systemc_header */\n`ifdef NEVER\n`include \"missing.vh\"\n`endif\n"
              "module t(input a, b, output y); assign y = a & b; endmodule");
    EXPECT_THAT(paths(read_sources({t}, "t", {})), ElementsAre("t.v"));
}

TEST_F(SourcesTest, RefusesFilesThatAreNoVerilog) {
    EXPECT_THAT(input_error([&] { read_sources({path("missing.v")}, "t", {}); }),
                HasSubstr("missing.v: is not a readable file"));
    EXPECT_THAT(input_error([&] { read_sources({path("no/missing.v")}, "t", {}); }), HasSubstr("does not exist"));
    EXPECT_THAT(input_error([&] { read_sources({write("t.cpp", "")}, "t", {}); }),
                HasSubstr("t.cpp: is not Verilog by its name"));
    EXPECT_THAT(input_error([&] { read_sources({}, "t", {}); }), HasSubstr("no Verilog file"));
    EXPECT_THAT(input_error([&] { read_sources({write("t.v", "")}, "t", {}, {path("nowhere")}); }),
                HasSubstr("-I expects"));
    EXPECT_THAT(input_error([&] { read_sources({write("big.v", std::string((16u << 20) + 1, ' '))}, "t", {}); }),
                HasSubstr("larger than 16777216 bytes"));
}

TEST_F(SourcesTest, RefusesNamesThatCouldBecomeFlagsOrCode) {
    const fs::path t = write("t.v", "");
    EXPECT_THAT(input_error([&] { read_sources({t}, "t; $c", {}); }), HasSubstr("top is 't; $c'"));
    EXPECT_THAT(input_error([&] { read_sources({t}, "-Mdir", {}); }), HasSubstr("top is '-Mdir'"));
    for (const char* value : {"4); $c(\"x\"", "\"a\\\"b\"", "", "x", "8'h", "1 2", "010", "1_000", "2147483648"})
        EXPECT_THAT(input_error([&] {
                        read_sources({t}, "t", {{"P", value}});
                    }),
                    HasSubstr("parameter 'P' = "))
            << value;
    for (const char* value : {"4", "-3", "8'hfF", "16'sd12", "\"fast mode\"", "1.5"})
        EXPECT_NO_THROW(read_sources({t}, "t", {{"P", value}})) << value;
    EXPECT_THAT(input_error([&] { read_sources({t}, "t", {}, {}, {"A=`systemc_header"}); }),
                HasSubstr("the define 'A="));
}

TEST_F(SourcesTest, ChecksSourcesThatComeFromAnOperatorFile) {
    sim::Sources sources = sources_of("");
    sources.files[0].path = "../t.sv";
    EXPECT_THAT(input_error([&] { write_sources(sources, folder_.path()); }), HasSubstr("'../t.sv'"));
    sources.files[0].path = "/tmp/t.sv";
    EXPECT_THAT(input_error([&] { write_sources(sources, folder_.path()); }), HasSubstr("'/tmp/t.sv'"));
    sources.files[0].path = "t.cpp";
    EXPECT_THAT(input_error([&] { write_sources(sources, folder_.path()); }), HasSubstr("'t.cpp'"));
    EXPECT_THAT(input_error([&] { elaborate(sources_of("`systemc_header\n")); }),
                HasSubstr("t.sv:1: a `systemc_ block"));
}

TEST(SourcesHash, ChangesWithEveryPart) {
    const sim::Sources base = sources_of("text", {{"P", "1"}});
    std::vector<sim::Sources> others(6, base);
    others[0].files[0].text = "texu";
    others[1].files[0].path = "u.sv";
    others[2].files[0].is_include = true;
    others[3].top = "u";
    others[4].parameters["P"] = "2";
    others[5].defines.push_back("P=1");
    EXPECT_EQ(sources_hash(base).size(), 64u);
    EXPECT_EQ(sources_hash(base), sources_hash(sources_of("text", {{"P", "1"}})));
    for (const sim::Sources& other : others) EXPECT_NE(sources_hash(base), sources_hash(other));
}

}  // namespace
}  // namespace concrete::gen

#include "gen/verilated.h"

#include <cstdlib>
#include <gmock/gmock.h>

#include "gen/process.h"
#include "gen/testing.h"
#include "sim/file.h"

namespace concrete::gen {
namespace {

using gen::testing::input_error;
using gen::testing::sources_of;

/// A counter with enable: what verify/ builds is clocked, too.
VerilatedSpec counter() {
    VerilatedSpec spec;
    spec.sources = sources_of(
        "module t #(parameter STEP = 1)(input clk, input enable, output reg [7:0] n);\n"
        "initial n = 3;\nalways @(posedge clk) if (enable) n <= n + STEP;\nendmodule",
        {{"STEP", "5"}});
    spec.driver = R"code(
#include "Vtop.h"
#include <cstdio>
        int main() {
            VerilatedContext context;
            Vtop top(&context);
            for (int k = 0; k < 4; ++k) {
                top.enable = k != 1;
                top.clk = 0;
                top.eval();
                top.clk = 1;
                top.eval();
                std::printf("%d ", top.n);
            }
        })code";
    spec.optimize = false;
    return spec;
}

TEST(Verilated, BuildsAClockedModel) {
    EXPECT_EQ(run_process({build_verilated(counter()).string()}, "/").out, "8 8 13 18 ");
}

TEST(Verilated, FindsTheSameProgramAgainAndAnotherForOtherInput) {
    const VerilatedSpec spec = counter();
    const std::filesystem::path program = build_verilated(spec);
    const auto written = std::filesystem::last_write_time(program);
    EXPECT_EQ(build_verilated(spec), program);
    EXPECT_EQ(std::filesystem::last_write_time(program), written);
    VerilatedSpec other = spec;
    other.sources.parameters["STEP"] = "6";
    EXPECT_NE(build_verilated(other), program);
    EXPECT_EQ(run_process({build_verilated(other).string()}, "/").out, "9 9 15 21 ");
}

TEST(Verilated, ElaboratesFirst) {
    VerilatedSpec spec = counter();
    spec.sources.files[0].text.replace(spec.sources.files[0].text.find("initial n = 3;"), 14,
                                       "initial $c(\"puts(0);\");");
    EXPECT_THAT(input_error([&] { build_verilated(spec); }), ::testing::HasSubstr("t.sv:2: $c"));
}

// A file of the user's in Verilator's folder was compiled once.
TEST(Verilated, CompilesNothingOfTheUsers) {
    VerilatedSpec spec = counter();
    spec.sources.files[0].text += "\n// another program";
    spec.sources.files.push_back({"model/Vtop__own.v", "#error compiled\n", true});
    spec.sources.files.push_back({"concrete_model/zz.v", "#error compiled\n", true});
    EXPECT_EQ(run_process({build_verilated(spec).string()}, "/").out, "8 8 13 18 ");
    spec.sources.files.back().path = "concrete_model/zz.cpp";
    EXPECT_THAT(input_error([&] { build_verilated(spec); }),
                ::testing::HasSubstr("'concrete_model/zz.cpp' is no Verilog by its name"));
}

TEST(Verilated, NamesACacheFolderThatCannotBeWritten) {
    const TemporaryFolder folder;
    write_file(folder.path() / "programs", "in the way");
    const char* before = std::getenv("CONCRETE_CACHE_DIR");
    const std::string kept = before == nullptr ? "" : before;
    setenv("CONCRETE_CACHE_DIR", folder.path().c_str(), 1);
    const std::string message = input_error([] { build_verilated(counter()); });
    before == nullptr ? unsetenv("CONCRETE_CACHE_DIR") : setenv("CONCRETE_CACHE_DIR", kept.c_str(), 1);
    EXPECT_THAT(message, ::testing::AllOf(::testing::HasSubstr((folder.path() / "programs").string()),
                                          ::testing::HasSubstr("set CONCRETE_CACHE_DIR")));
}

TEST(Verilated, QuotesTheFirstErrorOfACompilerBriefly) {
    EXPECT_EQ(detail::first_error("In file x:\nx:3: error: no such name\nx:4: error: more"),
              "x:3: error: no such name");
    EXPECT_EQ(detail::first_error("odd\nend"), "odd");
    EXPECT_EQ(detail::first_error(std::string(1'000'000, 'x') + " error").size(), 300u);
    EXPECT_EQ(detail::first_error(std::string(1'000'000, 'x')).size(), 300u);
}

TEST(Verilated, ReportsADriverThatDoesNotCompile) {
    VerilatedSpec spec = counter();
    spec.driver += "\nint other = no_such_name;";
    EXPECT_THAT(input_error([&] { build_verilated(spec); }), ::testing::HasSubstr("no_such_name"));
}

}  // namespace
}  // namespace concrete::gen

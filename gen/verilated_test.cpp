#include "gen/verilated.h"

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

TEST(Verilated, ReportsADriverThatDoesNotCompile) {
    VerilatedSpec spec = counter();
    spec.driver += "\nint other = no_such_name;";
    EXPECT_THAT(input_error([&] { build_verilated(spec); }), ::testing::HasSubstr("no_such_name"));
}

}  // namespace
}  // namespace concrete::gen

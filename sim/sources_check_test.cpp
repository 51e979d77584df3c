#include "sim/sources_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace concrete::sim {
namespace {

using ::testing::HasSubstr;

Sources good() {
    return {{{"t.v", "module t; endmodule", false}, {"sub/w.inc", "", true}}, "t", {{"P", "1"}}, {"D=2"}};
}

std::string problem_of(const Sources& sources) {
    return sources_problem(sources).value_or("");
}

TEST(SourcesCheck, TakesValuesThatMeanTheSameEverywhere) {
    for (const char* value : {"0", "4", "-3", "2147483647", "-2147483647", "8'hfF", "16'sd12", "4'b10_01", "9'o17",
                              "16'd010", "\"fast mode\"", "\"\"", "1.5", "-0.25"})
        EXPECT_TRUE(is_parameter_value(value)) << value;
    for (const char* value : {"",
                              "010",
                              "-010",
                              "00",
                              "-0",
                              "+3",
                              "1_000",
                              "0x10",
                              "2147483648",
                              "-2147483648",
                              "99999999999999999999",
                              "'h10",
                              "8'h",
                              "8'",
                              "0'h1",
                              "08'h1",
                              "-8'd3",
                              "8'hg",
                              "8'b2",
                              "8'o8",
                              "8'da",
                              "8'h_1",
                              "x",
                              "1 2",
                              "1.",
                              ".5",
                              "01.5",
                              "1e3",
                              "4); $c(\"x\"",
                              "\"a\\\"b\"",
                              "\"",
                              "\"a",
                              "99999'h1"})
        EXPECT_FALSE(is_parameter_value(value)) << value;
    EXPECT_FALSE(is_parameter_value(std::string(1'000'000, '1')));
}

TEST(SourcesCheck, TakesPlainNamesAndPathsOnly) {
    for (const char* name : {"a", "_b$", "Mul8"}) EXPECT_TRUE(is_identifier(name)) << name;
    for (const char* name : {"", "1a", "$a", "a-b", "a b", "\\a"}) EXPECT_FALSE(is_identifier(name)) << name;
    for (const char* path : {"t.v", "a b/c,d@e=f+g-h.sv"}) EXPECT_TRUE(is_plain_path(path)) << path;
    for (const char* path : {"", "/t.v", "a/", "../t.v", "a/../t.v", "./t.v", "a\nb", "a'b", "a\"b"})
        EXPECT_FALSE(is_plain_path(path)) << path;
    for (const size_t length : {kMaxNameLength, kMaxNameLength + 1}) {
        EXPECT_EQ(is_identifier(std::string(length, 'a')), length == kMaxNameLength);
        EXPECT_EQ(is_plain_path(std::string(length, 'a')), length == kMaxNameLength);
        EXPECT_EQ(name_problem(std::string(length, 'a')).has_value(), length > kMaxNameLength);
    }
    EXPECT_THAT(name_problem("").value_or(""), HasSubstr("expected 1 to 200 printable"));
    EXPECT_THAT(name_problem("a\nb").value_or(""), HasSubstr("'a?b'"));
}

TEST(SourcesCheck, RefusesNamesOfOtherLanguages) {
    for (const char* path : {"t.v", "t.sv", "t.vh", "t.svh", "t.inc", "t.vinc", "t.svinc", "t.def"})
        EXPECT_TRUE(is_include_name(path)) << path;
    for (const char* path : {"t.cpp", "t.h", "t.hpp", "t.cc", "t.c", "t.gch", "t", "t.v.cpp", "t.vlt", "t.xml"}) {
        Sources sources = good();
        sources.files[1].path = path;
        EXPECT_THAT(problem_of(sources), HasSubstr("no Verilog by its name")) << path;
    }
}

TEST(SourcesCheck, CountsFilesAndSettings) {
    EXPECT_EQ(problem_of(good()), "");
    Sources sources = good();
    for (size_t i = sources.files.size(); i <= kMaxSourceFiles; ++i)
        sources.files.push_back({"f" + std::to_string(i) + ".v", "", false});
    EXPECT_EQ(problem_of(sources), "holds 1001 files, expected 1 to 1000");
    sources.files.pop_back();
    EXPECT_EQ(problem_of(sources), "");
    sources.defines.assign(kMaxSettings + 1, "D");
    EXPECT_THAT(problem_of(sources), HasSubstr("1 parameters and 101 defines"));
}

}  // namespace
}  // namespace concrete::sim

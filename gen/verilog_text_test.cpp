#include "gen/verilog_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace concrete::gen::detail {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(WithoutComments, KeepsLinesAndStrings) {
    EXPECT_EQ(without_comments("a // b\nc /* d\ne */ f \"// g\" \"\\\"/*\" h"),
              "a     \nc     \n     f \"// g\" \"\\\"/*\" h");
    EXPECT_EQ(without_comments("/*"), "  ");
    EXPECT_EQ(without_comments("wire \\x/* ; b /* c */ \\\" d // e"), "wire \\x/* ; b         \\\" d     ")
        << "escaped names open neither comments nor strings";
    EXPECT_EQ(line_at("a\nb\nc", 4), 3u);
}

TEST(VerilogText, FindsWholeWords) {
    EXPECT_EQ(find_word("x_always always2 always", "always"), 17u);
    EXPECT_EQ(find_word("always", "always"), 0u);
    EXPECT_EQ(find_word("valways", "always"), std::string::npos);
}

TEST(VerilogText, FindsIncludes) {
    const std::vector<Include> found =
        includes_in("`include \"a.vh\"\n`includes \"b\"\n`include\n \"c d\" `include `F\n`include \"e\n\"");
    ASSERT_EQ(found.size(), 4u);
    EXPECT_EQ(found[0].name, "a.vh");
    EXPECT_EQ(found[1].name, "c d");
    EXPECT_EQ(found[1].offset, 30u);
    EXPECT_EQ(found[2].name, std::nullopt);
    EXPECT_EQ(found[3].name, std::nullopt) << "a string does not go beyond its line";
}

TEST(VerilogText, FindsWhatReachesOutside) {
    for (const char* text : {"a `systemc_header", "` \\\n systemc_ctor", "`verilator_config", "x \"DPI\"", "\"DPI-C\""})
        EXPECT_TRUE(find_forbidden(text)) << text;
    for (const char* text : {"systemc_header", "`define x\nsystemc", "\"DPI-X\"", "` ` `"})
        EXPECT_FALSE(find_forbidden(text)) << text;
}

TEST(VerilogText, FindsModules) {
    EXPECT_THAT(modules_in("module a; endmodule macromodule\n\tb_1(x); module automatic c$; module static d;"),
                ElementsAre("a", "b_1", "c$", "d"));
    EXPECT_THAT(modules_in("endmodule submodule module2 x"), IsEmpty());
    EXPECT_THAT(modules_in("module \\mul-8u (\\module , x); module\t\\b[0]\n(y);"), ElementsAre("mul-8u", "b[0]"));
}

TEST(VerilogText, FindsPackagesAndTheirUses) {
    const std::string code = "package p; import q::*; endpackage package automatic r; typedef r :: t u; \\package p::";
    EXPECT_THAT(packages_in(code), ElementsAre("p", "r"));
    EXPECT_THAT(package_uses_in(code), ElementsAre("q", "r", "p"));
}

TEST(VerilogText, KnowsKeywords) {
    for (const char* word : {"accept_on", "bit", "xor", "endtask", "input"}) EXPECT_TRUE(is_keyword(word)) << word;
    for (const char* word : {"", "a", "inpu", "bit byte", "Input", "in", "xo"}) EXPECT_FALSE(is_keyword(word)) << word;
}

// std::regex would exhaust the stack on each of these.
TEST(VerilogText, TakesLongTexts) {
    const std::string spaces(1'000'000, ' ');
    EXPECT_FALSE(find_forbidden("`" + spaces));
    EXPECT_TRUE(find_forbidden("`" + spaces + "systemc_header"));
    EXPECT_EQ(includes_in("`include" + spaces).at(0).name, std::nullopt);
    EXPECT_EQ(includes_in("`include" + spaces + "\"" + spaces + "\"").at(0).name, spaces);
    EXPECT_THAT(modules_in(without_comments("module /*" + spaces + "*/ a")), ElementsAre("a"));
    EXPECT_EQ(modules_in("module " + std::string(1'000'000, 'a')).at(0).size(), 1'000'000u);
    EXPECT_FALSE(find_forbidden(std::string(1'000'000, '`')));
}

}  // namespace
}  // namespace concrete::gen::detail

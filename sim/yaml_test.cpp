#include "sim/yaml.h"

#include <cstdint>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <limits>

#include "sim/error.h"
#include "sim/file.h"

namespace concrete::sim {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

template <typename Body>
std::string input_error(Body body) {
    try {
        body();
    } catch (const InputError& error) {
        return error.what();
    }
    return "no InputError";
}

YamlNode parse(std::string_view text) {
    return parse_yaml(text, "f.yaml");
}
std::string parse_error(std::string_view text) {
    return input_error([&] { parse(text); });
}
YamlNode value(const std::string& text) {
    return *parse("v: " + text + "\n").find("v");
}

TEST(Yaml, ReadsNestedMapsAndSequences) {
    const YamlNode root = parse("a: {b: [1, two, {c: 3}]}\nd:\n  - x\n  - \"y z\"\n  -\n");
    const auto& list = root.find("a")->find("b")->elements();
    ASSERT_EQ(list.size(), 3U);
    EXPECT_EQ(list[0].integer(0, 9), 1);
    EXPECT_EQ(list[1].text(), "two");
    EXPECT_EQ(list[2].find("c")->integer(0, 9), 3);
    EXPECT_EQ(list[2].find("c")->path(), "a.b[2].c");
    EXPECT_EQ(root.find("d")->elements()[1].text(), "y z");
    EXPECT_EQ(root.find("d")->elements()[2].kind(), YamlNode::Kind::null);
    EXPECT_EQ(root.find("none"), nullptr);
    ASSERT_EQ(root.entries().size(), 2U);
    EXPECT_EQ(root.entries()[1].first, "d");
}

TEST(Yaml, EmptyTextIsNull) {
    for (const std::string text : {"", "\n", "# only a comment\n", "---\n", "~\n"}) {
        EXPECT_EQ(parse(text).kind(), YamlNode::Kind::null) << text;
    }
}

TEST(Yaml, RefusesWhatTheProjectDoesNotUse) {
    EXPECT_EQ(parse_error("a: 1\nb: 2\na: 3\n"), "f.yaml:3:1: duplicate key 'a', first on line 1");
    EXPECT_EQ(parse_error("x:\n  a: 1\n  'a': 3\n"), "f.yaml:3:3: x: duplicate key 'a', first on line 2");
    EXPECT_THAT(parse_error("a: &n 1\nb: 2\n"), StartsWith("f.yaml:1:4: a: anchors (&n) are not allowed"));
    EXPECT_THAT(parse_error("a: &n {x: 1}\nb: *n\n"), HasSubstr("anchors (&n) are not allowed"));
    EXPECT_THAT(parse_error("a: 1\n<<: {b: 2}\n"), StartsWith("f.yaml:2:1: merge keys (<<) are not allowed"));
    EXPECT_THAT(parse_error("a: !!int 1\n"), StartsWith("f.yaml:1:4: a: tags (tag:yaml.org,2002:int)"));
    EXPECT_THAT(parse_error("a: !mine [1]\n"), HasSubstr("tags (!mine) are not allowed"));
    EXPECT_THAT(parse_error("a: 1\n---\nb: 2\n"), HasSubstr("a second document begins"));
    EXPECT_THAT(parse_error("? [1, 2]\n: 3\n"), HasSubstr("a key must be text"));
    EXPECT_THAT(parse_error("~: 3\n"), HasSubstr("expected a key, found nothing"));
    EXPECT_EQ(parse("'<<': 1\n").find("<<")->integer(0, 1), 1);
}

TEST(Yaml, RefusesAliasesWithoutAnchors) {
    EXPECT_THAT(parse_error("a: *n\n"), StartsWith("f.yaml:1:4: "));
}

TEST(Yaml, SyntaxErrorsNameThePlace) {
    EXPECT_THAT(parse_error("a: [1, 2\nb: 3\n"), StartsWith("f.yaml:2:"));
    EXPECT_THAT(parse_error("a: 1\n\tb: 2\n"), StartsWith("f.yaml:2:"));
}

TEST(Yaml, DepthIsLimited) {
    const auto nested = [](size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
    EXPECT_TRUE(parse(nested(64)).is_sequence());
    EXPECT_THAT(parse_error(nested(65)), HasSubstr("nested deeper than 64 levels"));
    EXPECT_THAT(parse_error(nested(20'000)), HasSubstr("f.yaml:1:"));
}

TEST(Yaml, LoadsFilesUpToSixteenMebibytes) {
    const TemporaryFolder folder;
    write_file(folder.path() / "a.yaml", "a: 1\n");
    EXPECT_EQ(load_yaml(folder.path() / "a.yaml").find("a")->integer(0, 1), 1);
    write_file(folder.path() / "b.yaml", std::string((16 << 20) + 1, '#'));
    EXPECT_THAT(input_error([&] { load_yaml(folder.path() / "b.yaml"); }), HasSubstr("larger than"));
    EXPECT_THAT(input_error([&] { load_yaml(folder.path() / "c.yaml"); }), HasSubstr("c.yaml: cannot be opened"));
}

TEST(Yaml, Integers) {
    EXPECT_EQ(value("-9223372036854775808").integer(std::numeric_limits<int64_t>::min(), 0),
              std::numeric_limits<int64_t>::min());
    EXPECT_EQ(value("-0").integer(-1, 1), 0);
    for (const std::string text :
         {"010", "0x10", "1.0", "1e3", "+1", "'1'", "1_000", "--1", "9223372036854775808", "~"}) {
        EXPECT_THAT(input_error([&] { value(text).integer(-5, 5); }),
                    StartsWith("f.yaml:1:4: v: expected an integer from -5 to 5, found "))
            << text;
    }
    EXPECT_EQ(input_error([&] { value("17").integer(1, 16); }),
              "f.yaml:1:4: v: expected an integer from 1 to 16, found '17'");
    EXPECT_EQ(input_error([&] { value("'7'").integer(1, 16); }),
              "f.yaml:1:4: v: expected an integer from 1 to 16, found the text '7'");
    EXPECT_EQ(input_error([&] { value("[7]").integer(1, 16); }),
              "f.yaml:1:1: v: expected an integer from 1 to 16, found a sequence");
}

TEST(Yaml, Numbers) {
    EXPECT_EQ(value("-1.25e-1").number(-1, 1), -0.125);
    EXPECT_EQ(value("3").number(0, 5), 3);
    EXPECT_EQ(value("1E+2").number(0, 100), 100);
    for (const std::string text :
         {".5", "1.", "01.5", ".nan", ".inf", "nan", "inf", "0x1p3", "1e", "1e999", "'1'", "{}"}) {
        EXPECT_THAT(input_error([&] { value(text).number(0, 5); }), HasSubstr("expected a number from 0 to 5, found "))
            << text;
    }
    EXPECT_THAT(input_error([&] { value("5.01").number(0, 5); }), HasSubstr("found '5.01'"));
}

TEST(Yaml, BooleansAndTexts) {
    EXPECT_TRUE(value("true").boolean());
    EXPECT_FALSE(value("false").boolean());
    for (const std::string text : {"yes", "True", "1", "'true'", "~"}) {
        EXPECT_THAT(input_error([&] { value(text).boolean(); }), HasSubstr("expected true or false, found ")) << text;
    }
    EXPECT_EQ(value("'null'").text(), "null");
    EXPECT_EQ(value("12").text(), "12");
    EXPECT_THAT(input_error([&] { value("").text(); }), HasSubstr("v: expected text, found nothing"));
    EXPECT_THAT(input_error([&] { value("{a: 1}").elements(); }), HasSubstr("expected a sequence, found a map"));
    EXPECT_THAT(input_error([&] { value("x").entries(); }), HasSubstr("expected a map, found 'x'"));
}

TEST(YamlMap, UnknownKeysNameTheNearestKnownOne) {
    const YamlNode root = parse("layers:\n  conv2:\n    multiplyer: x\n");
    YamlMap map(*root.find("layers")->find("conv2"));
    EXPECT_FALSE(map.has("multiplier"));
    map.find("accumulator");
    EXPECT_EQ(input_error([&] { map.finish(); }),
              "f.yaml:3:5: layers.conv2.multiplyer: unknown key 'multiplyer'; nearest: 'multiplier'");
    const YamlNode other = parse("qqq: {a: 1}\n");
    YamlMap other_map(other);
    other_map.find("bits");
    other_map.find("scheme");
    EXPECT_EQ(input_error([&] { other_map.finish(); }),
              "f.yaml:1:1: qqq: unknown key 'qqq'; expected one of bits, scheme");
}

TEST(YamlMap, ReadsWithFallbacksAndChoices) {
    const YamlNode root = parse("bits: 4\nscheme: affine\nrate: 0.5\nname: n\non: true\n");
    YamlMap map(root);
    EXPECT_EQ(map.integer("bits", 1, 16), 4);
    EXPECT_EQ(map.integer("other", 1, 16, 8), 8);
    EXPECT_EQ(map.number("rate", 0, 1), 0.5);
    EXPECT_EQ(map.number("rate2", 0, 1, 0.25), 0.25);
    EXPECT_EQ(map.text("name"), "n");
    EXPECT_EQ(map.text("name2", "m"), "m");
    EXPECT_TRUE(map.boolean("on", false));
    EXPECT_TRUE(map.boolean("on2", true));
    const std::vector<std::pair<std::string, int>> schemes = {{"symmetric", 1}, {"affine", 2}};
    EXPECT_EQ(map.choice<int>("scheme", schemes), 2);
    EXPECT_EQ(map.choice<int>("scheme2", schemes, 7), 7);
    EXPECT_NO_THROW(map.finish());
    EXPECT_THAT(input_error([&] { map.require("data"); }), HasSubstr("the key 'data' is missing"));
    EXPECT_EQ(input_error([&] { map.choice<int>("name", schemes); }),
              "f.yaml:4:7: name: expected one of symmetric, affine, found 'n'");
    const YamlNode misspelt = parse("scheme: afine\n");
    EXPECT_THAT(input_error([&] { YamlMap(misspelt).choice<int>("scheme", schemes); }), HasSubstr("nearest: 'affine'"));
    EXPECT_THAT(input_error([&] { YamlMap bad(*root.find("bits")); }), HasSubstr("bits: expected a map, found '4'"));
}

TEST(YamlNode, MergeOverlaysDeeplyAndKeepsPlaces) {
    const YamlNode root =
        parse("base: {w: {bits: 8, scheme: affine}, m: x, l: [1]}\nover: {w: {bits: 4}, m: {name: y}, n: 1}\n");
    const YamlNode merged = YamlNode::merge(*root.find("base"), *root.find("over"));
    EXPECT_EQ(merged.find("w")->find("bits")->integer(0, 9), 4);
    EXPECT_EQ(merged.find("w")->find("bits")->path(), "over.w.bits");
    EXPECT_EQ(merged.find("w")->find("scheme")->path(), "base.w.scheme");
    EXPECT_TRUE(merged.find("m")->is_map());
    EXPECT_EQ(merged.find("l")->elements().size(), 1U);
    EXPECT_EQ(merged.entries().size(), 4U);
}

TEST(YamlNode, AssignMakesMapsOnTheWay) {
    YamlNode root = parse("a: {b: 1}\nc: x\nd:\n");
    root.assign("a.b", parse("2"));
    root.assign("a.new.deep", parse("{k: 3}"));
    root.assign("d.e", parse("4"));
    EXPECT_EQ(root.find("a")->find("b")->integer(0, 9), 2);
    EXPECT_EQ(root.find("a")->find("new")->find("deep")->find("k")->path(), "a.new.deep.k");
    EXPECT_EQ(root.find("d")->find("e")->integer(0, 9), 4);
    EXPECT_THAT(input_error([&] { root.assign("c.x", parse("1")); }), HasSubstr("'c' is 'x', not a map"));
    EXPECT_THAT(input_error([&] { root.assign("a..b", parse("1")); }), HasSubstr("'a..b' is no key path"));
}

TEST(NearestName, FindsSmallMistakesOnly) {
    const std::vector<std::string> names = {"booth8_m4", "booth8_m5", "mul8s_exact"};
    EXPECT_EQ(nearest_name("both8_m4", names), "booth8_m4");
    EXPECT_EQ(nearest_name("mul8u_exact", names), "mul8s_exact");
    EXPECT_EQ(nearest_name("completely_other", names), "");
    EXPECT_EQ(nearest_name(std::string(100'000, 'x'), names), "");
}

}  // namespace
}  // namespace concrete::sim

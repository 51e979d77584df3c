// concrete gen: what it refuses before anything is simulated. gen_slow_test.cpp simulates.
#include <gmock/gmock.h>

#include "app/testing.h"

namespace concrete::app {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using testing::ProgramResult;

class Gen : public testing::ProgramTest {
  protected:
    void SetUp() override {
        write_file(
            file("m.v"),
            "module m(input wire [3:0] a, input wire [3:0] b, output wire [7:0] y);\n  assign y = a * b;\nendmodule\n");
    }
};

TEST_F(Gen, WrongUsageSaysWhatIsMissing) {
    const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
        {{"gen"}, "give Verilog sources with --top and -o, or --table with -o, or --catalogue with --out-dir"},
        {{"gen", "m.v", "-o", "m.h5"}, "--top is required"},
        {{"gen", "m.v", "--top", "m"}, "-o is required"},
        {{"gen", "m.v", "--top", "m", "-o", "m.h5", "--only", "x*"},
         "--only, --all, --list and --out-dir belong to --catalogue"},
        {{"gen", "m.v", "--top", "m", "-o", "m.h5", "--all"},
         "--only, --all, --list and --out-dir belong to --catalogue"},
        {{"gen", "--catalogue", "c.yaml", "--out-dir", "d", "--all", "--only", "x*"}, "--only excludes --all"},
        {{"gen", "m.v", "--top", "m", "-o", "m.h5", "-P", "P8"}, "-P: expected KEY=VALUE, found 'P8'"},
        {{"gen", "m.v", "--top", "m", "-o", "m.h5", "-P", "P=1", "-P", "P=2"}, "-P: 'P' is given twice"},
        {{"gen", "m.v", "--top", "m", "-o", "m.h5", "--signed", "--unsigned"}, "--signed excludes --unsigned"},
        {{"gen", "m.v", "--top", "m", "-o", "m.h5", "--kind", "divider"}, "--kind: "},
        {{"gen", "m.v", "--top", "m", "-o", "m.h5", "--samples", "0"}, "--samples: "},
        {{"gen", "m.v", "--catalogue", "c.yaml", "--out-dir", "d"}, "--catalogue says what to make"},
        {{"gen", "m.v", "--table", "t.bin", "-o", "m.h5"}, "--table stands for Verilog"},
        {{"gen", "m.blif", "m.v", "-o", "m.h5"}, "a circuit in BLIF is one file"},
        {{"gen", "--table", "t.bin"}, "-o is required with --table"},
        {{"gen", "--table", "t.bin", "--a-bits", "18", "-o", "m.h5"}, "--a-bits: "},
        {{"gen", "m.v", "--top", "m", "--y-bits", "3", "-o", "m.h5"}, "--y-bits belong to --table"},
        {{"gen", "--catalogue", "c.yaml"}, "--out-dir is required with --catalogue"},
        {{"gen", "--catalogue", "c.yaml", "--list", "--out-dir", "d"}, "--list makes nothing"},
        {{"gen", "m.v", "--top", "m", "-o", "m.h5", "--list"}, "belong to --catalogue"},
    };
    for (const auto& [arguments, message] : cases) {
        const ProgramResult result = run(arguments);
        EXPECT_EQ(result.exit_code, 1) << result.err;
        EXPECT_THAT(result.err, HasSubstr(message));
    }
}

TEST_F(Gen, ListsTheFamiliesOfACatalogue) {
    write_file(file("c.yaml"),
               "format: 1\nfamilies:\n  mul_x:\n    kind: multiplier\n    files: [m.v]\n    top: m\n    parameters:\n"
               "      K: {min: 0, max: 7, default: 1, instances: [2, 4]}\n    source: nobody\n    summary: a thing\n");
    const ProgramResult result = run({"gen", "--catalogue", "c.yaml", "--list", "--json", "list.json"});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_THAT(result.out, MatchesRegex("family +kind +parameters +instances +summary\n"
                                         "mul_x +multiplier +K=0..7 +2 +a thing\n1 families, 2 listed instances\n"));
    const auto json = nlohmann::json::parse(read_file(file("list.json")));
    EXPECT_EQ(json["result"]["families"][0]["instances"], (std::vector<std::string>{"mul_x-K2", "mul_x-K4"}));
}

TEST_F(Gen, BadInputIsOneSentenceAndNothingIsWritten) {
    const auto error = [&](const std::vector<std::string>& arguments) {
        const ProgramResult result = run(arguments, "CONCRETE_CACHE_DIR=cache");
        EXPECT_EQ(result.exit_code, 2) << result.err;
        EXPECT_THAT(result.err, MatchesRegex("concrete gen: [^\n]*\n"));
        EXPECT_FALSE(std::filesystem::exists(file("m.h5")));
        return result.err;
    };
    EXPECT_THAT(error({"gen", "none.v", "--top", "m", "-o", "m.h5"}), HasSubstr("none.v"));
    EXPECT_THAT(error({"gen", "m.v", "--top", "n", "-o", "m.h5"}), HasSubstr("'n'"));
    write_file(file("bad.v"), "module m(input a;\n");
    EXPECT_THAT(error({"gen", "bad.v", "--top", "m", "-o", "m.h5"}), HasSubstr("bad.v:1"));
    write_file(file("t.txt"), "0\n1\n");
    EXPECT_THAT(error({"gen", "--table", "t.txt", "--a-bits", "1", "--b-bits", "1", "-o", "m.h5"}),
                HasSubstr("t.txt: holds 2 values, expected 2^1 * 2^1 = 4"));
    const std::string catalogue = CONCRETE_SOURCE_DIR "/rtl/catalogue.yaml";
    EXPECT_THAT(error({"gen", "--catalogue", "none.yaml", "--out-dir", "d"}), HasSubstr("none.yaml: cannot be opened"));
    EXPECT_THAT(error({"gen", "--catalogue", catalogue, "--only", "both8*", "--out-dir", "d"}), HasSubstr("both8*"));
}

TEST_F(Gen, AMissingToolIsExitCodeFourAndNamesThePackage) {
    const ProgramResult result = run({"gen", "m.v", "--top", "m", "-o", "m.h5", "--json", "r.json"},
                                     "PATH=/nonexistent CONCRETE_CACHE_DIR=cache");
    EXPECT_EQ(result.exit_code, 4);
    EXPECT_THAT(result.err, HasSubstr("verilator"));
    EXPECT_EQ(json("r.json")["status"], "missing");
    EXPECT_EQ(json("r.json")["exit_code"], 4);
}

}  // namespace
}  // namespace concrete::app

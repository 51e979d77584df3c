// concrete inspect on operators written here: values, comparisons, exports read back.
#include <cstring>
#include <gmock/gmock.h>

#include "app/testing.h"
#include "sim/operator.h"

namespace concrete::app {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using testing::ProgramResult;

/// 3 bits signed by 4 bits unsigned, L(0, 0) = 5, every other entry a * b + 1 - 2 (b & 1): asymmetric.
sim::Operator sample() {
    sim::Operator op;
    op.name = "sample-P3";
    op.a = {"act", 3, true};
    op.b = {"wgt", 4, false};
    op.y = {"out", 8, true};
    op.sources = {{{"s.v", "module s; endmodule\n", false}}, "s", {{"P", "3"}}, {}};
    op.exhaustive = true;
    op.swept_pairs = 128;
    op.metrics.mae = 1.25;
    for (int a = 0; a < 8; ++a) {
        for (int b = 0; b < 16; ++b) op.lut.push_back((a < 4 ? a : a - 8) * b + 1 - 2 * (b & 1));
    }
    op.lut[0] = 5;
    return op;
}

class Inspect : public testing::ProgramTest {
  protected:
    void SetUp() override { save_operator(sample(), file("op.h5")); }
};

TEST_F(Inspect, PrintsWhatTheFileHolds) {
    const ProgramResult result = run({"inspect", "op.h5", "--json", "r.json"});
    ASSERT_EQ(result.exit_code, 0) << result.err;
    for (const char* line :
         {"sample-P3\n", "kind            multiplier\n", "a               act, 3 bits signed\n",
          "b               wgt, 4 bits unsigned\n", "parameters      P=3\n", "table           128 entries\n",
          "engines         gather\n", "swept           all 128 pairs\n", "mae             1.25\n"}) {
        EXPECT_THAT(result.out, HasSubstr(line));
    }
    const nlohmann::json op = json("r.json")["result"]["operators"][0];
    EXPECT_EQ(op["sha256"], content_hash(sample()));
    EXPECT_EQ(op["metrics"]["mae"], 1.25);
    EXPECT_EQ(op["a"]["name"], "act");
    EXPECT_EQ(op["b"]["signed"], false);
    EXPECT_EQ(op["engines"], nlohmann::json({"gather"}));
}

TEST_F(Inspect, EvaluatesSignedCodesActivationFirst) {
    const ProgramResult result =
        run({"inspect", "op.h5", "--eval", "-4,15", "--eval", "0,0", "--eval=3,2", "--json", "r.json"});
    ASSERT_EQ(result.exit_code, 0) << result.err;
    EXPECT_THAT(result.out, HasSubstr("sample-P3(-4, 15) = -61, exact -60, error -1\n"));
    EXPECT_THAT(result.out, HasSubstr("sample-P3(0, 0) = 5, exact 0, error 5\n"));
    EXPECT_THAT(result.out, HasSubstr("sample-P3(3, 2) = 7, exact 6, error 1\n"));
    EXPECT_EQ(json("r.json")["result"]["operators"][0]["values"][0]["value"], -61);
}

TEST_F(Inspect, ValuesAreInUnitsOfOne) {
    sim::Operator op = sample();
    op.y_lsb = 2;
    save_operator(op, file("op.h5"));
    EXPECT_THAT(run({"inspect", "op.h5", "--eval", "1,2"}).out, HasSubstr("(1, 2) = 12, exact 2, error 10\n"));
}

TEST_F(Inspect, RefusesCodesThatThePortsDoNotTake) {
    const ProgramResult result = run({"inspect", "op.h5", "--eval", "4,0"});
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_THAT(result.err, HasSubstr("sample-P3: --eval: 4 is outside -4 to 3, what port act of 3 signed bits takes"));
    EXPECT_THAT(run({"inspect", "op.h5", "--eval", "0,-1"}).err, HasSubstr("-1 is outside 0 to 15"));
    for (const std::string pair : {"1", "1,", ",1", "a,b", "1,2,3", "1 ,2"}) {
        EXPECT_EQ(run({"inspect", "op.h5", "--eval", pair}).exit_code, 1) << pair;
    }
}

TEST_F(Inspect, ComparesSeveralFilesSideBySide) {
    sim::Operator other = sample();
    other.name = "other";
    other.metrics.mae = 7.5;
    save_operator(other, file("other.h5"));
    const ProgramResult result = run({"inspect", "op.h5", "other.h5", "--eval", "0,0"});
    ASSERT_EQ(result.exit_code, 0) << result.err;
    EXPECT_THAT(result.out, HasSubstr("mae             1.25                  7.5\n"));
    EXPECT_THAT(result.out, AllOf(HasSubstr("sample-P3(0, 0)"), HasSubstr("other(0, 0)")));
    const ProgramResult plot = run({"inspect", "op.h5", "other.h5", "--plot", "x.svg"});
    EXPECT_EQ(plot.exit_code, 1);
    EXPECT_THAT(plot.err, HasSubstr("--plot and --export take one operator file"));
}

TEST_F(Inspect, ExportsReadBack) {
    for (const std::string name : {"t.bin", "t.npy", "t.csv", "t.h"}) {
        const ProgramResult result = run({"inspect", "op.h5", "--export", name});
        ASSERT_EQ(result.exit_code, 0) << result.err;
        EXPECT_THAT(result.out, HasSubstr("wrote " + name + "\n"));
    }
    const std::string bin = read_file(file("t.bin")), npy = read_file(file("t.npy"));
    std::vector<int32_t> values(bin.size() / 4);
    std::memcpy(values.data(), bin.data(), bin.size());
    EXPECT_EQ(values, sample().lut);
    EXPECT_EQ(npy.substr(npy.size() - bin.size()), bin);
    EXPECT_THAT(read_file(file("t.csv")), HasSubstr("\n-4,15,-61\n"));
    EXPECT_THAT(read_file(file("t.h")), HasSubstr("static const int32_t sample_P3[8][16] = {\n    {5, -1, 1,"));
    const ProgramResult unknown = run({"inspect", "op.h5", "--export", "t.txt"});
    EXPECT_EQ(unknown.exit_code, 1);
    EXPECT_THAT(unknown.err, HasSubstr("'t.txt' ends in '.txt', expected .bin, .csv, .npy or .h"));
}

TEST_F(Inspect, DrawsTheErrorMap) {
    ASSERT_EQ(run({"inspect", "op.h5", "--plot", "map.svg"}).exit_code, 0);
    const std::string svg = read_file(file("map.svg"));
    EXPECT_THAT(svg, AllOf(HasSubstr("<svg"), HasSubstr("</svg>"), HasSubstr("sample-P3")));
}

TEST_F(Inspect, OperatorsWithoutATableHaveNothingToExport) {
    sim::Operator op = sample();
    op.a.bits = 13;
    op.b.bits = 13;
    op.closed_form = sim::ClosedForm::product;
    op.exhaustive = false;
    op.lut.clear();
    save_operator(op, file("wide.h5"));
    EXPECT_THAT(run({"inspect", "wide.h5"}).out, AllOf(HasSubstr("table           none\n"), HasSubstr("gather")));
    const ProgramResult result = run({"inspect", "wide.h5", "--export", "t.bin"});
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_THAT(result.err, HasSubstr("sample-P3: has no table to export"));
    EXPECT_FALSE(std::filesystem::exists(file("t.bin")));
}

TEST_F(Inspect, DamagedFilesAreOneSentence) {
    write_file(file("cut.h5"), read_file(file("op.h5")).substr(0, 3000));
    const ProgramResult result = run({"inspect", "cut.h5"});
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_THAT(result.err, MatchesRegex("concrete inspect: cut.h5: [^\n]*\n"));
}

}  // namespace
}  // namespace concrete::app

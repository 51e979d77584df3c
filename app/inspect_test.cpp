// concrete inspect on operators written here: values, comparisons, exports read back.
#include <cstring>
#include <gmock/gmock.h>

#include "app/testing.h"
#include "gen/liberty_testing.h"
#include "sim/decompose.h"
#include "sim/operand_distribution.h"
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
          "engines         gather permute logic\n", "swept           all 128 pairs\n", "mae             1.25\n"}) {
        EXPECT_THAT(result.out, HasSubstr(line));
    }
    const nlohmann::json op = json("r.json")["result"]["operators"][0];
    EXPECT_EQ(op["sha256"], content_hash(sample()));
    EXPECT_EQ(op["metrics"]["mae"], 1.25);
    EXPECT_EQ(op["a"]["name"], "act");
    EXPECT_EQ(op["b"]["signed"], false);
    EXPECT_EQ(op["engines"], nlohmann::json({"gather", "permute", "logic"}));
}

TEST_F(Inspect, ShowsThePassesOfItsDecomposition) {
    sim::Operator op = sample();
    EXPECT_THAT(run({"inspect", "op.h5"}).out, HasSubstr("passes          -\n"));
    op.decomposition = sim::decompose(op.lut, 8, 16);
    ASSERT_TRUE(op.decomposition);
    const std::string passes = std::to_string(op.decomposition->terms.size());
    op.decomposition_bound = op.decomposition->terms.size();
    save_operator(op, file("op.h5"));
    EXPECT_THAT(run({"inspect", "op.h5"}).out, HasSubstr("passes          " + passes + "\n"));
    --*op.decomposition_bound;
    save_operator(op, file("op.h5"));
    EXPECT_THAT(run({"inspect", "op.h5", "--json", "r.json"}).out, HasSubstr(passes + " (at least "));
    const nlohmann::json found = json("r.json")["result"]["operators"][0]["decomposition"];
    EXPECT_EQ(found["passes"], op.decomposition->terms.size());
    EXPECT_EQ(found["bound"], *op.decomposition_bound);
    EXPECT_EQ(found["shifts"].size(), 1U);
    op.decomposition.reset();
    op.decomposition_absence = "too many";
    save_operator(op, file("op.h5"));
    EXPECT_THAT(run({"inspect", "op.h5", "--json", "r.json"}).out, HasSubstr("passes          none (at least "));
    EXPECT_EQ(json("r.json")["result"]["operators"][0]["decomposition"]["absence"], "too many");
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

/// y = a & b of one bit each, as netlist, with invented costs.
sim::Operator gate() {
    sim::Operator op;
    op.name = "gate";
    op.a = {"a", 1, false};
    op.b = {"b", 1, false};
    op.y = {"y", 1, false};
    op.sources = {
        {{"g.v", "module g(input a, input b, output y);\n  assign y = a & b;\nendmodule\n", false}}, "g", {}, {}};
    op.exhaustive = true;
    op.swept_pairs = 4;
    op.lut = {0, 0, 0, 1};
    op.netlist = sim::Netlist{2, {{{2, 3, 0}, 0xc0}}, {4}};
    op.equivalence = {true, false, 4, 0};
    op.cost = {3, 2, 1, 0.75};
    op.exact_cost = {4, 2, 0, 1.5};
    return op;
}

TEST_F(Inspect, ShowsCostRelativeToTheExactOperator) {
    save_operator(gate(), file("gate.h5"));
    const ProgramResult result = run({"inspect", "gate.h5", "op.h5", "--json", "r.json"});
    ASSERT_EQ(result.exit_code, 0) << result.err;
    for (const char* line : {"netlist         equal on all 4 inputs ", "gates           3 (0.75x) ",
                             "nodes           2 (1.00x) ", "depth           1 ", "energy          0.75 (0.50x) "}) {
        EXPECT_THAT(result.out, HasSubstr(line));
    }
    const nlohmann::json op = json("r.json")["result"]["operators"][0];
    EXPECT_EQ(op["cost"]["gates"], 3.0);
    EXPECT_EQ(op["exact_cost"]["energy"], 1.5);
    EXPECT_EQ(op["relative_cost"]["energy"], 0.5);
    EXPECT_TRUE(op["relative_cost"]["depth"].is_null());
    EXPECT_EQ(op["netlist"]["equivalence"]["exhaustive"], true);
    EXPECT_FALSE(json("r.json")["result"]["operators"][1].contains("cost"));
}

TEST_F(Inspect, SaysHowTheNetlistWasShownEqual) {
    sim::Operator op = gate();
    op.equivalence = {false, true, 16777216, 7};
    save_operator(op, file("formal.h5"));
    op.equivalence = {false, false, 999999, 7};
    save_operator(op, file("vectors.h5"));
    op.netlist.reset();
    op.cost.reset();
    op.exact_cost.reset();
    op.netlist_absence = "Yosys refuses it: g.v:2: syntax error";
    save_operator(op, file("none.h5"));
    EXPECT_THAT(run({"inspect", "formal.h5"}).out,
                HasSubstr("netlist         equal formally, and on 16,777,216 vectors, seed 7\n"));
    EXPECT_THAT(run({"inspect", "vectors.h5"}).out, HasSubstr("netlist         equal on 999999 vectors, seed 7\n"));
    const std::string none = run({"inspect", "none.h5", "--json", "r.json"}).out;
    EXPECT_THAT(none, AllOf(HasSubstr("netlist         none\n"),
                            HasSubstr("gate: no netlist: Yosys refuses it: g.v:2: syntax error\n")));
    EXPECT_EQ(json("r.json")["result"]["operators"][0]["netlist"]["absence"], "Yosys refuses it: g.v:2: syntax error");
}

TEST_F(Inspect, SampledFiguresHaveConfidence) {
    sim::Operator op = sample();
    op.exhaustive = false;
    op.metrics.mae = 12.3;
    op.metrics.ep_percent = 40;
    op.confidence.mae = 0.1;
    op.confidence.ep_percent = 0.25;
    save_operator(op, file("op.h5"));
    const ProgramResult result = run({"inspect", "op.h5", "--json", "r.json"});
    EXPECT_THAT(result.out,
                AllOf(HasSubstr("mae             12.3 +- 0.1\n"), HasSubstr("ep_percent      40 +- 0.25 %\n")));
    EXPECT_EQ(json("r.json")["result"]["operators"][0]["confidence"]["mae"], 0.1);
}

TEST_F(Inspect, EvaluatesTheNetlistWhereThereIsNoTable) {
    sim::Operator op = gate();
    op.a.bits = 16;
    op.b.bits = 16;
    op.y = {"y", 17, true};
    op.lut.clear();
    op.exhaustive = false;
    op.netlist = sim::Netlist{32, {}, {}};  // y = {a[0], b}
    for (uint32_t i = 0; i < 16; ++i) op.netlist->outputs.push_back(op.netlist->input(16 + i));
    op.netlist->outputs.push_back(op.netlist->input(0));
    save_operator(op, file("wide.h5"));
    const ProgramResult result = run({"inspect", "wide.h5", "--eval", "3,5"});
    ASSERT_EQ(result.exit_code, 0) << result.err;
    EXPECT_THAT(result.out, HasSubstr("gate(3, 5) = -65531, exact 15, error -65546\n"));
}

class InspectWeights : public Inspect {
  protected:
    /// Of the pairs of gate(): conv1 has (1, 1) only, conv2 the other three alike.
    void SetUp() override {
        Inspect::SetUp();
        sim::Operator op = gate();
        op.lut[3] = 0;  // wrong at (1, 1)
        op.metrics.mae = 0.25;
        save_operator(op, file("gate.h5"));
        save_operand_distribution(distribution(), file("d.h5"));
    }
    static sim::OperandDistribution distribution() {
        const sim::OperandCounts conv1{gate().a, gate().b, {0, 30}, {0, 30}, {0, 0, 0, 30}, ""};
        const sim::OperandCounts conv2{gate().a, gate().b, {20, 10}, {20, 10}, {10, 10, 10, 0}, ""};
        sim::OperandDistribution d{"net", "run.yaml", "abc", 10, {{"conv1", conv1}, {"conv2", conv2}}, {}};
        d.total = total_counts(d.layers);
        return d;
    }
};

TEST_F(InspectWeights, StandBesideTheUniformFigures) {
    const ProgramResult total = run({"inspect", "gate.h5", "--weights", "d.h5", "--json", "r.json"});
    ASSERT_EQ(total.exit_code, 0) << total.err;
    EXPECT_THAT(total.out, AllOf(HasSubstr("                gate                          d.h5\n"),
                                 HasSubstr("mae             0.25                          0.5\n")));
    const nlohmann::json weighted = json("r.json")["result"]["operators"][0]["weighted_metrics"];
    EXPECT_EQ(weighted["mae"], 0.5);
    EXPECT_EQ(weighted["macs"], 60);
    EXPECT_EQ(weighted["pairs"], 4);
    EXPECT_TRUE(weighted["layer"].is_null());
    EXPECT_NEAR(weighted["energy"].get<double>(), 2 * 0.5 * 0.5 * 2, 0.02) << "the gate is 1 in half of all pairs";
    EXPECT_THAT(run({"inspect", "gate.h5", "--weights", "d.h5", "--layer", "conv1"}).out, HasSubstr("conv1 of d.h5"));
    run({"inspect", "gate.h5", "--weights", "d.h5", "--layer", "conv2", "--json", "r.json"});
    EXPECT_EQ(json("r.json")["result"]["operators"][0]["weighted_metrics"]["mae"], 0.0);
    EXPECT_EQ(json("r.json")["result"]["operators"][0]["weighted_metrics"]["energy"], 0.0);
}

TEST_F(InspectWeights, MustBelongToTheOperator) {
    const auto expect = [&](std::vector<std::string> arguments, int exit_code, const std::string& message) {
        arguments.insert(arguments.begin(), "inspect");
        const ProgramResult result = run(arguments);
        EXPECT_EQ(result.exit_code, exit_code) << result.err;
        EXPECT_THAT(result.err, HasSubstr(message));
        EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
    };
    expect({"op.h5", "--weights", "d.h5"}, 2,
           "takes 3 bits signed by 4 bits unsigned, but d.h5 was recorded at 1 bits");
    expect({"gate.h5", "--weights", "d.h5", "--layer", "conv3"}, 2,
           "has no layer 'conv3', expected one of conv1, conv2");
    expect({"gate.h5", "--layer", "conv1"}, 1, "--weights");
    expect({"gate.h5", "--weights", "gate.h5"}, 2, "expected 'concrete-operands'");
    expect({"gate.h5", "--weights", "absent.h5"}, 2, "absent.h5");
    sim::OperandDistribution d = distribution();
    d.total.reset();
    save_operand_distribution(d, file("d.h5"));
    expect({"gate.h5", "--weights", "d.h5"}, 2, "choose one by --layer: conv1, conv2");
}

TEST_F(Inspect, MapsToTheCellsOfALibrary) {
    save_operator(gate(), file("gate.h5"));
    write_file(file("tiny.lib"), gen::testing::tiny_library());
    const ProgramResult result = run({"inspect", "gate.h5", "--liberty", "tiny.lib", "--json", "r.json"});
    ASSERT_EQ(result.exit_code, 0) << result.err;
    const nlohmann::json op = json("r.json")["result"]["operators"][0];
    EXPECT_EQ(op["mapped"]["cells"], nlohmann::json({{"AND2", 1}}));
    EXPECT_EQ(op["mapped"]["area"], 2.5);
    EXPECT_THAT(result.out, AllOf(HasSubstr("library         tiny\n"), HasSubstr("area            2.5 (1.00x)\n"),
                                  HasSubstr("leakage         4 nW (1.00x)\n")));
    write_file(file("bad.lib"), "hello\n");
    const ProgramResult bad = run({"inspect", "gate.h5", "--liberty", "bad.lib"});
    EXPECT_EQ(bad.exit_code, 2);
    EXPECT_THAT(bad.err, MatchesRegex("concrete inspect: bad.lib:1: expected 'library[^\n]*\n"));
}

TEST_F(Inspect, DamagedFilesAreOneSentence) {
    write_file(file("cut.h5"), read_file(file("op.h5")).substr(0, 3000));
    const ProgramResult result = run({"inspect", "cut.h5"});
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_THAT(result.err, MatchesRegex("concrete inspect: cut.h5: [^\n]*\n"));
}

}  // namespace
}  // namespace concrete::app

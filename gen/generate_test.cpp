#include "gen/generate.h"

#include <fstream>
#include <gmock/gmock.h>

#include "gen/metrics.h"
#include "gen/operator_cache.h"
#include "gen/testing.h"
#include "sim/file.h"

namespace concrete::gen {
namespace {

using gen::testing::input_error;
using gen::testing::sources_of;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class GenerateTest : public ::testing::Test {
  protected:
    static Request request(const std::string& text, const std::string& name = "circuit") {
        Request result;
        result.name = name;
        result.sources = sources_of(text);
        return result;
    }
    static sim::Operator make(const Request& request) { return generate({&request, 1}, 1).at(0); }
    static std::string error_of(const Request& request) {
        return input_error([&] { generate({&request, 1}, 1); });
    }
    static std::vector<std::string> notes_of(const Request& request) {
        std::vector<std::string> notes;
        generate({&request, 1}, 1, {}, [&](const std::string& note) { notes.push_back(note); });
        return notes;
    }
};

std::string multiplier(const std::string& expression, const std::string& sign = "") {
    return "module t(input " + sign + " [3:0] a, input " + sign + " [3:0] b, output " + sign +
           " [7:0] y);\nassign y = " + expression + ";\nendmodule\n";
}

TEST_F(GenerateTest, MakesAMultiplierWithTableAndMetrics) {
    Request wanted = request(multiplier("a * b + {7'b0, a[0] & b[1]}"));
    const sim::Operator op = make(wanted);
    EXPECT_EQ(op.name, "circuit");
    EXPECT_EQ(op.kind, sim::OperatorKind::multiplier);
    EXPECT_EQ(op.a, (sim::Port{"a", 4, false}));
    EXPECT_EQ(op.y, (sim::Port{"y", 8, false}));
    EXPECT_EQ(op.sources, wanted.sources);
    EXPECT_EQ(op.sources_sha256.size(), 64u);
    EXPECT_EQ(op.tools.count("verilator"), 1u);
    EXPECT_TRUE(op.exhaustive);
    EXPECT_EQ(op.swept_pairs, 256u);
    ASSERT_EQ(op.lut.size(), 256u);
    for (int a = 0; a < 16; ++a) {
        for (int b = 0; b < 16; ++b) EXPECT_EQ(sim::lookup(op, a, b), a * b + (a & (b >> 1) & 1));
    }
    EXPECT_EQ(op.metrics, table_metrics(op));
    EXPECT_DOUBLE_EQ(op.metrics.mae, 0.25);
}

TEST_F(GenerateTest, TakesDeclaredSigns) {
    const sim::Operator op = make(request(multiplier("a * b", "signed")));
    EXPECT_TRUE(op.a.is_signed && op.b.is_signed && op.y.is_signed);
    EXPECT_EQ(sim::lookup(op, 15, 7), -7);
    EXPECT_EQ(op.metrics, sim::Metrics{});
    EXPECT_THAT(notes_of(request(multiplier("a * b", "signed"))), IsEmpty());
    // An output without a sign is signed if an input is; operands may differ.
    const sim::Operator mixed =
        make(request("module t(input [3:0] a, input signed [3:0] b, output [8:0] y);\n"
                     "assign y = $signed({1'b0, a}) * b; endmodule"));
    EXPECT_EQ((std::vector{mixed.a.is_signed, mixed.b.is_signed, mixed.y.is_signed}), (std::vector{false, true, true}));
    EXPECT_EQ(sim::lookup(mixed, 15, 15), -15);
    EXPECT_EQ(mixed.metrics, sim::Metrics{});
}

TEST_F(GenerateTest, MeasuresBothReadingsWhereNothingIsDeclared) {
    const Request is_signed = request(multiplier("$signed(a) * $signed(b)"));
    EXPECT_TRUE(make(is_signed).y.is_signed);
    // Said again when the operator comes from the cache.
    for (int k = 0; k < 2; ++k) EXPECT_THAT(notes_of(is_signed), ElementsAre(HasSubstr("circuit: read as signed")));
    EXPECT_FALSE(make(request(multiplier("a * b"))).y.is_signed);
    // a * b in the low half is right for both, the upper half for none.
    Request doubtful = request(multiplier("{4'b0101, a[3:0] * b[3:0]}"));
    doubtful.kind = sim::OperatorKind::multiplier;
    EXPECT_THAT(error_of(doubtful),
                AllOf(HasSubstr("circuit: mean absolute error"), HasSubstr("--signed or --unsigned")));
    doubtful.is_signed = false;
    EXPECT_FALSE(make(doubtful).y.is_signed);
}

TEST_F(GenerateTest, MakesAdders) {
    const auto adder = [](const char* range) {
        return request(std::string("module t(input [3:0] a, b, output ") + range + " y); assign y = a + b; endmodule");
    };
    const sim::Operator carry = make(adder("[4:0]"));
    EXPECT_EQ(carry.kind, sim::OperatorKind::adder);
    EXPECT_FALSE(carry.a.is_signed);
    EXPECT_EQ(sim::lookup(carry, 15, 15), 30);
    const sim::Operator modular = make(adder("[3:0]"));
    EXPECT_EQ(modular.kind, sim::OperatorKind::adder);
    EXPECT_EQ(sim::lookup(modular, 15, 15), 14);
    EXPECT_EQ(modular.metrics, sim::Metrics{});
    EXPECT_EQ(make(request("module t(input a, b, output [1:0] y); assign y = a + b; endmodule")).kind,
              sim::OperatorKind::adder);
    EXPECT_EQ(make(request("module t(input a, b, output [1:0] y); assign y = {1'b0, a & b}; endmodule")).kind,
              sim::OperatorKind::multiplier);
}

TEST_F(GenerateTest, AssignsPortsByName) {
    const auto with = [](const std::string& first, const std::string& second) {
        return request("module t(input [3:0] " + first + ", input [3:0] " + second +
                       ", output [7:0] O); assign O = " + first + " * " + second + "; endmodule");
    };
    EXPECT_EQ(make(with("A", "B")).a.name, "A");
    EXPECT_EQ(make(with("B", "A")).a.name, "A");
    EXPECT_EQ(make(with("in_1", "in_0")).a.name, "in_0");
    EXPECT_EQ(make(with("weight_i", "act_i")).a.name, "act_i");
    EXPECT_EQ(make(with("multiplier", "multiplicand")).a.name, "multiplicand");
    Request unknown = with("foo", "bar");
    EXPECT_THAT(error_of(unknown), HasSubstr("circuit: the names 'foo' and 'bar' do not say which operand"));
    unknown.b_port = "foo";
    EXPECT_EQ(make(unknown).a.name, "bar");
    unknown.a_port = "foo";
    EXPECT_THAT(error_of(unknown), HasSubstr("--a and --b both name 'foo'"));
    unknown.a_port = "qux";
    EXPECT_THAT(error_of(unknown), AllOf(HasSubstr("--a qux"), HasSubstr("foo, bar")));
}

TEST_F(GenerateTest, RefusesOtherInterfaces) {
    EXPECT_THAT(error_of(request("module t(input a, b, cin, output [1:0] y); assign y = a + b + cin; endmodule")),
                HasSubstr("circuit: module 't' has 3 inputs (a, b, cin) and 1 outputs (y), expected two and one"));
    EXPECT_THAT(
        error_of(request("module t(input [3:0] a, b, output [3:0] s, output c); assign {c, s} = a + b; endmodule")),
        HasSubstr("2 outputs (s, c)"));
    EXPECT_THAT(error_of(request("module t(input a, output y); assign y = a; endmodule")),
                HasSubstr("has 1 inputs (a)"));
    const Request narrow = request("module t(input [3:0] a, b, output [5:0] y); assign y = a * b; endmodule");
    EXPECT_THAT(error_of(narrow), AllOf(HasSubstr("neither multiplier nor adder by its widths"), HasSubstr("--y-lsb")));
    Request adder = request("module t(input [3:0] a, input [2:0] b, output [4:0] y); assign y = a + b; endmodule");
    adder.kind = sim::OperatorKind::adder;
    EXPECT_THAT(error_of(adder), HasSubstr("operands are equally wide, but 'a' has 4 bits and 'b' 3"));
    EXPECT_THAT(error_of(request("module t(input [3:0] a, b, output [3:0] y); assign y = a - b; endmodule")),
                AllOf(HasSubstr("by its widths an adder"), HasSubstr("--kind")));
    EXPECT_THAT(error_of(request(multiplier("a[0] ? 8'bx : b"))),
                HasSubstr("circuit: the output depends on unknown (x)"));
}

TEST_F(GenerateTest, KeepsDroppedLowBits) {
    Request wanted =
        request("module t(input [3:0] a, b, output [3:0] y); wire [7:0] p = a * b; assign y = p[7:4]; endmodule");
    wanted.kind = sim::OperatorKind::multiplier;
    EXPECT_THAT(error_of(wanted), HasSubstr("--y-lsb"));
    wanted.y_lsb = 4;
    wanted.is_signed = false;
    const sim::Operator op = make(wanted);
    EXPECT_EQ(op.y_lsb, 4);
    EXPECT_EQ(sim::lookup(op, 15, 15), 14);
    EXPECT_EQ(op.metrics.wce, 15);
}

TEST_F(GenerateTest, ChecksClosedForms) {
    Request product = request(multiplier("a * b"));
    product.closed_form = sim::ClosedForm::product;
    EXPECT_EQ(make(product).closed_form, sim::ClosedForm::product);
    product.sources = sources_of(multiplier("a * b + (a == 9 && b == 5)"));
    EXPECT_THAT(error_of(product),
                HasSubstr("circuit: is said to be product, but gives 0x2e at a=0x9 b=0x5, expected 0x2d"));
    product.closed_form = sim::ClosedForm::sum;
    EXPECT_THAT(error_of(product), HasSubstr("the closed form sum is for a adder"));
    Request loa = request(
        "module t(input [5:0] a, b, output [5:0] y);\n"
        "assign y = {a[5:2] + b[5:2] + {3'b0, a[1] & b[1]}, a[1:0] | b[1:0]}; endmodule");
    loa.closed_form = sim::ClosedForm::lower_part_or;
    loa.or_bits = 2;
    const sim::Operator op = make(loa);
    EXPECT_EQ(op.or_bits, 2);
    EXPECT_EQ(op.metrics.wce, 2);
    EXPECT_DOUBLE_EQ(op.metrics.mean_error, 0.25);
    loa.or_bits = 3;
    EXPECT_THAT(error_of(loa), HasSubstr("is said to be lower_part_or"));
}

TEST_F(GenerateTest, ChecksLowerPartsOfAdders) {
    Request adder = request(
        "module t(input [5:0] a, b, output [5:0] y);\n"
        "assign y = {a[5:2] + b[5:2], a[1:0] | b[1:0]}; endmodule");
    adder.or_bits = 2;
    adder.closed_form = sim::ClosedForm::lower_part_or_only;
    EXPECT_EQ(make(adder).or_bits, 2);
    const std::pair<sim::ClosedForm, const char*> others[] = {
        {sim::ClosedForm::lower_part_zero, "2'd0"},
        {sim::ClosedForm::lower_part_one, "2'd3"},
        {sim::ClosedForm::lower_part_copy, "a[1:0]"},
        {sim::ClosedForm::lower_part_eta_i, "(a[1:0] ^ b[1:0]) | {a[1] & b[1], |(a[1:0] & b[1:0])}"}};
    for (const auto& [form, low] : others) {
        adder.closed_form = form;
        EXPECT_THAT(error_of(adder), HasSubstr("is said to be " + sim::to_string(form)));
        adder.sources =
            sources_of(std::string("module t(input [5:0] a, b, output [5:0] y);\nassign y = {a[5:2] + b[5:2], ") + low +
                       "}; endmodule");
        EXPECT_EQ(make(adder).closed_form, form);
    }
}

// An exact bit among the low ones: the lower part ends below it, at whatever width the parameter is cut off.
TEST_F(GenerateTest, TakesExactBitsFromLowerParts) {
    Request adder = request(
        "module t(input [3:0] a, b, output [3:0] y);\n"
        "assign y = {a[3] ^ b[3], a[2:0] | b[2:0]}; endmodule");
    adder.kind = sim::OperatorKind::adder;
    adder.closed_form = sim::ClosedForm::lower_part_or_only;
    adder.or_bits = 9;
    EXPECT_THAT(error_of(adder), HasSubstr("is said to be lower_part_or_only"));
    adder.or_bits_less = 1;
    EXPECT_EQ(make(adder).or_bits, 3);
    adder.or_bits = 0;
    adder.sources = sources_of("module t(input [3:0] a, b, output [3:0] y); assign y = a + b; endmodule");
    EXPECT_EQ(make(adder).or_bits, 0);
}

TEST_F(GenerateTest, SamplesWideOperators) {
    Request wide = request("module t(input signed [15:0] a, b, output signed [31:0] y); assign y = a * b; endmodule");
    wide.samples = 20000;
    wide.exhaustive_bits = 24;
    wide.closed_form = sim::ClosedForm::product;
    const sim::Operator op = make(wide);
    EXPECT_FALSE(op.exhaustive);
    EXPECT_EQ(op.swept_pairs, 20000u);
    EXPECT_EQ(op.sample_seed, 1u);
    EXPECT_TRUE(op.lut.empty());
    EXPECT_EQ(op.metrics, sim::Metrics{});
    // A single wrong corner is found, whatever the seed.
    for (const uint64_t seed : {1, 2}) {
        wide.seed = seed;
        wide.sources = sources_of(
            "module t(input signed [15:0] a, b, output signed [31:0] y);\n"
            "assign y = a * b + $signed({1'b0, a == -16'sd32768 && b == -16'sd32768}); endmodule");
        EXPECT_THAT(error_of(wide), HasSubstr("at a=0x8000 b=0x8000"));
    }
    wide.exhaustive_bits = 33;
    EXPECT_THAT(error_of(wide), HasSubstr("expected 24 to 32"));
}

/// Wrong at one pair that no corner hits; 25 input bits.
constexpr const char* kRarelyWrong =
    "module t(input [12:0] a, input [11:0] b, output [24:0] y);\n"
    "assign y = a * b + (a == 13'd1234 && b == 12'd987); endmodule";

TEST_F(GenerateTest, FiguresOfWideOperatorsAreOfAllPairs) {
    Request wide = request(kRarelyWrong);
    wide.samples = 10000;
    const sim::Operator op = make(wide);
    EXPECT_TRUE(op.exhaustive);
    EXPECT_EQ(op.swept_pairs, uint64_t{1} << 25);
    EXPECT_TRUE(op.lut.empty());
    EXPECT_DOUBLE_EQ(op.metrics.mae, 0x1p-25);
    EXPECT_EQ(op.metrics.wce, 1);
    EXPECT_EQ(op.equivalence, (sim::Equivalence{false, true, 10000, 1}));
}

TEST_F(GenerateTest, SimulatesAllPairsBeyondTheTableWhenThereIsTime) {
    Request wide = request(kRarelyWrong);
    wide.closed_form = sim::ClosedForm::product;
    wide.samples = 10000;
    wide.sweep_s = 1e9;
    EXPECT_THAT(error_of(wide), HasSubstr("at a=0x4d2 b=0x3db"));
    wide.closed_form = sim::ClosedForm::none;
    EXPECT_EQ(make(wide).equivalence, (sim::Equivalence{true, true, uint64_t{1} << 25, 0}));
}

TEST_F(GenerateTest, KeepsTheCircuitAsANetlist) {
    const sim::Operator op = make(request(multiplier("a * b + (a == 9 && b == 5)")));
    ASSERT_TRUE(op.netlist);
    EXPECT_EQ(op.equivalence, (sim::Equivalence{true, false, 256, 0}));
    std::vector<uint64_t> inputs(8);
    for (uint64_t pair = 0; pair < 256; ++pair) {
        for (uint32_t bit = 0; bit < 4; ++bit) {
            inputs[bit] = pair >> (4 + bit) & 1;
            inputs[4 + bit] = pair >> bit & 1;
        }
        int64_t y = 0;
        const std::vector<uint64_t> outputs = sim::evaluate64(*op.netlist, inputs);
        for (size_t bit = 0; bit < outputs.size(); ++bit) y |= static_cast<int64_t>(outputs[bit] & 1) << bit;
        EXPECT_EQ(y, sim::lookup(op, pair >> 4, pair & 15));
    }
    ASSERT_TRUE(op.cost && op.exact_cost);
    EXPECT_EQ(op.cost->nodes, static_cast<double>(op.netlist->nodes.size()));
    EXPECT_GT(op.cost->gates, op.exact_cost->gates);
}

TEST_F(GenerateTest, DependsOnNeitherThreadsNorCompany) {
    std::vector<Request> requests;
    for (int k = 0; k < 5; ++k) {
        requests.push_back(request(multiplier("a * b + " + std::to_string(k)), "op" + std::to_string(k)));
        requests.back().kind = sim::OperatorKind::multiplier;
        requests.back().is_signed = false;
    }
    std::vector<std::vector<sim::Operator>> results;
    for (const int threads : {1, 2}) {
        for (const Request& one : requests) std::filesystem::remove(cache_entry(one));
        std::vector<std::pair<size_t, size_t>> progress;
        results.push_back(
            generate(requests, threads, [&](size_t done, size_t total) { progress.emplace_back(done, total); }));
        EXPECT_THAT(progress, ElementsAre(std::pair{0, 5}, std::pair{5, 5}));
    }
    EXPECT_EQ(results[0], results[1]);
    std::filesystem::remove(cache_entry(requests[3]));
    EXPECT_EQ(make(requests[3]), results[0][3]);
}

TEST_F(GenerateTest, UsesTheCacheAndMendsIt) {
    const Request wanted = request(multiplier("a * b | 8'd2"));
    const sim::Operator op = make(wanted);
    const std::filesystem::path entry = cache_entry(wanted);
    ASSERT_TRUE(std::filesystem::exists(entry));
    const std::string whole = read_file(entry);
    const auto written = std::filesystem::last_write_time(entry);
    EXPECT_EQ(make(wanted), op);
    EXPECT_EQ(std::filesystem::last_write_time(entry), written) << "made again instead of being read";
    for (const std::string& damaged : {whole.substr(0, whole.size() / 2), std::string("no HDF5"), std::string()}) {
        write_file(entry, damaged);
        EXPECT_EQ(make(wanted), op);
        EXPECT_EQ(read_file(entry), whole);
    }
    // Another operator under the entry's name is not taken for it.
    sim::Operator other = op;
    other.sources.top = "u";
    sim::save_operator(other, entry);
    EXPECT_EQ(make(wanted), op);
    Request changed = wanted;
    changed.sources.files[0].text += " ";
    EXPECT_NE(cache_entry(changed), entry);
    changed = wanted;
    changed.is_signed = false;
    EXPECT_NE(cache_entry(changed), entry);
}

TEST_F(GenerateTest, RefusesNamesThatNoFileCanHold) {
    EXPECT_THAT(error_of(request(multiplier("a * b"), std::string(201, 'n'))), HasSubstr("expected 1 to 200"));
    EXPECT_THAT(error_of(request(multiplier("a * b"), "")), HasSubstr("name is ''"));
}

TEST_F(GenerateTest, RefusesAProductWithoutItsLowBits) {
    Request fixed_width = request(multiplier("a * b"));
    fixed_width.kind = sim::OperatorKind::multiplier;
    fixed_width.y_lsb = 2;
    fixed_width.closed_form = sim::ClosedForm::product;
    EXPECT_THAT(error_of(fixed_width),
                HasSubstr("the closed form product is for all bits of a product, but y_lsb is 2"));
}

}  // namespace
}  // namespace concrete::gen

// Replays of operators that users bring: own port names, includes, defines, mixed signs, dropped bits.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gen/adapter.h"
#include "gen/elaborate.h"
#include "gen/process.h"
#include "gen/sources.h"
#include "gen/sweep.h"
#include "gen/table_import.h"
#include "verify/dump.h"
#include "verify/testing.h"

namespace concrete::verify {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using OperatorPtr = std::shared_ptr<const sim::Operator>;

OperatorPtr generated(const gen::Request& request) {
    return std::make_shared<const sim::Operator>(gen::generate(std::span(&request, 1), 2).front());
}

/// y = floor(a * b / 4): a signed, b unsigned. Includes nested and by -I, macros with and without a value.
OperatorPtr user_multiplier() {
    const TemporaryFolder folder;
    const auto& base = folder.path();
    write_file(base / "top.v",
               "module user_mul (\n    input signed [7:0] A,\n    input [7:0] B,\n    output signed [13:0] O\n);\n"
               "`include \"sub/body.vh\"  // `include \"nothing.vh\"\nendmodule\n");
    write_file(base / "sub/body.vh", "`include \"product.vh\"\n  assign O = product[15:`DROPPED];\n");
    write_file(base / "sub/product.vh",
               "`ifdef PLAIN\n`include \"common file.vh\"\n  wire signed [16:0] product = wide_a * wide_b;\n`else\n"
               "`include \"absent.vh\"\n`endif\n");
    write_file(base / "inc/common file.vh",
               "  wire signed [16:0] wide_a = A;\n  wire signed [16:0] wide_b = {9'b0, B};\n");
    gen::Request request;
    request.name = "user_mul";
    request.sources = gen::read_sources({base / "top.v"}, "user_mul", {}, {base / "inc"}, {"DROPPED=1+1", "PLAIN"});
    request.y_lsb = 2;
    return generated(request);
}

/// loa 4 in 24 bits, from files of the same names as those of user_multiplier, and of other text.
OperatorPtr user_adder() {
    const TemporaryFolder folder;
    const auto& base = folder.path();
    write_file(base / "top.v",
               "module user_add (\n    input signed [23:0] x,\n    input signed [23:0] y,\n"
               "    output signed [23:0] sum\n);\n`include \"sub/body.vh\"\nendmodule\n");
    write_file(base / "sub/body.vh", "`include \"common file.vh\"\n  assign sum = {upper, x[3:0] | y[3:0]};\n");
    write_file(base / "inc/common file.vh", "  wire [19:0] upper = x[23:4] + y[23:4] + {19'b0, x[3] & y[3]};\n");
    gen::Request request;
    request.name = "user_add";
    request.sources = gen::read_sources({base / "top.v"}, "user_add", {}, {base / "inc"});
    request.closed_form = sim::ClosedForm::lower_part_or;
    request.or_bits = 4;
    request.samples = uint64_t{1} << 18;
    return generated(request);
}

constexpr const char* kUserHardware = R"(
defaults:
  weights: {bits: 8, scheme: affine, per: channel}
  activations: {bits: 8, scheme: affine}
  multiplier: user_mul
  accumulator: {bits: 24, adder: user_add, overflow: saturate}
)";

class UserOperators : public ::testing::Test {
  protected:
    UserOperators()
        : network_(testing::kSmallNetwork, 2, 4),
          quantized_(network_.quantized(
              kUserHardware, testing::provider_of({{"user_mul", user_multiplier()}, {"user_add", user_adder()}}))),
          cases_(testing::sampled_cases(network_, quantized_, 30, 5)) {}

    testing::RandomNetwork network_;
    sim::QuantizedNetwork quantized_;
    std::vector<NeuronCase> cases_;
};

TEST_F(UserOperators, ReplayWithIncludesOwnPortsMixedSignsAndDroppedBits) {
    const sim::Operator& op = quantized_.mac_layers().front().products->multiplier();
    ASSERT_TRUE(op.a.is_signed && !op.b.is_signed && op.y.is_signed);
    ASSERT_EQ(op.a.name + op.b.name + op.y.name, "ABO");
    const std::vector<LayerReplay> layers = replay(cases_, {});
    ASSERT_EQ(layers.size(), 3u);
    for (const LayerReplay& layer : layers) {
        EXPECT_EQ(layer.first_mismatch, "");
        EXPECT_EQ(layer.hardware, "user_mul, user_add, 24 bits, saturate");
        EXPECT_GT(layer.macs, 0u);
    }
}

TEST_F(UserOperators, DumpedTestBenchPassesInIcarus) {
    const TemporaryFolder folder;
    for (const auto& layer : dump_vectors(cases_, rtl_folder(), folder.path() / "vectors")) {
        const gen::ProcessResult built =
            gen::run_process({"iverilog", "-g2005", "-c", "files.f", "-o", "replay.vvp"}, layer);
        ASSERT_EQ(built.exit_status, 0) << built.err;
        EXPECT_THAT(gen::run_process({"vvp", "-n", "replay.vvp"}, layer).out,
                    AllOf(HasSubstr("PASS: "), Not(HasSubstr("FAIL"))));
    }
}

TEST(UserOperator, SameVerilogReadAsSignedAndAsUnsignedIsTwoHardwares) {
    const TemporaryFolder folder;
    write_file(folder.path() / "mul.v",
               "module mul (\n    input [7:0] A,\n    input [7:0] B,\n    output [15:0] O\n);\n  assign O = A * B;\n"
               "endmodule\n");
    gen::Request request;
    request.name = "mul";
    request.sources = gen::read_sources({folder.path() / "mul.v"}, "mul", {});
    request.kind = sim::OperatorKind::multiplier;
    request.is_signed = false;
    const OperatorPtr as_unsigned = generated(request);
    request.is_signed = true;
    const OperatorPtr as_signed = generated(request);
    ASSERT_EQ(as_signed->sources, as_unsigned->sources);

    const testing::RandomNetwork network(testing::kSmallNetwork, 2, 4);
    const sim::QuantizedNetwork quantized = network.quantized(
        "defaults: {weights: {bits: 8, scheme: affine}, activations: {bits: 8, scheme: affine},"
        " multiplier: unsigned, accumulator: {bits: 24}}\nlayers: {fc1: {multiplier: signed}}\n",
        testing::provider_of({{"unsigned", as_unsigned}, {"signed", as_signed}}));
    for (const LayerReplay& layer : replay(testing::sampled_cases(network, quantized, 30, 5), {}))
        EXPECT_EQ(layer.first_mismatch, "");
}

TEST(UserOperator, BrokenVerilogOfAnAdderWithAClosedFormIsCaught) {
    const OperatorPtr sound = testing::catalogue_operator("add_exact-W16");
    ASSERT_EQ(sound->closed_form, sim::ClosedForm::sum);
    const OperatorPtr broken = testing::broken(sound, {"add_exact.v", "y = a + b;", "y = a | b;"});
    const testing::RandomNetwork network(testing::kSmallNetwork, 2, 4);
    const auto replayed = [&](const OperatorPtr& adder) {
        const sim::QuantizedNetwork quantized = network.quantized(
            "defaults: {weights: {bits: 8, scheme: symmetric}, activations: {bits: 8, scheme: symmetric},"
            " multiplier: mul8s_exact, accumulator: {bits: 16, adder: chosen}}\n",
            testing::provider_of({{"chosen", adder}}));
        return replay(testing::sampled_cases(network, quantized, 30, 5), {});
    };
    for (const LayerReplay& layer : replayed(sound)) EXPECT_EQ(layer.first_mismatch, "");
    for (const LayerReplay& layer : replayed(broken)) {
        EXPECT_GT(layer.mismatches, 0u) << layer.layer;
        EXPECT_EQ(layer.hardware, "mul8s_exact, add_exact-W16, 16 bits, wrap");
    }
}

// A multiplier that came as a table and an adder that came as escaped bits, both as other people publish them.
TEST(UserOperator, TablesAndBitBlastedCircuitsAreReplayed) {
    gen::Table table{5, 5, 10, {}};
    const auto value = [](int code) { return code < 16 ? code : code - 32; };
    for (int a = 0; a < 32; ++a)
        for (int b = 0; b < 32; ++b)
            table.y.push_back(static_cast<uint32_t>(value(a) * value(b) - (b & 3) + 1) & 0x3ff);
    gen::Request multiplier;
    multiplier.name = "table";
    multiplier.sources = gen::table_sources(table, "t.bin");
    const OperatorPtr from_table = generated(multiplier);
    ASSERT_TRUE(from_table->a.is_signed);
    EXPECT_EQ(from_table->lut.at(0), 1);

    // 16 full adders of gates; the lowest carry is the first operand's lowest bit instead of 0.
    std::string ports, gates;
    for (int i = 0; i < 16; ++i) {
        ports += fmt::format("{}input \\a[{}] , input b_{}, output \\s<{}> ", i > 0 ? ", " : "", i, i, i);
        gates += fmt::format("  FA \\u/{0}  (.A(\\a[{0}] ), .B(b_{0}), .C({1}), .S(\\s<{0}> ), .CO(\\c{0}.n ));\n", i,
                             i > 0 ? fmt::format("\\c{}.n ", i - 1) : "\\a[0] ");
    }
    const TemporaryFolder folder;
    write_file(folder.path() / "odd name (1).v",
               "module FA(A, B, C, S, CO); input A, B, C; output S, CO; wire p;\nxor (p, A, B), (S, p, C);\n"
               "assign CO = A & B | p & C; endmodule\nmodule \\add-16 (" +
                   ports + ");\n" + gates + "endmodule\n");
    gen::Request adder;
    adder.name = "bits";
    gen::Circuit circuit = gen::read_circuit({folder.path() / "odd name (1).v"}, "add-16", {});
    adder.sources = std::move(circuit.sources);
    adder.is_signed = true;
    adder.kind = sim::OperatorKind::adder;
    adder.samples = uint64_t{1} << 16;
    const OperatorPtr from_bits = generated(adder);

    const testing::RandomNetwork network(testing::kSmallNetwork, 2, 4);
    const sim::QuantizedNetwork quantized = network.quantized(
        "defaults: {weights: {bits: 5, scheme: symmetric}, activations: {bits: 5, scheme: symmetric},"
        " multiplier: table, accumulator: {bits: 24}}\n",
        testing::provider_of({{"table", from_table}}));
    for (const LayerReplay& layer : replay(testing::sampled_cases(network, quantized, 30, 5), {}))
        EXPECT_EQ(layer.first_mismatch, "");

    const gen::RtlOperators rtl(std::span(from_bits.get(), 1), 1);
    EXPECT_THAT(rtl.evaluate(0, std::vector<uint64_t>{1, 2, 0xffff}, std::vector<uint64_t>{2, 2, 1}),
                ::testing::ElementsAre(4, 4, 1));
    // Both stand in one replay: their modules and files do not meet.
    const sim::Sources sources =
        neuron_sources({from_table, false, {16, sim::Overflow::wrap, 0, nullptr}, from_bits}, rtl_folder());
    EXPECT_NO_THROW(gen::elaborate(sources, gen::CircuitKind::clocked));
}

TEST(Hardware, SharedFilesStandOnceAndIncludesAreNamedFromTheRoot) {
    sim::Operator op = *testing::catalogue_operator("mul8s_exact");
    op.sources.files = {{"top.v", "module top;\n`include \"x.vh\"\nendmodule\n", false},
                        {"lib/shared.v", "`include /* */ \"x.vh\"\nmodule shared;\nendmodule\n", false},
                        {"lib/x.vh", "// beside shared.v\n", true},
                        {"_include10/x.vh", "// later\n", true},
                        {"_include9/x.vh", "// earlier\n", true}};
    sim::Operator adder = op;
    adder.sources.files.at(0).text = "module other;\n`include \"x.vh\"\nendmodule\n";
    adder.sources.files.at(4).text = "// the adder's\n";
    const sim::Sources sources = neuron_sources({std::make_shared<sim::Operator>(op),
                                                 false,
                                                 {8, sim::Overflow::wrap, 0, nullptr},
                                                 std::make_shared<sim::Operator>(adder)},
                                                rtl_folder());
    std::map<std::string, std::string> text;
    for (const sim::Sources::File& file : sources.files) text[file.path] = file.text;
    EXPECT_EQ(text.at("multiplier/top.v"), "module top;\n`include \"multiplier/_include9/x.vh\"\nendmodule\n");
    EXPECT_EQ(text.at("multiplier/lib/shared.v"),
              "`include /* */ \"multiplier/lib/x.vh\"\nmodule shared;\nendmodule\n");
    EXPECT_EQ(text.at("adder/top.v"), "module other;\n`include \"adder/_include9/x.vh\"\nendmodule\n");
    EXPECT_EQ(text.at("adder/_include9/x.vh"), "// the adder's\n");
    EXPECT_EQ(text.count("adder/lib/shared.v") + text.count("adder/lib/x.vh"), 0u);
}

}  // namespace
}  // namespace concrete::verify

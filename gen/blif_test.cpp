#include "gen/blif.h"

#include <gtest/gtest.h>

#include "gen/testing.h"
#include "sim/random.h"

namespace concrete::gen {
namespace {

using testing::input_error;

std::string error_of(const std::string& text) {
    return input_error([&] { read_blif(text, "t.blif"); });
}

TEST(Blif, ReadsGatesLatchesAndInstances) {
    const std::vector<BlifModel> models = read_blif(
        "# a comment\n.model top  # and one here\n.inputs a b \\\n  clk\n.inputs c\n.outputs y q\n"
        ".names a b c y\n1-0 1\n011 1\n.names n\n.names one\n1\n.names a zero\n1 0\n0 0\n"
        ".latch y q re clk 2\n.latch n m\n.latch n k 1\r\n.subckt sub p=a q=m2\n.end\n\n.model sub\n.inputs "
        "p\n.outputs q\n",
        "t.blif");
    ASSERT_EQ(models.size(), 2u);
    const BlifModel& top = models[0];
    EXPECT_EQ(top.name, "top");
    EXPECT_EQ(top.line, 2);
    ASSERT_EQ(top.inputs.size(), 4u);
    EXPECT_EQ(top.signals[top.inputs[2]], "clk");
    ASSERT_EQ(top.outputs.size(), 2u);
    ASSERT_EQ(top.gates.size(), 4u);
    EXPECT_EQ(top.gates[0].line, 7);
    EXPECT_EQ(top.gates[0].output, *top.find("y"));
    for (unsigned index = 0; index < 8; ++index) {  // input 0 weighs 1
        const bool a = (index & 1) != 0, b = (index & 2) != 0, c = (index & 4) != 0;
        EXPECT_EQ(top.gates[0].at(index), (a && !c) || (!a && b && c)) << index;
    }
    EXPECT_EQ(top.gates[1].table, std::vector<uint64_t>{0});
    EXPECT_EQ(top.gates[2].table, std::vector<uint64_t>{1});
    EXPECT_EQ(top.gates[3].table, std::vector<uint64_t>{0});
    ASSERT_EQ(top.latches.size(), 3u);
    EXPECT_EQ(top.latches[0].type, "re");
    EXPECT_EQ(top.latches[0].clock, top.find("clk"));
    EXPECT_EQ(top.latches[0].init, 2);
    EXPECT_EQ(top.latches[1].init, 3);
    EXPECT_EQ(top.latches[2].init, 1);
    EXPECT_FALSE(top.latches[2].clock);
    ASSERT_EQ(top.instances.size(), 1u);
    EXPECT_EQ(top.instances[0].pins[1].first, "q");
    EXPECT_EQ(models[1].name, "sub");
}

/// The value of one signal by the definition of a cover, for gates that stand in topological order.
bool value_of(const BlifModel& model, const std::string& name, uint64_t inputs) {
    std::vector<bool> values(model.signals.size());
    for (size_t i = 0; i < model.inputs.size(); ++i) values[model.inputs[i]] = (inputs >> i & 1) != 0;
    for (const BlifModel::Gate& gate : model.gates) {
        uint64_t index = 0;
        for (size_t i = 0; i < gate.inputs.size(); ++i) index |= uint64_t{values[gate.inputs[i]]} << i;
        values[gate.output] = gate.at(index);
    }
    return values[model.find(name).value()];
}

TEST(Blif, CoversOfEveryWidthMeanWhatTheySay) {
    sim::Random random(1);
    for (const size_t width : {1, 2, 5, 6, 7, 9, 12, 13, 20, 40}) {
        for (int round = 0; round < 6; ++round) {
            const char value = round % 2 == 0 ? '1' : '0';
            std::string text = ".model t\n.inputs";
            std::vector<std::string> cover;
            for (size_t i = 0; i < width; ++i) text += " i" + std::to_string(i);
            text += "\n.outputs y\n.names";
            for (size_t i = 0; i < width; ++i) text += " i" + std::to_string(i);
            text += " y\n";
            for (int line = 0; line < 1 + 3 * round; ++line) {
                std::string cube;
                for (size_t i = 0; i < width; ++i) cube += "01----"[random.below(6)];
                if (round == 5 && line == 3) cube.assign(width, '-');
                cover.push_back(cube);
                text += cube + " " + value + "\n";
            }
            const BlifModel model = read_blif(text, "t").at(0);
            for (const BlifModel::Gate& gate : model.gates) ASSERT_LE(gate.inputs.size(), kMaxBlifGateInputs);
            for (int trial = 0; trial < 200; ++trial) {
                uint64_t inputs = random.bits();
                if (trial % 2 == 0) {  // one that a cube covers
                    const std::string& cube = cover[random.below(cover.size())];
                    for (size_t i = 0; i < width; ++i)
                        if (cube[i] != '-') inputs = (inputs & ~(uint64_t{1} << i)) | uint64_t{cube[i] == '1'} << i;
                }
                bool is_covered = false;
                for (const std::string& cube : cover) {
                    bool fits = true;
                    for (size_t i = 0; i < width; ++i)
                        fits = fits && (cube[i] == '-' || (cube[i] == '1') == ((inputs >> i & 1) != 0));
                    is_covered = is_covered || fits;
                }
                ASSERT_EQ(value_of(model, "y", inputs), is_covered == (value == '1')) << text << inputs;
            }
        }
    }
}

TEST(Blif, ErrorsSayWhereAndWhat) {
    EXPECT_EQ(error_of(""), "t.blif: holds no .model; expected BLIF");
    EXPECT_EQ(error_of(".inputs a\n"), "t.blif:1: '.inputs' stands outside a model, expected .model");
    EXPECT_EQ(error_of(".model t\n.end\n.names a\n"), "t.blif:3: '.names' stands outside a model, expected .model");
    EXPECT_EQ(error_of(".model t\n.end\n.model t\n"), "t.blif:3: model 't' stands in line 1 already");
    EXPECT_EQ(error_of(".model t\n.gate nand2 a=b\n"),
              "t.blif:2: '.gate' is not supported, expected .model, .inputs, .outputs, .names, .latch, .subckt, .clock "
              "or .end");
    EXPECT_EQ(error_of(".model t\n.inputs a\n.names b a\n1 1\n"), "t.blif:3: signal 'a' is driven in line 2 already");
    EXPECT_EQ(error_of(".model t\n.outputs y\n.outputs y\n"), "t.blif:3: output 'y' is named twice");
    EXPECT_EQ(error_of(".model t\n1 1\n"), "t.blif:2: '1' is a line of a cover, but no .names precedes it");
    EXPECT_EQ(error_of(".model t\n.names a b y\n1 1\n"),
              "t.blif:3: expected 2 letters 0, 1 or - and the output's 0 or 1");
    EXPECT_EQ(error_of(".model t\n.names a b y\n1x 1\n"),
              "t.blif:3: '1x' does not fit: a cover has 0, 1 and - for inputs, 0 or 1 for the output");
    EXPECT_EQ(error_of(".model t\n.names a y\n1 1\n0 0\n"), "t.blif:4: a cover lists ones or zeros, not both");
    EXPECT_EQ(error_of(".model t\n.names a \\\n"), "t.blif:2: the last line ends in '\\'");
    EXPECT_EQ(error_of(".model t\n.names \xff\n"), "t.blif:2: holds byte 0xff, expected printable ASCII");
    EXPECT_EQ(error_of(".model t\n.latch a b xx c 0\n"),
              "t.blif:2: .latch expects: input output [re|fe|ah|al|as clock] [0|1|2|3]");
    EXPECT_EQ(error_of(".model t\n.latch a b 4\n"),
              "t.blif:2: .latch expects: input output [re|fe|ah|al|as clock] [0|1|2|3]");
    EXPECT_EQ(error_of(".model t\n.subckt m a=\n"), "t.blif:2: 'a=' is no pin=signal");
    EXPECT_EQ(error_of(".model t\n.names\n"), "t.blif:2: .names expects at least the name of its output");
    std::string large = ".model t\n";
    for (int i = 0; i < 70'000; ++i) large += ".names a b c d e f g h i j k l y" + std::to_string(i) + "\n";
    EXPECT_NE(error_of(large).find("more than 4194304 signals, gates and words of truth tables"), std::string::npos);
}

TEST(Blif, TextOutOfOrderNeverCrashes) {
    const std::string good =
        ".model top\n.inputs a b\n.outputs y\n.names a b y\n1- 1\n-1 1\n.latch y q re a 0\n.subckt s x=a\n.end\n";
    sim::Random random(2);
    for (int trial = 0; trial < 5000; ++trial) {
        std::string text = good;
        for (uint64_t change = 1 + random.below(4); change-- > 0;) {
            const size_t at = random.below(text.size());
            if (random.below(2) == 0)
                text[at] = " \n.\\#01-ab="[random.below(11)];
            else
                text.erase(at, 1 + random.below(8));
        }
        try {
            for (const BlifModel& model : read_blif(text, "t.blif"))
                for (const BlifModel::Gate& gate : model.gates) ASSERT_LT(gate.output, model.signals.size());
        } catch (const InputError& error) {
            ASSERT_EQ(std::string(error.what()).rfind("t.blif", 0), 0u) << error.what();
        }
    }
}

TEST(FlattenBlif, PutsInstancesInPlace) {
    const std::string text =
        ".model top\n.inputs a b c\n.outputs s co\n.subckt half x=a y=b s=t c=c1\n.subckt half x=t y=c s=s c=c2\n"
        ".names c1 c2 co\n1- 1\n-1 1\n.end\n"
        ".model half\n.inputs x y\n.outputs s c\n.names x y n\n11 0\n.names x y n s\n101 1\n011 1\n.names n c\n0 "
        "1\n.end\n";
    const BlifModel flat = flatten_blif(read_blif(text, "t"), "", "t");
    EXPECT_EQ(flat.name, "top");
    EXPECT_EQ(flat.gates.size(), 7u);
    EXPECT_TRUE(flat.find("half#1/n"));
    EXPECT_EQ(flatten_blif(read_blif(text, "t"), "half", "t").gates.size(), 3u);
    const auto error = [](const std::string& top, const std::string& more) {
        return input_error([&] { flatten_blif(read_blif(".model t\n.inputs a\n" + top + more, "t"), "", "t"); });
    };
    const std::string sub = ".model m\n.inputs x\n.outputs y\n.names x y\n1 1\n.end\n";
    EXPECT_EQ(error(".subckt n x=a\n", sub), "t:3: .subckt of 'n', which is no model of this file");
    EXPECT_EQ(error(".subckt m x=a z=b\n", sub), "t:3: model 'm' has no port 'z'");
    EXPECT_EQ(error(".subckt m y=b\n", sub), "t:3: input 'x' of model 'm' is not connected");
    EXPECT_EQ(error(".subckt m x=a y=b\n.subckt m x=a y=b\n", sub), "t:8: signal 'b' has more than one driver");
    EXPECT_EQ(error(".subckt t a=a\n", ""), "t:1: model 't' contains itself");
    EXPECT_EQ(input_error([&] { flatten_blif(read_blif(sub, "t"), "x", "t"); }), "t: holds no model 'x'");
    std::string doubling = ".model t\n.subckt m1\n";
    for (int i = 1; i < 60; ++i)
        doubling += ".model m" + std::to_string(i) + "\n.subckt m" + std::to_string(i + 1) + "\n.subckt m" +
                    std::to_string(i + 1) + "\n";
    doubling += ".model m60\n";
    EXPECT_NE(input_error([&] { flatten_blif(read_blif(doubling, "t"), "", "t"); }).find("more than 4194304"),
              std::string::npos);
}

}  // namespace
}  // namespace concrete::gen

// concrete run on the shipped LeNet-5 and Fashion-MNIST, end to end: operators come from rtl/ through Verilator.
#include <gmock/gmock.h>

#include "app/testing.h"
#include "sim/operand_distribution.h"

namespace concrete::app {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::ProgramResult;

const std::string kConfigs = CONCRETE_SOURCE_DIR "/configs/";

class Run : public testing::ProgramTest {
  protected:
    void SetUp() override {
        if (!std::filesystem::exists("/usr/share/datasets/fashion-mnist")) {
            GTEST_SKIP() << "needs the Debian package dataset-fashion-mnist";
        }
    }
    nlohmann::json result_of(std::vector<std::string> arguments) const {
        arguments.insert(arguments.begin(), "run");
        arguments.insert(arguments.end(), {"--json", "r.json"});
        const ProgramResult result = run(arguments);
        EXPECT_EQ(result.exit_code, 0) << result.err;
        return json("r.json")["result"];
    }
};

// End results, pinned: a change of any bit of the arithmetic shows here. The float figure is fp32 and may move.
TEST_F(Run, PinnedAccuracyOfTheDemo) {
    const std::vector<std::pair<std::string, int>> expected{{"exact", 922},        {"booth8_m4-P6", 204},
                                                            {"booth8_m6-P6", 914}, {"booth8_e1a-P8", 920},
                                                            {"loa8", 908},         {"mixed", 917}};
    for (const auto& [name, correct] : expected) {
        const nlohmann::json result = result_of({kConfigs + "demo/" + name + ".yaml", "--limit", "1000"});
        EXPECT_EQ(result["correct"], correct) << name;
        EXPECT_EQ(result["images"], 1000);
        EXPECT_EQ(result["calibration_sha256"].get<std::string>().size(), 64U);
        EXPECT_EQ(result["layers"].size(), 5U);
    }
}

TEST_F(Run, FloatLayersNeedNoOperator) {
    const nlohmann::json result = result_of({kConfigs + "demo/float.yaml", "--limit", "1000"});
    EXPECT_NEAR(result["accuracy_percent"].get<double>(), 92.4, 0.2);
    EXPECT_TRUE(result["layers"].empty());
}

TEST_F(Run, FilesAndThreadsGiveTheSamePredictions) {
    const std::string config = kConfigs + "demo/booth8_e1a-P8.yaml";
    const nlohmann::json one = result_of({config, "--limit", "300", "--threads", "1", "--out", "a"});
    const nlohmann::json seven = result_of({config, "--limit", "300", "--threads", "7", "--out", "b"});
    EXPECT_EQ(one["correct"], seven["correct"]);
    EXPECT_EQ(read_file(file("a/predictions.csv")), read_file(file("b/predictions.csv")));
    EXPECT_EQ(nlohmann::json::parse(read_file(file("a/result.json")))["result"]["correct"], one["correct"]);
    EXPECT_THAT(read_file(file("a/layers.csv")), HasSubstr("conv2,booth8_e1a-P8,"));
    EXPECT_EQ(one["layers"][1]["mean_error_lsb"], seven["layers"][1]["mean_error_lsb"]);
}

/// The GPU's code, thread by thread on the host.
TEST_F(Run, GpusGiveTheSamePredictionsAndErrors) {
    for (const std::string name : {"booth8_e1a-P8", "mixed", "float"}) {
        const std::string config = kConfigs + "demo/" + name + ".yaml";
        const nlohmann::json cpu = result_of({config, "--limit", "70", "--backend", "cpu", "--out", "cpu"});
        const ProgramResult run_on_gpu =
            run({"run", config, "--limit", "70", "--backend", "cuda", "--out", "gpu", "--json", "gpu.json"},
                "CONCRETE_CUDA_EMULATE=1");
        ASSERT_EQ(run_on_gpu.exit_code, 0) << run_on_gpu.err;
        EXPECT_THAT(run_on_gpu.out, HasSubstr("; cuda, the host executor\n"));
        EXPECT_EQ(read_file(file("gpu/predictions.csv")), read_file(file("cpu/predictions.csv"))) << name;
        const nlohmann::json gpu = json("gpu.json")["result"];
        EXPECT_EQ(gpu["backend"], "cuda");
        ASSERT_EQ(gpu["layers"].size(), cpu["layers"].size());
        for (size_t i = 0; i < cpu["layers"].size(); ++i) {
            for (const char* figure : {"compared_accumulators", "mean_error_lsb", "mse_lsb2", "wce_lsb"})
                EXPECT_EQ(gpu["layers"][i][figure], cpu["layers"][i][figure]) << name << ' ' << i;
        }
    }
}

TEST_F(Run, EveryEngineGivesTheSamePredictions) {
    const std::string config = kConfigs + "demo/booth8_e1a-P8.yaml";
    const nlohmann::json reference =
        result_of({config, "--limit", "50", "--backend", "cpu", "--engine", "gather", "--out", "gather"});
    for (const std::string engine : {"permute", "decomposed", "netlist", "auto"}) {
        const nlohmann::json result =
            result_of({config, "--limit", "50", "--backend", "cpu", "--engine", engine, "--out", engine});
        EXPECT_EQ(read_file(file(engine + "/predictions.csv")), read_file(file("gather/predictions.csv"))) << engine;
        for (size_t i = 0; i < result["layers"].size(); ++i) {
            const nlohmann::json &layer = result["layers"][i], &expected = reference["layers"][i];
            EXPECT_EQ(layer["mse_lsb2"], expected["mse_lsb2"]) << engine;
            EXPECT_TRUE(engine == "auto" || layer["engine"] == engine) << layer["engine"];
        }
    }
    const ProgramResult refused = run({"run", config, "--limit", "5", "--backend", "cpu", "--engine", "logic"});
    EXPECT_EQ(refused.exit_code, 2);
    EXPECT_THAT(refused.err, HasSubstr("layer 'conv1': engine logic: the accumulator is an exact one"));
}

TEST_F(Run, ExplainsItsPlan) {
    const std::string config = kConfigs + "demo/mixed.yaml";
    const nlohmann::json result = result_of({config, "--limit", "5", "--explain", "--backend", "cpu"});
    ASSERT_EQ(result["layers"].size(), 5U);
    for (const nlohmann::json& layer : result["layers"]) {
        const nlohmann::json& plans = layer["plans"];
        EXPECT_EQ(plans[0]["engine"], layer["engine"]);
        EXPECT_GT(plans[0]["time_s"].get<double>(), 0);
        size_t problems = 0;
        for (size_t i = 1; i < plans.size(); ++i) {
            problems += plans[i].contains("problem");
            EXPECT_TRUE(!plans[i].contains("time_s") || plans[i]["time_s"] >= plans[i - 1]["time_s"]);
        }
        EXPECT_GE(problems, 1U) << layer["name"];
    }
    EXPECT_EQ(result["layers"][2]["engine"], "logic");  // a lower-part-OR adder
    const ProgramResult text = run({"run", config, "--limit", "5", "--explain", "--recalibrate", "--backend", "cpu"});
    EXPECT_THAT(text.out, AllOf(HasSubstr("fc1: 64 rows x 400 x 120: logic"), HasSubstr("use logic")));
    EXPECT_THAT(text.out, ::testing::Not(HasSubstr("accuracy")));
}

TEST_F(Run, ExplainsItsPlanForGpus) {
    const std::string config = kConfigs + "demo/mixed.yaml";
    const ProgramResult text =
        run({"run", config, "--limit", "5", "--explain", "--backend", "cuda"}, "CONCRETE_CUDA_EMULATE=1");
    EXPECT_EQ(text.exit_code, 0) << text.err;
    EXPECT_THAT(text.out, AllOf(HasSubstr("microseconds for 64 pictures, by the cost model of the host executor"),
                                HasSubstr("conv1: 50176 rows x 25 x 6: decomposed, 1 int8 product\n")));
    const ProgramResult forced =
        run({"run", config, "--limit", "5", "--explain", "--backend", "cuda", "--engine", "gather"},
            "CONCRETE_CUDA_EMULATE=1");
    EXPECT_THAT(forced.out, HasSubstr("conv1: 50176 rows x 25 x 6: gather\n"));
}

// The counts themselves are compared with brute force in sim/operand_recorder_test.cpp.
TEST_F(Run, RecordsTheOperandsOfEveryLayer) {
    const std::string config = kConfigs + "demo/exact.yaml";
    const nlohmann::json result = result_of({config, "--limit", "30", "--record-operands", "d.h5"});
    const sim::OperandDistribution operands = sim::load_operand_distribution(file("d.h5"));
    EXPECT_EQ(operands.images, 30U);
    EXPECT_EQ(operands.config, "exact.yaml");
    EXPECT_EQ(operands.calibration_sha256, result["calibration_sha256"]);
    ASSERT_EQ(operands.layers.size(), result["layers"].size());
    int64_t macs = 0;
    for (const nlohmann::json& layer : result["layers"]) {
        const sim::OperandCounts& counts = operands.layers.at(layer["name"]);
        EXPECT_EQ(counts.macs(), layer["macs"].get<int64_t>());
        EXPECT_EQ(counts.joint.size(), 65536U);
        macs += counts.macs();
    }
    ASSERT_TRUE(operands.total);
    EXPECT_EQ(operands.total->macs(), macs);

    const nlohmann::json wide = result_of(
        {config, "--limit", "3", "--record-operands", "wide.h5", "--set", "layers.fc1.multiplier=mul16s_exact", "--set",
         "layers.fc2.multiplier=mul8u_exact", "--set", "layers.fc2.sign_magnitude=true"});
    EXPECT_EQ(wide["recorded_operands"]["has_total"], false);
    const sim::OperandDistribution mixed = sim::load_operand_distribution(file("wide.h5"));
    EXPECT_FALSE(mixed.total);
    EXPECT_THAT(mixed.layers.at("fc1").joint_absence, HasSubstr("16 + 16 operand bits"));
    EXPECT_EQ(mixed.layers.at("fc1").a_counts.size(), 65536U);
    EXPECT_FALSE(mixed.layers.at("fc2").a.is_signed);

    const ProgramResult unwritable = run({"run", config, "--limit", "3", "--record-operands", "/proc/no/d.h5"});
    EXPECT_EQ(unwritable.exit_code, 2) << unwritable.err;
    const ProgramResult floats =
        run({"run", kConfigs + "demo/float.yaml", "--limit", "3", "--record-operands", "x.h5"});
    EXPECT_EQ(floats.exit_code, 2) << floats.err;
    EXPECT_THAT(floats.err, HasSubstr("there are no operands to record"));
}

TEST_F(Run, BadInputExitsWithTwoAndOneSentence) {
    const std::string config = kConfigs + "demo/exact.yaml";
    const auto expect = [&](std::vector<std::string> arguments, int exit_code, const std::string& message) {
        arguments.insert(arguments.begin(), "run");
        const ProgramResult result = run(arguments);
        EXPECT_EQ(result.exit_code, exit_code) << result.err;
        EXPECT_THAT(result.err, AllOf(HasSubstr("concrete run: "), HasSubstr(message)));
        EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
    };
    expect({"absent.yaml"}, 2, "absent.yaml");
    expect({config, "--set", "defaults.multiplier=both8_m4"}, 2, "booth8_m4");
    expect({config, "--set", "defaults.multiplier={name: booth8_m4, P: 17}"}, 2, "0 to 16");
    expect({config, "--set", "layers.conv3.mode=float"}, 2, "no layer 'conv3'");
    expect({config, "--set", "defaults.weights.bits=9"}, 2, "do not fit its port b");
    expect({config, "--set", "weights=absent.h5"}, 2, "absent.h5");
    expect({config, "--set", "network=nets/mlp.yaml"}, 2, "mlp");
    expect({config, "--set", "data.dir=/"}, 2, "t10k-images-idx3-ubyte");
    expect({config, "--set", "defaults.multiplier={name: booth8_m4-P4, P: 6}"}, 2, "not both");
    expect({config, "--set", "nonsense"}, 1, "KEY.PATH=VALUE");
    expect({config, "--limit", "-1"}, 1, "--limit");
    expect({config, "--limit", "99999999999999999999"}, 1, "--limit");
}

TEST_F(Run, SaysWhereItRan) {
    const std::vector<std::string> arguments{
        "run", kConfigs + "demo/exact.yaml", "--limit", "20", "--threads", "1", "--json", "r.json"};
    const ProgramResult chosen = run(arguments, "CUDA_VISIBLE_DEVICES=");
    EXPECT_THAT(chosen.out, HasSubstr(" GMAC/s; cpu, 1 thread\n"));
    EXPECT_EQ(json("r.json")["result"]["backend"], "cpu");
    EXPECT_NE(json("r.json")["result"]["backend_reason"], "");
    std::vector<std::string> cuda = arguments;
    cuda.insert(cuda.end(), {"--backend", "cuda"});
    const ProgramResult refused = run(cuda, "CUDA_VISIBLE_DEVICES=");
    EXPECT_EQ(refused.exit_code, 4);
    EXPECT_THAT(refused.err, HasSubstr("concrete run: --backend cuda: "));
}

TEST_F(Run, WideAndUnsignedOperators) {
    const std::string config = kConfigs + "demo/exact.yaml";
    const nlohmann::json sign_magnitude =
        result_of({config, "--limit", "200", "--set", "defaults.multiplier=mul8u_exact", "--set",
                   "defaults.sign_magnitude=true"});
    const nlohmann::json exact = result_of({config, "--limit", "200"});
    EXPECT_EQ(sign_magnitude["correct"], exact["correct"]);
    EXPECT_EQ(sign_magnitude["layers"][1]["mae_lsb"], 0.0);
    const nlohmann::json wide = result_of({config, "--limit", "200", "--set", "defaults.multiplier=mul16s_exact",
                                           "--set", "defaults.weights.bits=16", "--set", "defaults.activations.bits=16",
                                           "--set", "defaults.accumulator.bits=48"});
    EXPECT_GE(wide["correct"], 180);
}

}  // namespace
}  // namespace concrete::app

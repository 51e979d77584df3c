#include "sim/code_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/error.h"
#include "sim/file.h"
#include "sim/testing.h"

namespace concrete::sim {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// A residual block: sum1 joins conv2 and the codes of relu1; conv1 has one reader, a ReLU.
constexpr const char* kNetwork = R"(
name: residual
input: {shape: [1, 6, 6], mean: [0.5], std: [0.5]}
layers:
  - {name: conv1, type: conv2d, out_channels: 2, kernel: 3, padding: 1}
  - {name: relu1, type: relu}
  - {name: conv2, type: conv2d, out_channels: 2, kernel: 3, padding: 1}
  - {name: sum1, type: add, in: [conv2, relu1]}
  - {name: pool1, type: avg_pool, kernel: 2}
  - {name: flat, type: flatten}
  - {name: fc1, type: linear, out_features: 3}
)";

class CodePlanTest : public ::testing::Test {
  protected:
    RunConfig load(const std::string& settings) {
        write_file(folder_.path() / "net.yaml", kNetwork);
        write_file(folder_.path() / "c.yaml",
                   "network: net.yaml\nweights: w.h5\ndata: {kind: idx, dir: .}\n" + settings);
        return load_run_config(folder_.path() / "c.yaml");
    }
    CodePlan plan(const RunConfig& config) {
        return plan_codes(config, bind_operators(config, [](const OperatorRef& ref) -> std::shared_ptr<const Operator> {
                              if (ref.name == "unsigned") return testing::exact_multiplier(8, 8, false);
                              if (ref.name == "adder") return testing::inverting_adder(8);
                              return testing::exact_multiplier(8, 8, true);
                          }));
    }
    static size_t at(const RunConfig& config, const char* name) { return config.network.index_of(name); }

    TemporaryFolder folder_;
};

TEST_F(CodePlanTest, CodesRunFromTheFirstToTheLastQuantisedLayer) {
    const RunConfig config = load("defaults: {multiplier: signed}\n");
    const CodePlan p = plan(config);
    for (const char* name : {"conv1", "relu1", "conv2", "sum1", "pool1", "flat"}) {
        EXPECT_TRUE(p.tensors[at(config, name)].carries_codes) << name;
    }
    EXPECT_FALSE(p.tensors[0].carries_codes);
    EXPECT_TRUE(p.tensors[0].has_format);
    EXPECT_FALSE(p.tensors[at(config, "fc1")].has_format);
    EXPECT_TRUE(p.tensors[at(config, "conv1")].relu_follows);
    EXPECT_FALSE(p.tensors[at(config, "conv1")].calibrates);  // its values are seen after the ReLU
    EXPECT_EQ(p.tensors[at(config, "relu1")].group, at(config, "conv1"));
    EXPECT_EQ(p.tensors[at(config, "flat")].group, at(config, "sum1"));
    EXPECT_NE(p.tensors[at(config, "conv2")].group, p.tensors[at(config, "sum1")].group);
}

TEST_F(CodePlanTest, FloatLayersEndTheCodes) {
    const RunConfig config = load("defaults: {multiplier: signed}\nlayers: {fc1: {mode: float}}\n");
    const CodePlan p = plan(config);
    EXPECT_TRUE(p.tensors[at(config, "relu1")].carries_codes);  // conv2 reads it
    for (const char* name : {"conv2", "sum1", "pool1", "flat"}) {
        EXPECT_FALSE(p.tensors[at(config, name)].has_format) << name;
    }
}

TEST_F(CodePlanTest, UnsignedPortsGetUnsignedAffineCodes) {
    const RunConfig config = load("defaults: {multiplier: unsigned, activations: {scheme: affine}}\n");
    for (const auto& [group, format] : plan(config).formats) EXPECT_EQ(format.range, (CodeRange{0, 255}));
}

TEST_F(CodePlanTest, ReadersOfOneTensorMustAgree) {
    const std::string network = std::string(kNetwork);
    const RunConfig config = load("defaults: {multiplier: signed}\nlayers: {fc1: {activations: {bits: 6}}}\n");
    EXPECT_NO_THROW(plan(config));  // fc1 reads sum1's group, conv2 reads conv1's
    write_file(folder_.path() / "two.yaml", R"(
name: two
input: {shape: [1, 4, 4], mean: [0.5], std: [0.5]}
layers:
  - {name: conv1, type: conv2d, out_channels: 1, kernel: 1}
  - {name: left, type: conv2d, out_channels: 1, kernel: 1, in: conv1}
  - {name: right, type: conv2d, out_channels: 1, kernel: 1, in: conv1}
  - {name: sum1, type: add, in: [left, right]}
)");
    write_file(folder_.path() / "d.yaml",
               "network: two.yaml\nweights: w.h5\ndata: {kind: idx, dir: .}\n"
               "defaults: {multiplier: signed}\nlayers: {right: {activations: {bits: 6}}}\n");
    try {
        plan(load_run_config(folder_.path() / "d.yaml"));
        FAIL();
    } catch (const InputError& error) {
        EXPECT_THAT(error.what(), AllOf(HasSubstr("d.yaml:5:"), HasSubstr("'left' and 'right'"), HasSubstr("'conv1'")));
    }
}

TEST_F(CodePlanTest, AddersThatDoNotFitNameTheLayer) {
    const RunConfig config = load("defaults: {multiplier: signed}\nlayers: {conv2: {accumulator: {adder: adder}}}\n");
    try {
        plan(config);
        FAIL();
    } catch (const InputError& error) {
        EXPECT_THAT(error.what(), AllOf(HasSubstr("layer 'conv2'"), HasSubstr("32 bits")));
    }
}

}  // namespace
}  // namespace concrete::sim

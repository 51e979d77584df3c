#include "sim/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/error.h"
#include "sim/file.h"

namespace concrete::sim {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr const char* kNetwork = R"(
name: small
input: {shape: [1, 4, 4], mean: [0.5], std: [0.5]}
layers:
  - {name: conv1, type: conv2d, out_channels: 2, kernel: 3}
  - {name: relu1, type: relu}
  - {name: flat, type: flatten}
  - {name: fc1, type: linear, out_features: 3}
)";

class ConfigTest : public ::testing::Test {
  protected:
    ConfigTest() { write_file(folder_.path() / "nets" / "small.yaml", kNetwork); }

    std::filesystem::path write(const std::string& settings) {
        auto path = folder_.path() / "configs" / "c.yaml";
        write_file(path, "network: nets/small.yaml\nweights: w.h5\ndata: {kind: idx, dir: .}\n" + settings);
        return path;
    }
    RunConfig load(const std::string& settings, const std::vector<std::string>& overrides = {}) {
        return load_run_config(write(settings), overrides);
    }
    std::string error_of(const std::string& settings, const std::vector<std::string>& overrides = {}) {
        try {
            load(settings, overrides);
        } catch (const InputError& error) {
            return error.what();
        }
        return "accepted";
    }

    TemporaryFolder folder_;
};

TEST_F(ConfigTest, ReadsEverySetting) {
    const RunConfig config = load(R"(
defaults:
  weights: {bits: 6, scheme: affine, per: tensor}
  activations: {bits: 5, scheme: fixed_point, calibrate: {images: 12, method: percentile, percentile: 99.5}}
  multiplier: {name: booth8_m4, P: 8}
  accumulator: {bits: 24, adder: {loa: 6}, overflow: saturate}
  padding: skip
  sign_magnitude: true
)");
    const LayerConfig& c = config.layers.at("conv1");
    EXPECT_EQ(c.weights, (QuantSpec{6, Scheme::affine, Granularity::tensor}));
    EXPECT_EQ(c.activations.bits, 5);
    EXPECT_EQ(c.activations.scheme, Scheme::fixed_point);
    EXPECT_EQ(c.calibration_images, 12u);
    EXPECT_EQ(c.calibration_method, CalibrationMethod::percentile);
    EXPECT_EQ(c.calibration_percentile, 99.5);
    EXPECT_EQ(c.multiplier.name, "booth8_m4");
    EXPECT_EQ(c.multiplier.parameters.at("P"), 8);
    EXPECT_EQ(c.multiplier.label(), "booth8_m4-P8");
    EXPECT_EQ(c.acc_bits, 24);
    EXPECT_EQ(c.adder.or_bits, 6);
    EXPECT_EQ(c.overflow, Overflow::saturate);
    EXPECT_EQ(c.padding, PaddingMode::skip);
    EXPECT_TRUE(c.sign_magnitude);
    EXPECT_FALSE(c.is_float);
}

TEST_F(ConfigTest, LayersMergeDeeplyIntoDefaults) {
    const RunConfig config = load(R"(
defaults: {multiplier: {name: booth8_m4, P: 8}, weights: {bits: 6, per: tensor}}
layers:
  conv1: {multiplier: {P: 4}, weights: {bits: 7}}
  fc1: {multiplier: {name: other}, accumulator: {adder: {loa: 3}}}
)");
    EXPECT_EQ(config.layers.at("conv1").multiplier.label(), "booth8_m4-P4");
    EXPECT_EQ(config.layers.at("conv1").weights, (QuantSpec{7, Scheme::symmetric, Granularity::tensor}));
    EXPECT_EQ(config.layers.at("fc1").multiplier.label(), "other");
    EXPECT_EQ(config.layers.at("fc1").adder.or_bits, 3);
}

TEST_F(ConfigTest, OperatorsByNameByParametersAndByFile) {
    const RunConfig config = load(R"(
defaults: {multiplier: {name: f, parameters: {P: 2}}}
layers:
  conv1: {multiplier: my.h5}
  fc1: {multiplier: {file: sub/mine.h5}, accumulator: {bits: 12, adder: my_adder}}
)");
    EXPECT_EQ(config.layers.at("conv1").multiplier.file.filename(), "my.h5");
    EXPECT_EQ(config.layers.at("fc1").multiplier.file.filename(), "mine.h5");
    EXPECT_EQ(config.layers.at("fc1").adder.op->name, "my_adder");
}

TEST_F(ConfigTest, AMacUnitTakesThePlaceOfMultiplierAndAccumulator) {
    const RunConfig config = load(R"(
defaults: {multiplier: m, sign_magnitude: true, accumulator: {bits: 24, adder: {loa: 3}, overflow: saturate}}
layers:
  conv1: {mac: unit.h5, accumulator: {bits: 30}}
)");
    const LayerConfig& unit = config.layers.at("conv1");
    EXPECT_EQ(unit.mac->file.filename(), "unit.h5");
    EXPECT_FALSE(unit.sign_magnitude);
    EXPECT_TRUE(unit.acc_bits_given);
    EXPECT_EQ(unit.acc_bits, 30);
    EXPECT_EQ(unit.overflow, Overflow::wrap);
    EXPECT_FALSE(config.layers.at("fc1").mac);

    const RunConfig other = load("defaults: {mac: unit.h5}\nlayers: {fc1: {multiplier: m}}\n");
    EXPECT_TRUE(other.layers.at("conv1").mac);
    EXPECT_FALSE(other.layers.at("conv1").acc_bits_given);
    EXPECT_FALSE(other.layers.at("fc1").mac);
    for (const char* beside :
         {"multiplier: m", "sign_magnitude: true", "accumulator: {adder: exact}", "accumulator: {overflow: wrap}"}) {
        EXPECT_THAT(error_of(std::string("defaults: {mac: unit.h5, ") + beside + "}\n"), HasSubstr("beside `mac`"));
    }
}

TEST_F(ConfigTest, OverridesFromTheCommandLine) {
    const RunConfig config = load("defaults: {multiplier: a}\n",
                                  {"defaults.multiplier={name: b, P: 3}", "layers.fc1.mode=float", "data.split=train"});
    EXPECT_EQ(config.layers.at("conv1").multiplier.label(), "b-P3");
    EXPECT_TRUE(config.layers.at("fc1").is_float);
    EXPECT_EQ(config.data.split, Split::train);
    EXPECT_THROW(load("defaults: {multiplier: a}\n", {"nonsense"}), UsageError);
}

TEST_F(ConfigTest, MistakesAreNamedWithTheirPlace) {
    EXPECT_THAT(error_of("defaults:\n  multiplyer: a\n"),
                AllOf(HasSubstr("c.yaml:5:"), HasSubstr("multiplyer"), HasSubstr("nearest: 'multiplier'")));
    EXPECT_THAT(error_of("defaults: {multiplier: a}\nlayers:\n  conv2: {mode: float}\n"),
                AllOf(HasSubstr("c.yaml:6:"), HasSubstr("no layer 'conv2' in network 'small'"), HasSubstr("'conv1'")));
    EXPECT_THAT(error_of("defaults: {multiplier: a}\nlayers:\n  relu1: {mode: float}\n"),
                HasSubstr("only convolutions and fully connected layers have settings"));
    EXPECT_THAT(error_of("defaults: {multiplier: a, weights: {bits: 17}}\n"),
                AllOf(HasSubstr("defaults.weights.bits"), HasSubstr("17"), HasSubstr("1 to 16")));
    EXPECT_THAT(error_of("defaults: {multiplier: a, weights: {bits: eight}}\n"), HasSubstr("eight"));
    EXPECT_THAT(error_of("defaults: {multiplier: a, accumulator: {bits: 65}}\n"), HasSubstr("2 to 64"));
    EXPECT_THAT(error_of("defaults: {multiplier: a, accumulator: {bits: 16, adder: {loa: 17}}}\n"),
                HasSubstr("0 to 16"));
    EXPECT_THAT(error_of("defaults: {multiplier: a, activations: {scheme: symetric}}\n"), HasSubstr("symmetric"));
    EXPECT_THAT(error_of("defaults: {multiplier: a, accumulator: {adder: 'loa:4'}}\n"), HasSubstr("{loa: 4}"));
    EXPECT_THAT(error_of("defaults: {}\n"), HasSubstr("layer 'conv1' has no multiplier"));
    EXPECT_THAT(error_of("defaults: {multiplier: {name: a, P: 1, parameters: {P: 2}}}\n"),
                HasSubstr("parameter 'P' is given twice"));
    EXPECT_THAT(error_of("defaults: {multiplier: [a]}\n"), HasSubstr("defaults.multiplier"));
    EXPECT_THAT(error_of("defaults: {multiplier: a}\ndefaults: {multiplier: b}\n"), HasSubstr("defaults"));
    EXPECT_THAT(error_of("bits: 8\n"), HasSubstr("bits"));
}

TEST_F(ConfigTest, MissingFilesAreNamed) {
    const auto path = folder_.path() / "d.yaml";
    write_file(path, "network: nets/other.yaml\nweights: w.h5\ndata: {kind: idx, dir: .}\n");
    try {
        load_run_config(path);
        FAIL();
    } catch (const InputError& error) {
        EXPECT_THAT(error.what(), HasSubstr("nets/other.yaml"));
    }
}

}  // namespace
}  // namespace concrete::sim

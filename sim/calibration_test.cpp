#include "sim/calibration.h"

#include <cmath>
#include <cstdlib>
#include <gtest/gtest.h>

#include "sim/error.h"
#include "sim/file.h"
#include "sim/testing.h"

namespace concrete::sim {
namespace {

namespace fs = std::filesystem;

/// Ranges are rounded outward to 12 significant bits.
void expect_scale(double scale, double range) {
    EXPECT_GE(scale, range / 127 * (1 - 1e-7));
    EXPECT_LE(scale, range / 127 * (1 + 1.0 / 2048));
    int exponent = 0;
    const double mantissa = std::ldexp(std::frexp(scale * 127, &exponent), 12);
    EXPECT_NEAR(mantissa, std::round(mantissa), 1e-6);
}

std::string big_endian(uint32_t value) {
    std::string bytes;
    for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(value >> shift & 0xff));
    return bytes;
}

/// 2x2 pictures of an identity network: a 1x1 convolution with weight 1, so that ranges can be worked out by hand.
class CalibrationTest : public ::testing::Test {
  protected:
    CalibrationTest() {
        setenv("CONCRETE_CACHE_DIR", (folder_.path() / "cache").c_str(), 1);
        write_file(folder_.path() / "net.yaml", R"(
name: identity
input: {shape: [1, 2, 2], mean: [0.0], std: [1.0]}
layers:
  - {name: conv1, type: conv2d, out_channels: 1, kernel: 1}
  - {name: conv2, type: conv2d, out_channels: 1, kernel: 1}
)");
        // Picture i has the pixels 0, i, 2i, 5i.
        std::string pixels = big_endian(0x803) + big_endian(20) + big_endian(2) + big_endian(2);
        for (int i = 1; i <= 20; ++i) {
            for (const int factor : {0, 1, 2, 5}) pixels.push_back(static_cast<char>(i * factor));
        }
        write_file(folder_.path() / "data" / "train-images-idx3-ubyte", pixels);
        write_file(folder_.path() / "data" / "train-labels-idx1-ubyte",
                   big_endian(0x801) + big_endian(20) + std::string(20, '\1'));
        for (const char* name : {"conv1", "conv2"}) {
            weights_[std::string(name) + ".weight"] = Tensor<float>({1, 1, 1, 1}, {2.0f});
            weights_[std::string(name) + ".bias"] = Tensor<float>({1}, {0.0f});
        }
    }
    ~CalibrationTest() override { unsetenv("CONCRETE_CACHE_DIR"); }

    Calibration calibrated(const std::string& activations) {
        write_file(folder_.path() / "c.yaml",
                   "network: net.yaml\nweights: w.h5\ndata: {kind: idx, dir: data}\n"
                   "defaults: {multiplier: m, activations: {" +
                       activations + "}}\n");
        const RunConfig config = load_run_config(folder_.path() / "c.yaml");
        const auto operators =
            bind_operators(config, [](const OperatorRef&) { return testing::exact_multiplier(8, 8, true); });
        return load_or_calibrate(config, plan_codes(config, operators), weights_, 1);
    }
    fs::path only_file() {
        std::vector<fs::path> files;
        for (const auto& entry : fs::directory_iterator(folder_.path() / "cache" / "calibration")) {
            files.push_back(entry.path());
        }
        EXPECT_EQ(files.size(), 1u);
        return files.at(0);
    }

    TemporaryFolder folder_;
    Weights weights_;
};

TEST_F(CalibrationTest, MaximumOfTheFirstPictures) {
    const Calibration c = calibrated("calibrate: {images: 10, method: max}");
    expect_scale(c.activations.at("input").scale, 50.0 / 255);  // picture 10: 5 * 10
    expect_scale(c.activations.at("conv1").scale, 100.0 / 255);
    EXPECT_EQ(c.activations.count("conv2"), 0u);
    expect_scale(calibrated("calibrate: {images: 20}").activations.at("input").scale, 100.0 / 255);
}

TEST_F(CalibrationTest, PercentileLeavesOutliersOut) {
    // 80 values; rank 60 of 0, i, 2i, 5i (i = 1..20).
    const Calibration c = calibrated("calibrate: {images: 20, method: percentile, percentile: 75}");
    std::vector<int> values;
    for (int i = 1; i <= 20; ++i) values.insert(values.end(), {0, i, 2 * i, 5 * i});
    std::sort(values.begin(), values.end());
    expect_scale(c.activations.at("input").scale, values[59] / 255.0);
}

TEST_F(CalibrationTest, IsReadBackToTheLastBitAndRemadeWhenDamaged) {
    const Calibration first = calibrated("bits: 7");
    EXPECT_EQ(first.hash.size(), 64u);
    const fs::path path = only_file();
    const std::string text = read_file(path);
    EXPECT_NE(text.find("0x1."), std::string::npos);  // hexadecimal floats
    EXPECT_EQ(calibrated("bits: 7"), first);
    write_file(path, text.substr(0, text.size() / 2));
    EXPECT_EQ(calibrated("bits: 7"), first);
    EXPECT_EQ(read_file(path), text);
}

TEST_F(CalibrationTest, HashFollowsSettingsWeightsAndPictures) {
    const std::string before = calibrated("bits: 7").hash;
    EXPECT_NE(calibrated("bits: 6").hash, before);
    EXPECT_NE(calibrated("bits: 7, calibrate: {images: 5}").hash, before);
    weights_["conv1.weight"].data[0] = 2.5f;
    EXPECT_NE(calibrated("bits: 7").hash, before);
}

TEST_F(CalibrationTest, MissingTrainingSplitIsSaid) {
    fs::remove(folder_.path() / "data" / "train-images-idx3-ubyte");
    EXPECT_THROW(calibrated("bits: 7"), InputError);
}

}  // namespace
}  // namespace concrete::sim

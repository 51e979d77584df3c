#include "sim/weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <limits>

#include "sim/error.h"
#include "sim/file.h"
#include "sim/hdf5.h"

namespace concrete::sim {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class WeightsTest : public testing::Test {
  protected:
    WeightsTest() {
        write_file(folder.path() / "net.yaml",
                   "name: net\ninput: {shape: [2, 3, 3]}\nlayers:\n"
                   "  - {name: conv1, type: conv2d, out_channels: 2, kernel: 2, bias: false}\n"
                   "  - {name: flat, type: flatten}\n  - {name: fc, type: linear, out_features: 3}\n");
        network = load_network(folder.path() / "net.yaml");
        for (const auto& [name, shape] : weight_shapes(network)) {
            Tensor<float> tensor(shape);
            for (size_t i = 0; i < tensor.size(); ++i) tensor.data[i] = 0.1f * static_cast<float>(i) - 0.7f;
            weights[name] = tensor;
        }
    }

    std::string error(const Weights& stored) {
        save_weights(stored, path);
        return load_error();
    }

    std::string load_error() {
        try {
            load_weights(path, network);
        } catch (const InputError& e) {
            EXPECT_THAT(e.what(), HasSubstr(path.string()));
            return e.what();
        }
        return "no error";
    }

    TemporaryFolder folder;
    std::filesystem::path path = folder.path() / "weights.h5";
    Network network;
    Weights weights;
};

TEST_F(WeightsTest, ShapesOfANetwork) {
    EXPECT_EQ(weight_shapes(network),
              (std::map<std::string, Shape>{{"conv1.weight", {2, 2, 2, 2}}, {"fc.bias", {3}}, {"fc.weight", {3, 8}}}));
}

TEST_F(WeightsTest, WhatIsSavedIsLoadedBitForBit) {
    weights["fc.bias"].data = {-0.0f, std::numeric_limits<float>::denorm_min(), std::numeric_limits<float>::max()};
    save_weights(weights, path, {{"seed", "7"}});
    const Weights loaded = load_weights(path, network);
    EXPECT_EQ(loaded, weights);
    EXPECT_TRUE(std::signbit(loaded.at("fc.bias").data[0]));
    EXPECT_EQ(content_hash(loaded), content_hash(weights));
    const Hdf5Reader file(path);
    EXPECT_EQ(file.text_attribute("/", "seed"), "7");
    EXPECT_EQ(file.text_attribute("/", "format"), "concrete-weights");
    EXPECT_EQ(file.integer_attribute("/", "version"), 1);
}

TEST_F(WeightsTest, TensorsThatDoNotFitAreNamed) {
    Weights w = weights;
    w.erase("fc.bias");
    EXPECT_THAT(error(w), AllOf(HasSubstr("fc.bias"), HasSubstr("missing"), HasSubstr("[3]")));
    w = weights;
    w["fc.biased"] = w["fc.bias"];
    EXPECT_THAT(error(w), AllOf(HasSubstr("fc.biased"), HasSubstr("no layer"), HasSubstr("nearest: 'fc.bias'")));
    w = weights;
    w["conv1.bias"] = w["fc.bias"];
    EXPECT_THAT(error(w), AllOf(HasSubstr("conv1.bias"), HasSubstr("no layer")));
    w = weights;
    w["fc.weight"].shape = {8, 3};  // transposed: as many elements
    EXPECT_THAT(error(w), AllOf(HasSubstr("fc.weight"), HasSubstr("[8, 3]"), HasSubstr("[3, 8]")));
    w = weights;
    w["fc.weight"] = Tensor<float>({3, 9});
    EXPECT_THAT(error(w), AllOf(HasSubstr("[3, 9]"), HasSubstr("[3, 8]")));
    w = weights;
    w["conv1.weight"].shape = {16};
    EXPECT_THAT(error(w), AllOf(HasSubstr("conv1.weight"), HasSubstr("[16]"), HasSubstr("[2, 2, 2, 2]")));
}

TEST_F(WeightsTest, ValuesThatAreNotFiniteAreErrors) {
    for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
        Weights w = weights;
        w["fc.weight"].data[5] = bad;
        EXPECT_THAT(error(w), AllOf(HasSubstr("fc.weight"), HasSubstr("element 5"), HasSubstr("finite")));
    }
}

TEST_F(WeightsTest, OtherFormatsAndVersionsAreErrors) {
    const auto write = [&](const std::string& format, int64_t version) {
        Hdf5Writer file(path);
        file.attribute("/", "format", format);
        file.attribute("/", "version", version);
        for (const auto& [name, tensor] : weights) file.write(name, tensor.shape, tensor.data.data());
        file.commit();
    };
    write("concrete-operator", 1);
    EXPECT_THAT(load_error(), AllOf(HasSubstr("concrete-operator"), HasSubstr("concrete-weights")));
    write("concrete-weights", 2);
    EXPECT_THAT(load_error(), HasSubstr("version is 2"));
    write("concrete-weights", 1);
    EXPECT_EQ(load_error(), "no error");
    {
        Hdf5Writer file(path);  // as h5py would: no attributes
        for (const auto& [name, tensor] : weights) file.write(name, tensor.shape, tensor.data.data());
        file.commit();
    }
    EXPECT_EQ(load_weights(path, network), weights);
}

TEST_F(WeightsTest, FilesThatAreNoHdf5AreErrors) {
    EXPECT_NE(load_error(), "no error");  // not there
    save_weights(weights, path);
    const std::string whole = read_file(path);
    write_file(path, whole.substr(0, whole.size() / 2));
    EXPECT_NE(load_error(), "no error");
    write_file(path, "not HDF5");
    EXPECT_NE(load_error(), "no error");
}

TEST_F(WeightsTest, HashCoversNamesShapesAndBits) {
    const std::string before = content_hash(weights);
    Weights w = weights;
    w["fc.bias"].data[2] = std::nextafter(w["fc.bias"].data[2], 9.0f);
    EXPECT_NE(content_hash(w), before);
    w = weights;
    w["fc.weight"].shape = {8, 3};
    EXPECT_NE(content_hash(w), before);
    w = weights;
    auto node = w.extract("fc.bias");
    node.key() = "fd.bias";
    w.insert(std::move(node));
    EXPECT_NE(content_hash(w), before);
    EXPECT_EQ(content_hash(weights), before);
}

}  // namespace
}  // namespace concrete::sim

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/error.h"
#include "sim/file.h"
#include "sim/hdf5.h"
#include "sim/train.h"
#include "sim/version.h"

namespace concrete::sim {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

class TrainConfigTest : public testing::Test {
  protected:
    TrainConfigTest() {
        write_file(folder.path() / "nets" / "net.yaml", "x");
        write_file(folder.path() / "out" / "x", "x");
        write_file(folder.path() / "pictures" / "x", "x");
    }

    TrainConfig load(const std::string& text) {
        path = folder.path() / "configs" / "train.yaml";
        write_file(path, text);
        return load_train_config(path);
    }

    // The error for the body of `train`, or for a whole file that has "network".
    std::string error(const std::string& text) {
        try {
            load(text.find("network") == std::string::npos ? kHead + "train: " + text + "\n" : text);
        } catch (const InputError& e) {
            EXPECT_THAT(e.what(), HasSubstr("train.yaml:"));
            return e.what();
        }
        return "no error";
    }

    const std::string kHead = "network: ../nets/net.yaml\noutput: ../out/w.h5\ndata: {kind: idx, dir: ../pictures}\n";
    TemporaryFolder folder;
    fs::path path;
};

TEST_F(TrainConfigTest, ReadsEverySetting) {
    const TrainConfig sgd =
        load(kHead +
             "train: {epochs: 3, batch: 7, seed: 9, optimizer: sgd, learning_rate: 0.5, "
             "momentum: 0.25, weight_decay: 0.125,\n"
             "  schedule: {kind: step, epochs: 2, factor: 0.5}, augment: {shift: 2, flip: true}}\n");
    EXPECT_EQ(sgd.network, folder.path() / "nets" / "net.yaml");
    EXPECT_EQ(sgd.output, folder.path() / "out" / "w.h5");
    EXPECT_EQ(sgd.data.dir, folder.path() / "pictures");
    EXPECT_EQ(sgd.path, path);
    EXPECT_EQ(sgd.epochs, 3u);
    EXPECT_EQ(sgd.batch, 7u);
    EXPECT_EQ(sgd.seed, 9u);
    EXPECT_EQ(sgd.optimizer, Optimizer::sgd);
    EXPECT_EQ(sgd.learning_rate, 0.5);
    EXPECT_EQ(sgd.momentum, 0.25);
    EXPECT_EQ(sgd.weight_decay, 0.125);
    EXPECT_EQ(sgd.schedule, Schedule::step);
    EXPECT_EQ(sgd.step_epochs, 2u);
    EXPECT_EQ(sgd.step_factor, 0.5);
    EXPECT_EQ(sgd.augment_shift, 2u);
    EXPECT_TRUE(sgd.augment_flip);

    const TrainConfig adam = load(kHead +
                                  "train: {epochs: 1, batch: 1, optimizer: adam, learning_rate: 0.001, beta1: 0.5, "
                                  "beta2: 0.75, epsilon: 0.0625, schedule: {kind: cosine}}\n");
    EXPECT_EQ(adam.optimizer, Optimizer::adam);
    EXPECT_EQ(adam.adam_beta1, 0.5);
    EXPECT_EQ(adam.adam_beta2, 0.75);
    EXPECT_EQ(adam.adam_epsilon, 0.0625);
    EXPECT_EQ(adam.schedule, Schedule::cosine);
    EXPECT_EQ(adam.seed, 1u);
    EXPECT_EQ(adam.weight_decay, 0);
    EXPECT_EQ(adam.augment_shift, 0u);
    EXPECT_FALSE(adam.augment_flip);
}

TEST_F(TrainConfigTest, BadSettingsAreErrors) {
    const std::string good = "{epochs: 1, batch: 1, optimizer: sgd, learning_rate: 0.1";
    EXPECT_EQ(error(good + "}"), "no error");
    EXPECT_THAT(error("{epochs: 0, batch: 1, optimizer: sgd, learning_rate: 0.1}"), HasSubstr("epochs"));
    EXPECT_THAT(error("{epochs: 1, batch: 0, optimizer: sgd, learning_rate: 0.1}"), HasSubstr("batch"));
    EXPECT_THAT(error("{epochs: 1, batch: 1, optimizer: sdg, learning_rate: 0.1}"), HasSubstr("sgd"));
    EXPECT_THAT(error("{epochs: 1, batch: 1, optimizer: sgd}"), HasSubstr("learning_rate"));
    EXPECT_THAT(error("{epochs: 1, batch: 1, optimizer: sgd, learning_rate: -1}"), HasSubstr("learning_rate"));
    EXPECT_THAT(error(good + ", seed: -1}"), HasSubstr("seed"));
    EXPECT_THAT(error(good + ", momentum: 1}"), HasSubstr("momentum"));
    EXPECT_THAT(error(good + ", momentun: 0.9}"), HasSubstr("momentum"));
    EXPECT_THAT(error(good + ", beta1: 0.9}"), HasSubstr("belongs to optimizer: adam"));
    EXPECT_THAT(error("{epochs: 1, batch: 1, optimizer: adam, learning_rate: 0.1, momentum: 0.9}"),
                HasSubstr("belongs to optimizer: sgd"));
    EXPECT_THAT(error(good + ", schedule: {kind: linear}}"), HasSubstr("cosine"));
    EXPECT_THAT(error(good + ", schedule: {kind: cosine, factor: 0.1}}"), HasSubstr("belongs to kind: step"));
    EXPECT_THAT(error(good + ", schedule: {kind: step, epochs: 2}}"), HasSubstr("factor"));
    EXPECT_THAT(error(good + ", augment: {shift: -1}}"), HasSubstr("shift"));
    EXPECT_THAT(error(good + ", augment: {flop: true}}"), HasSubstr("flip"));
    EXPECT_THAT(error("network: a\noutput: b.h5\ndata: {kind: idx, dir: d}\n"), HasSubstr("train"));
    EXPECT_THAT(error("network: a\noutput: b/\ndata: {kind: idx, dir: d}\ntrain: {}\n"), HasSubstr("names no file"));
    EXPECT_THAT(error("network: a\noutput: b/c/w.h5\ndata: {kind: idx, dir: d}\ntrain: {}\n"),
                HasSubstr("no folder " + (folder.path() / "configs" / "b" / "c").string()));
    EXPECT_THAT(error("network: a\noutput: b.h5\ndata: {kind: idx, dir: d, split: test}\ntrain: {}\n"),
                HasSubstr("split"));
    EXPECT_THAT(error("network: a\noutput: b.h5\ndata: 3\ntrain: {}\n"), HasSubstr("data"));
}

TEST_F(TrainConfigTest, SavedWeightsSayWhereTheyComeFrom) {
    const TrainConfig config =
        load(kHead + "train: {epochs: 2, batch: 1, seed: 3, optimizer: sgd, learning_rate: 0.1}\n");
    save_trained_weights(config, {{"a.weight", Tensor<float>({1}, {2})}}, {2, 0.25, 90, 98.765});
    const Hdf5Reader file(folder.path() / "out" / "w.h5");
    EXPECT_EQ(file.text_attribute("/", "config"), read_file(path));
    EXPECT_EQ(file.text_attribute("/", "network"), "net.yaml");
    EXPECT_EQ(file.text_attribute("/", "seed"), "3");
    EXPECT_EQ(file.text_attribute("/", "epochs"), "2");
    EXPECT_EQ(file.text_attribute("/", "train_loss"), "0.25");
    EXPECT_EQ(file.text_attribute("/", "test_accuracy_percent"), "98.77");
    EXPECT_EQ(file.text_attribute("/", "concrete_version"), concrete::version());
    EXPECT_EQ(file.floats("a.weight").data, std::vector<float>{2});
}

// The configurations this project ships.
TEST(TrainConfig, ShippedConfigurationsLoad) {
    const fs::path root(CONCRETE_SOURCE_DIR);
    int count = 0;
    for (const auto& entry : fs::directory_iterator(root / "configs" / "train")) {
        if (entry.path().extension() != ".yaml") continue;
        const TrainConfig config = load_train_config(entry.path());
        EXPECT_TRUE(fs::exists(config.network)) << entry.path();
        EXPECT_EQ(config.output, root / "nets" / "weights" / (entry.path().stem().string() + ".h5"));
        ++count;
    }
    EXPECT_EQ(count, 4);
}

}  // namespace
}  // namespace concrete::sim

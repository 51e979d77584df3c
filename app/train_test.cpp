// concrete train on pictures made up here: two classes, told apart by which half is bright.
#include "sim/train.h"

#include <gmock/gmock.h>

#include "app/testing.h"
#include "sim/hdf5.h"

namespace concrete::app {
namespace {

using ::testing::HasSubstr;
using testing::ProgramResult;

class Train : public testing::ProgramTest {
  protected:
    void SetUp() override {
        write_split("train", 64);
        write_split("t10k", 16);
        write_file(file("net.yaml"),
                   "name: tiny\ninput: {shape: [1, 4, 4], mean: [0.5], std: [0.5]}\nlayers:\n"
                   "  - {name: flat, type: flatten}\n  - {name: fc, type: linear, out_features: 2}\n");
        write_config("3");
    }

    void write_config(const std::string& epochs) const {
        write_file(file("train.yaml"),
                   "network: net.yaml\ndata: {kind: idx, dir: .}\noutput: out.h5\n"
                   "train: {epochs: " +
                       epochs + ", batch: 8, seed: 3, optimizer: sgd, learning_rate: 0.1}\n");
    }

  private:
    static std::string big_endian(uint32_t number) {
        std::string bytes;
        for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(number >> shift);
        return bytes;
    }
    /// Files as MNIST has them.
    void write_split(const std::string& name, uint32_t count) const {
        std::string images = big_endian(0x803) + big_endian(count) + big_endian(4) + big_endian(4);
        std::string labels = big_endian(0x801) + big_endian(count);
        for (uint32_t i = 0; i < count; ++i) {
            labels += static_cast<char>(i % 2);
            for (uint32_t p = 0; p < 16; ++p) {
                const bool bright = (p < 8) == (i % 2 == 0);
                images += static_cast<char>((bright ? 200 : 20) + (i * 7 + p * 5) % 40);
            }
        }
        write_file(file(name + "-images-idx3-ubyte"), images);
        write_file(file(name + "-labels-idx1-ubyte"), labels);
    }
};

TEST_F(Train, LearnsAndWritesTheWeights) {
    const ProgramResult result = run({"train", "train.yaml", "--threads", "1", "--json", "r.json"});
    ASSERT_EQ(result.exit_code, 0) << result.err;
    EXPECT_THAT(result.out, HasSubstr("epoch  3 of 3: loss "));
    const nlohmann::json details = json("r.json")["result"];
    EXPECT_EQ(details["epochs"].size(), 3U);
    EXPECT_EQ(details["seed"], 3);
    EXPECT_EQ(details["test_accuracy_percent"], 100.0);
    EXPECT_LT(details["epochs"][2]["train_loss"], details["epochs"][0]["train_loss"]);
    const sim::Hdf5Reader weights(file("out.h5"));
    EXPECT_EQ(weights.floats("fc.weight").shape, (sim::Shape{2, 16}));
}

TEST_F(Train, TheSeedDecides) {
    ASSERT_EQ(run({"train", "train.yaml", "--threads", "1", "--out", "a.h5"}).exit_code, 0);
    ASSERT_EQ(run({"train", "train.yaml", "--threads", "1", "--out", "b.h5"}).exit_code, 0);
    EXPECT_TRUE(read_file(file("a.h5")) == read_file(file("b.h5")));
    EXPECT_FALSE(std::filesystem::exists(file("out.h5")));
}

TEST_F(Train, BadInputLeavesNothing) {
    write_config("0");
    const ProgramResult result = run({"train", "train.yaml"});
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_THAT(result.err, HasSubstr("train.yaml:4:17: train.epochs: expected an integer"));
    write_config("1");
    EXPECT_THAT(run({"train", "train.yaml", "--out", "none/x.h5"}).err, HasSubstr("none/x.h5: cannot be written"));
    std::filesystem::remove(file("t10k-labels-idx1-ubyte"));
    EXPECT_THAT(run({"train", "train.yaml"}).err, HasSubstr("t10k-labels-idx1-ubyte"));
    EXPECT_FALSE(std::filesystem::exists(file("out.h5")));
}

}  // namespace
}  // namespace concrete::app

#include "sim/operand_distribution.h"

#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/error.h"
#include "sim/file.h"
#include "sim/hdf5.h"

namespace concrete::sim {
namespace {

using ::testing::HasSubstr;

/// 2 bits signed by 1 bit unsigned.
OperandCounts counts(int64_t first) {
    OperandCounts c;
    c.a = {"act", 2, true};
    c.b = {"wgt", 1, false};
    c.joint = {first, 0, 1, 2, 0, 0, 7, 3};
    c.a_counts = {first, 3, 0, 10};
    c.b_counts = {first + 8, 5};
    return c;
}

OperandDistribution sample() {
    OperandDistribution d{"net", "run.yaml", "abc", 10, {{"conv1", counts(4)}, {"fc", counts(5)}}, std::nullopt};
    d.total = total_counts(d.layers);
    return d;
}

class OperandDistributionFile : public ::testing::Test {
  protected:
    std::filesystem::path path() const { return folder_.path() / "d.h5"; }
    std::string message() const {
        try {
            load_operand_distribution(path());
        } catch (const InputError& error) {
            return error.what();
        }
        return "no error";
    }

  private:
    TemporaryFolder folder_;
};

TEST(OperandDistribution, TotalsAddUp) {
    const OperandDistribution d = sample();
    ASSERT_TRUE(d.total);
    EXPECT_EQ(d.total->joint, (std::vector<int64_t>{9, 0, 2, 4, 0, 0, 14, 6}));
    EXPECT_EQ(d.total->a_counts, (std::vector<int64_t>{9, 6, 0, 20}));
    EXPECT_EQ(d.total->macs(), 35);
    auto layers = d.layers;
    layers["fc"].joint.clear();
    layers["fc"].joint_absence = "too wide";
    EXPECT_EQ(total_counts(layers)->joint_absence, "too wide");
    layers["fc"].b.is_signed = true;
    EXPECT_FALSE(total_counts(layers));
}

TEST_F(OperandDistributionFile, ReadsBackWhatWasWritten) {
    OperandDistribution d = sample();
    d.layers["fc"].joint.clear();
    d.layers["fc"].joint_absence = "13 + 13 operand bits";
    d.total = total_counts(d.layers);
    save_operand_distribution(d, path());
    EXPECT_EQ(load_operand_distribution(path()), d);
    const std::string bytes = read_file(path());
    save_operand_distribution(d, path());
    EXPECT_EQ(read_file(path()), bytes);
}

TEST_F(OperandDistributionFile, RefusesWhatDoesNotAgree) {
    const auto damaged = [&](const std::function<void(OperandDistribution&)>& damage) {
        OperandDistribution d = sample();
        damage(d);
        save_operand_distribution(d, path());
        return message();
    };
    EXPECT_EQ(damaged([](auto&) {}), "no error");
    EXPECT_THAT(damaged([](auto& d) { d.layers["fc"].joint[0] = 6; }),
                HasSubstr("/layers/fc/joint: has other row or column sums than a and b hold"));
    EXPECT_THAT(damaged([](auto& d) { d.layers["fc"].joint[0] = -1; }), HasSubstr("/layers/fc/joint: holds -1"));
    EXPECT_THAT(damaged([](auto& d) { d.total->b_counts[0] = 3; }), HasSubstr("/total: a counts 35"));
    EXPECT_THAT(damaged([](auto& d) {
                    d.total->a_counts = {int64_t{1} << 62, 1, 0, 0};
                }),
                HasSubstr("/total/a: holds 1, expected counts from 0 to 2^62 in all"));
    EXPECT_THAT(damaged([](auto& d) { d.layers["fc"].a_counts = {0, 0, 0, 0}; }), HasSubstr("holds zeros only"));
    EXPECT_THAT(damaged([](auto& d) { d.images = 0; }), HasSubstr("images is 0"));
    EXPECT_THAT(damaged([](auto& d) { d.layers.clear(); }), HasSubstr("/layers: the group is missing"));
}

TEST_F(OperandDistributionFile, RefusesOtherFiles) {
    {
        Hdf5Writer file(path());
        file.attribute("/", "format", "concrete-operator");
        file.commit();
    }
    EXPECT_THAT(message(), HasSubstr("format is 'concrete-operator', expected 'concrete-operands'"));
    {
        Hdf5Writer file(path());
        file.attribute("/", "format", "concrete-operands");
        file.attribute("/", "version", int64_t{2});
        file.commit();
    }
    EXPECT_THAT(message(), HasSubstr("version is 2, expected 1"));
}

}  // namespace
}  // namespace concrete::sim

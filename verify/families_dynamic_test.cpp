// One small instance of each family that cuts operands or adds logarithms, on all pairs, against the formula of its
// paper. families_dynamic_slow_test.cpp goes through all listed instances.
#include <gtest/gtest.h>

#include "gen/generate.h"
#include "sim/parallel.h"
#include "verify/families_dynamic_testing.h"

namespace concrete::verify {
namespace {

using namespace testing;

TEST(DynamicFamilies, OneInstanceOfEachEqualsItsFormula) {
    const gen::Catalogue catalogue = gen::load_catalogue(gen::default_catalogue_path());
    std::vector<DynamicInstance> instances;
    std::vector<gen::Request> requests;
    for (const std::string& family : dynamic_families()) {
        const std::string name = gen::instance_name(catalogue.family(family), {{"WIDTH", 6}});
        instances.push_back(dynamic_instance(catalogue, name));
        requests.push_back(instances.back().request);
    }
    const std::vector<sim::Operator> operators = gen::generate(requests, sim::default_threads());
    for (size_t i = 0; i < operators.size(); ++i) {
        const sim::Operator& op = operators[i];
        EXPECT_EQ(op.a, instances[i].op.a) << op.name;
        EXPECT_EQ(op.b, instances[i].op.b) << op.name;
        EXPECT_EQ(op.y, instances[i].op.y) << op.name;
        ASSERT_EQ(op.lut.size(), 4096u) << op.name;
        size_t differences = 0;
        for (uint64_t pair = 0; pair < op.lut.size(); ++pair)
            differences += sim::encode(op.lut[pair], 12) != expected_pattern(instances[i], pair >> 6, pair & 63);
        EXPECT_EQ(differences, 0u) << op.name;
        EXPECT_GT(op.metrics.ep_percent, 0) << op.name << " is exact";
    }
}

// Formulas and papers' examples worked by hand, so that an error shared by circuit and formula has nowhere to hide.
TEST(DynamicFamilies, FormulasGiveWorkedExamples) {
    EXPECT_EQ(leading_bits(0b1011'0110, 4, true), 0b1011'0000);
    EXPECT_EQ(leading_bits(0b1010'0110, 4, true), 0b1011'0000);
    EXPECT_EQ(leading_bits(0b1010'0110, 4, false), 0b1010'0000);
    EXPECT_EQ(leading_bits(0b1010, 4, true), 0b1010);
    EXPECT_EQ(static_bits(0b0001'1111, 8, 4, false), 0b0001'0000);
    EXPECT_EQ(static_bits(0b0001'1111, 8, 4, true), 0b0001'1100);
    EXPECT_EQ(static_bits(0b0000'1111, 8, 4, true), 0b0000'1111);
    EXPECT_EQ(mitchell(3, 3, 0), 8) << "the worst case of the paper, 1/9 short";
    EXPECT_EQ(mitchell(13, 9, 0), 64 + 5 * 8 + 1 * 8) << "0.625 + 0.125 < 1";
    EXPECT_EQ(approximate_log(3, 3, 8, 0, true), 8);
    EXPECT_EQ(iterative_log(234, 198, 1), 234 * 198 - 106 * 70);
    EXPECT_EQ(iterative_log(234, 198, 2), 234 * 198 - 42 * 6);
    EXPECT_EQ(rounded_to_power(3), 2);
    EXPECT_EQ(rounded_to_power(6), 8);
    EXPECT_EQ(rounded_to_power(5), 4);
    EXPECT_EQ(rounded_to_power(192), 256);
    EXPECT_EQ(tosam(16, 16, 0, 2), 256 + 64) << "1 + 0 + 0 + 1/4";
    EXPECT_EQ(tosam(23, 16, 1, 2), 256 + 64 + 16) << "x = 7/16: 1 + 1/4 + 1/4 * 1/4";
    EXPECT_EQ(without_low_bits(-5, 2), -8);
}

}  // namespace
}  // namespace concrete::verify

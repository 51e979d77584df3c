// One small instance of each array and block family, made as users make it, against its formula on all operand pairs.
// families_array_slow_test.cpp does the same for every listed instance.
#include <gtest/gtest.h>

#include "gen/catalogue.h"
#include "verify/families_array_testing.h"

namespace concrete::verify {
namespace {

TEST(ArrayFamilies, SmallInstancesEqualTheirFormulas) {
    const std::vector<std::string> names{"mul_u_array-A_BITS4-B_BITS3",
                                         "mul_s_baugh_wooley-A_BITS3-B_BITS5",
                                         "mul_u_truncated-K3-WIDTH4",
                                         "mul_u_truncated_cc-K1-WIDTH4",
                                         "mul_s_truncated-K5-WIDTH4",
                                         "mul_u_bam-HBL1-VBL3-WIDTH4",
                                         "mul_s_bbm_0-VBL3-WIDTH5",
                                         "mul_s_bbm_1-VBL3-WIDTH4",
                                         "mul_u_perforated-J1-K2-WIDTH4",
                                         "mul_u_udm-WIDTH5",
                                         "mul_u_etm-L2-WIDTH4",
                                         "mul8u_momeni_d1-P7",
                                         "mul8u_momeni_d2-P7",
                                         "mul8u_venkatachalam_ko-P7"};
    const gen::Catalogue catalogue = gen::load_catalogue(gen::default_catalogue_path());
    std::vector<gen::Request> requests;
    for (const std::string& name : names) {
        const auto [family, parameters] = gen::parse_instance_name(catalogue, name);
        requests.push_back(gen::catalogue_request(*family, parameters));
    }
    ASSERT_EQ(names.size(), testing::array_families().size());
    const std::vector<sim::Operator> operators = gen::generate(requests, 1);
    for (size_t i = 0; i < names.size(); ++i) {
        const sim::Operator& op = operators[i];
        const auto [family, parameters] = gen::parse_instance_name(catalogue, names[i]);
        const testing::Formula formula = testing::array_formula(family->name, parameters);
        size_t wrong = 0, inexact = 0;
        for (uint64_t a = 0; a < uint64_t{1} << op.a.bits; ++a) {
            for (uint64_t b = 0; b < uint64_t{1} << op.b.bits; ++b) {
                const int64_t x = sim::decode(a, op.a.bits, op.a.is_signed),
                              z = sim::decode(b, op.b.bits, op.b.is_signed);
                const int64_t y = sim::decode(sim::encode(formula(x, z), op.y.bits), op.y.bits, op.y.is_signed);
                wrong += sim::lookup(op, a, b) != y ? 1 : 0;
                inexact += y != x * z ? 1 : 0;
            }
        }
        EXPECT_EQ(wrong, 0u) << op.name;
        EXPECT_EQ(inexact == 0, op.closed_form == sim::ClosedForm::product) << op.name << ": approximates nothing";
    }
}

}  // namespace
}  // namespace concrete::verify

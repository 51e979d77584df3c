#include "verify/operator_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>

#include "gen/metrics.h"
#include "sim/error.h"
#include "sim/parallel.h"
#include "verify/testing.h"

namespace concrete::verify {
namespace {

using ::testing::AllOf;
using testing::broken;
using testing::catalogue_operator;
using ::testing::HasSubstr;

const std::vector<sim::Operator>& default_catalogue() {
    static const std::vector<sim::Operator> operators = [] {
        const gen::Catalogue catalogue = gen::load_catalogue(gen::default_catalogue_path());
        return gen::generate(gen::catalogue_requests(catalogue), sim::default_threads());
    }();
    return operators;
}

TEST(OperatorCheck, EveryCatalogueOperatorEqualsItsVerilog) {
    const TemporaryFolder folder;
    std::vector<sim::Operator> loaded;  // through the file, as users get them
    for (const sim::Operator& op : default_catalogue()) {
        sim::save_operator(op, folder.path() / (op.name + ".h5"));
        loaded.push_back(sim::load_operator(folder.path() / (op.name + ".h5")));
    }
    ASSERT_GE(loaded.size(), 42u + 7u + 8u);
    for (const OperatorCheck& check : check_operators(loaded, sim::default_threads())) {
        EXPECT_EQ(check.report, "");
        EXPECT_EQ(check.differences, 0u) << check.name;
        EXPECT_GE(check.pairs, 256u) << check.name;
    }
}

// Mean absolute errors of the radix-4 Booth family from an independent model, to the digits given there.
TEST(OperatorCheck, BoothFamilyHasItsPublishedErrors) {
    const std::map<std::string, std::vector<double>> expected{
        {"m1", {.625, 4.711, 27.724, 142.934, 477.488, 1413.884, 3355.319}},
        {"m2", {.625, 4.711, 25.646, 124.701, 433.167, 1371.017, 3355.158}},
        {"m3", {.625, 4.711, 29.962, 137.892, 485.055, 1549.586, 3444.276}},
        {"m4", {.5, 3.5, 21.5, 117.5, 387.916, 1096.790, 2480.859}},
        {"m5", {.5, 3.5, 26.0, 149.75, 523.674, 1479.592, 2797.037}},
        {"m6", {.5, 3.5, 22.201, 108.912, 384.069, 1082.043, 2528.828}},
        {"e1a", {.250, 1.859, 10.369, 51.578, 169.309, 502.691, 1180.500}}};
    size_t found = 0;
    for (const auto& [name, errors] : expected) {
        for (size_t i = 0; i < errors.size(); ++i) {
            const std::string instance = fmt::format("booth8_{}-P{}", name, 2 * (i + 1));
            for (const sim::Operator& op : default_catalogue()) {
                if (op.name != instance) continue;
                EXPECT_NEAR(op.metrics.mae, errors[i], 5.1e-4) << instance;
                EXPECT_EQ(op.metrics, gen::table_metrics(op)) << instance << ": figures of the sweep and of the table";
                ++found;
            }
        }
    }
    EXPECT_EQ(found, 49u);
}

TEST(OperatorCheck, BoothBiasAndProductOfZeros) {
    const std::map<std::string, std::pair<double, int>> expected{
        {"m1", {117.25, 0}}, {"m3", {93.25, 240}}, {"m4", {-117.5, 0}}, {"m6", {-53.0, 240}}, {"e1a", {-0.125, 0}}};
    for (const auto& [name, figures] : expected) {
        const auto op = catalogue_operator("booth8_" + name + "-P8");
        EXPECT_DOUBLE_EQ(op->metrics.mean_error, figures.first) << name;
        EXPECT_EQ(sim::lookup(*op, 0, 0), figures.second) << name;
    }
    for (const std::string name : {"m2", "m5"})
        EXPECT_EQ(sim::lookup(*catalogue_operator("booth8_" + name + "-P8"), 0, 0), 0) << name;
    for (const std::string name : {"m1", "m2", "m3", "m4", "m5", "m6", "e1a"})
        EXPECT_EQ(catalogue_operator("booth8_" + name + "-P0")->metrics, sim::Metrics{}) << name << ": P = 0 is exact";
}

/// Share of all pairs, in percent, on which the check found a difference.
double caught_percent(const std::string& name, const testing::Fault& fault, std::string* report = nullptr) {
    const std::vector<sim::Operator> operators{*broken(catalogue_operator(name), fault)};
    const OperatorCheck check = check_operators(operators, 1).front();
    EXPECT_THAT(check.report, HasSubstr(name + ": RTL and ")) << "not caught";
    if (report) *report = check.report;
    return 100.0 * static_cast<double>(check.differences) / static_cast<double>(check.pairs);
}

TEST(OperatorCheck, ReportsFirstDifferenceAndHowMany) {
    auto op = std::make_shared<sim::Operator>(*catalogue_operator("booth8_m4-P8"));
    op->lut[0x3f02] += 2;
    op->lut[0x3f03] ^= 1;
    const int y = sim::lookup(*catalogue_operator("booth8_m4-P8"), 0x3f, 0x02);
    const OperatorCheck check = check_operators(std::vector{*op}, 1).front();
    EXPECT_EQ(check.differences, 2u);
    EXPECT_EQ(check.report,
              fmt::format("booth8_m4-P8: RTL and table differ at a=0x3f b=0x02: RTL 0x{:04x}, table 0x{:04x} (first of "
                          "2 in 65536 pairs)",
                          y & 0xffff, (y + 2) & 0xffff));
}

TEST(OperatorCheck, CatchesOneWrongGateInEachFamily) {
    const testing::Fault encoder{"booth8.v", "assign pp = (mid ^ low) & same;", "assign pp = (mid | low) & same;"};
    EXPECT_GE(caught_percent("booth8_m4-P8", encoder), 1.0);
    EXPECT_GE(caught_percent("booth8_m2-P8", {"booth8.v", "(x1 & x2) | (x3 & x4)", "(x1 & x2) | (x3 | x4)"}), 1.0);
    EXPECT_GE(caught_percent("booth8_m6-P8", {"booth8.v", "(x1 | x2) & (x3 | x4)", "(x1 | x2) & (x3 & x4)"}), 1.0);
    EXPECT_GE(caught_percent("booth8_e1a-P8", {"booth8.v", "high & ~(mid & low)", "high & ~(mid | low)"}), 1.0);
    EXPECT_GE(caught_percent("mul8s_exact", {"mul_s_exact.v", "{{B_BITS{a[A_BITS-1]}}, a}", "{{B_BITS{1'b0}}, a}"}),
              1.0);
    EXPECT_GE(caught_percent("mul8u_exact", {"mul_u_exact.v", "a_wide * b_wide", "a_wide * (b_wide | 1'b1)"}), 1.0);
    EXPECT_GE(caught_percent("add_exact-W8", {"add_exact.v", "assign y = a + b;", "assign y = a + {b[W-1:1], 1'b1};"}),
              1.0);
    EXPECT_GE(
        caught_percent("add_loa-K4-W8", {"add_loa.v", "wire carry = a[K-1] & b[K-1]", "wire carry = a[K-1] | b[K-1]"}),
        1.0);
    EXPECT_GE(
        caught_percent("add_loa-K8-W32", {"add_loa.v", "wire carry = a[K-1] & b[K-1]", "wire carry = a[K-1] | b[K-1]"}),
        1.0);
}

TEST(OperatorCheck, RefusesOperatorsThatHoldNothingToCompare) {
    sim::Operator op = *catalogue_operator("mul4s_exact");
    op.lut.clear();
    op.closed_form = sim::ClosedForm::none;
    EXPECT_EQ(check_operators(std::vector{op}, 1).front().differences, 0u) << "the netlist is checked instead";
    op.netlist->outputs[0] = sim::Netlist::kZero;
    const OperatorCheck wrong = check_operators(std::vector{op}, 1).front();
    EXPECT_NEAR(static_cast<double>(wrong.differences) / static_cast<double>(wrong.pairs), 0.25, 0.02)
        << "bit 0 of a product is 1 for two odd numbers only";
    op.netlist.reset();
    try {
        check_operators(std::vector{op}, 1);
        FAIL() << "accepted";
    } catch (const InputError& error) {
        EXPECT_THAT(error.what(), AllOf(HasSubstr("mul4s_exact"), HasSubstr("neither a table nor a closed form")));
    }
    op = *catalogue_operator("mul4s_exact");
    op.sources.files.clear();
    EXPECT_THROW(check_operators(std::vector{op}, 1), InputError);
}

}  // namespace
}  // namespace concrete::verify

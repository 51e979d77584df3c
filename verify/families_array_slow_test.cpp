// Every listed instance of the array and block families against its formula, in the Verilated circuit: all operand
// pairs up to 16 input bits and of the widths whose error figures are published, else corner pairs and a seeded sample.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <random>
#include <set>

#include "gen/catalogue.h"
#include "gen/metrics.h"
#include "gen/sweep.h"
#include "sim/parallel.h"
#include "verify/families_array_testing.h"
#include "verify/testing.h"

namespace concrete::verify {
namespace {

using sim::Operator;
using testing::Formula;

/// An instance of the catalogue that is only to be simulated: ports and sources, no table.
struct Instance {
    Operator op;
    Formula formula;
};

Instance instance_of(const gen::Family& family, const testing::FamilyParameters& parameters) {
    const gen::Request request = gen::catalogue_request(family, parameters);
    const auto bits = [&](const std::string& own) {
        const auto found = parameters.find(parameters.contains("WIDTH") ? "WIDTH" : own);
        return found == parameters.end() ? 8 : static_cast<int>(found->second);
    };
    const bool is_signed = request.is_signed.value_or(family.name.starts_with("mul_s_"));
    Instance made;
    made.op.name = request.name;
    made.op.sources = request.sources;
    made.op.a = {"a", bits("A_BITS"), is_signed};
    made.op.b = {"b", bits("B_BITS"), is_signed};
    made.op.y = {"y", made.op.a.bits + made.op.b.bits, is_signed};
    made.formula = testing::array_formula(family.name, parameters);
    return made;
}

Instance instance_of(const std::string& name) {
    static const gen::Catalogue catalogue = gen::load_catalogue(gen::default_catalogue_path());
    const auto [family, parameters] = gen::parse_instance_name(catalogue, name);
    return instance_of(*family, parameters);
}

int input_bits(const Operator& op) {
    return op.a.bits + op.b.bits;
}

/// Listed instances of all families with at most, or more than, 16 input bits.
std::vector<Instance> listed_instances(bool wide) {
    const gen::Catalogue catalogue = gen::load_catalogue(gen::default_catalogue_path());
    std::vector<Instance> instances;
    for (const std::string& name : testing::array_families()) {
        const gen::Family& family = catalogue.family(name);
        for (const auto& parameters : family.instances)
            if (Instance made = instance_of(family, parameters); (input_bits(made.op) > 16) == wide)
                instances.push_back(std::move(made));
    }
    return instances;
}

std::vector<Operator> operators_of(const std::vector<Instance>& instances) {
    std::vector<Operator> operators;
    for (const Instance& instance : instances) operators.push_back(instance.op);
    return operators;
}

/// The pattern that the formula gives for patterns.
uint64_t expected(const Instance& instance, uint64_t a, uint64_t b) {
    const Operator& op = instance.op;
    return sim::encode(
        instance.formula(sim::decode(a, op.a.bits, op.a.is_signed), sim::decode(b, op.b.bits, op.b.is_signed)),
        op.y.bits);
}

/// Compares the circuit with its formula on all pairs; counts differences, names the first, collects error figures.
struct Sweep {
    uint64_t pairs = 0, differences = 0;
    std::string first;
    sim::Metrics metrics;
    int64_t lowest_error = 0, highest_error = 0;

    Sweep(const Instance& instance, const gen::RtlOperators& rtl, size_t index) {
        const Operator& op = instance.op;
        gen::MetricsAccumulator accumulator(op);
        const std::vector<uint32_t> y = rtl.sweep(index);
        for (const uint32_t rtl_y : y) {
            const uint64_t a = pairs >> op.b.bits, b = pairs & sim::encode(-1, op.b.bits);
            const uint64_t wanted = expected(instance, a, b);
            if (rtl_y != wanted && differences++ == 0)
                first = fmt::format("{}: RTL and formula differ at a={:#x} b={:#x}: RTL {:#x}, formula {:#x}", op.name,
                                    a, b, rtl_y, wanted);
            accumulator.add(a, b, rtl_y);
            const auto error = static_cast<int64_t>(gen::error_of(op, a, b, rtl_y));
            lowest_error = std::min(lowest_error, error);
            highest_error = std::max(highest_error, error);
            ++pairs;
        }
        metrics = accumulator.result();
    }
};

/// Sweeps by name, of models that are built together.
std::map<std::string, Sweep> sweeps_of(const std::vector<std::string>& names) {
    std::vector<Instance> instances;
    for (const std::string& name : names) instances.push_back(instance_of(name));
    const std::vector<Operator> operators = operators_of(instances);
    const gen::RtlOperators rtl(operators, sim::default_threads());
    std::map<std::string, Sweep> sweeps;
    for (size_t i = 0; i < names.size(); ++i) {
        const Sweep& sweep = sweeps.emplace(names[i], Sweep(instances[i], rtl, i)).first->second;
        EXPECT_EQ(sweep.differences, 0u) << sweep.first;
    }
    return sweeps;
}

TEST(ArrayFamiliesSlow, CatalogueListsAllWidths) {
    const std::vector<Instance> narrow = listed_instances(false), wide = listed_instances(true);
    EXPECT_EQ(narrow.size(), 131u);
    EXPECT_EQ(wide.size(), 22u);
    std::set<int> widths;
    for (const auto* list : {&narrow, &wide})
        for (const Instance& instance : *list) widths.insert(instance.op.a.bits);
    EXPECT_THAT(widths, ::testing::IsSupersetOf({4, 8, 12, 16}));
}

TEST(ArrayFamiliesSlow, ListedInstancesEqualTheirFormulasOnAllPairs) {
    const std::vector<Instance> instances = listed_instances(false);
    const std::vector<Operator> operators = operators_of(instances);
    const gen::RtlOperators rtl(operators, sim::default_threads());
    uint64_t pairs = 0;
    for (size_t i = 0; i < instances.size(); ++i) {
        const Sweep sweep(instances[i], rtl, i);
        EXPECT_EQ(sweep.differences, 0u) << sweep.first;
        pairs += sweep.pairs;
    }
    fmt::print("{} instances, {} pairs\n", instances.size(), pairs);
}

/// 0, 1, all ones, the codes around the sign bit and around the middle.
std::vector<uint64_t> corner_codes(int bits) {
    std::set<uint64_t> codes;
    for (const int64_t power : {int64_t{0}, int64_t{1} << (bits / 2), int64_t{1} << (bits - 1)})
        for (int64_t near = -2; near <= 2; ++near) codes.insert(sim::encode(power + near, bits));
    return {codes.begin(), codes.end()};
}

TEST(ArrayFamiliesSlow, WideInstancesEqualTheirFormulasOnASample) {
    constexpr size_t samples = 200'000;
    constexpr uint64_t seed = 20260101;
    const std::vector<Instance> instances = listed_instances(true);
    const std::vector<Operator> operators = operators_of(instances);
    const gen::RtlOperators rtl(operators, sim::default_threads());
    for (size_t i = 0; i < instances.size(); ++i) {
        const Operator& op = instances[i].op;
        std::vector<uint64_t> a, b;
        for (const uint64_t first : corner_codes(op.a.bits)) {
            for (const uint64_t second : corner_codes(op.b.bits)) {
                a.push_back(first);
                b.push_back(second);
            }
        }
        std::mt19937_64 random(seed);
        while (a.size() < samples) {
            // Short operands too: where one is small, approximations of the low part show.
            a.push_back(random() &
                        (sim::encode(-1, op.a.bits) >> (random() % 4 * static_cast<uint64_t>(op.a.bits) / 4)));
            b.push_back(random() &
                        (sim::encode(-1, op.b.bits) >> (random() % 4 * static_cast<uint64_t>(op.b.bits) / 4)));
        }
        const std::vector<uint64_t> y = rtl.evaluate(i, a, b);
        size_t wrong = 0;
        for (size_t k = 0; k < y.size(); ++k)
            if (y[k] != expected(instances[i], a[k], b[k]) && wrong++ == 0)
                ADD_FAILURE() << fmt::format("{}: seed {}: a={:#x} b={:#x}: RTL {:#x}, formula {:#x}", op.name, seed,
                                             a[k], b[k], y[k], expected(instances[i], a[k], b[k]));
        EXPECT_EQ(wrong, 0u) << op.name << ": of " << y.size();
    }
}

const std::set<std::string> exact{"mul_u_array-A_BITS2-B_BITS2",
                                  "mul_u_array-A_BITS3-B_BITS7",
                                  "mul_s_baugh_wooley-A_BITS2-B_BITS2",
                                  "mul_s_baugh_wooley-A_BITS2-B_BITS7",
                                  "mul_s_baugh_wooley-A_BITS7-B_BITS2",
                                  "mul_s_baugh_wooley-A_BITS5-B_BITS6",
                                  "mul_u_truncated-K0-WIDTH5",
                                  "mul_s_truncated-K0-WIDTH5",
                                  "mul_u_bam-HBL0-VBL0-WIDTH6",
                                  "mul_s_bbm_0-VBL0-WIDTH2",
                                  "mul_s_bbm_0-VBL0-WIDTH7",
                                  "mul_s_bbm_1-VBL0-WIDTH7",
                                  "mul_u_perforated-J0-K0-WIDTH5",
                                  "mul_u_perforated-J15-K16-WIDTH5",
                                  "mul_u_etm-L16-WIDTH5",
                                  "mul8u_momeni_d1-P0",
                                  "mul8u_momeni_d1-P3",
                                  "mul8u_venkatachalam_ko-P0",
                                  "mul8u_venkatachalam_ko-P2"};

/// Values of parameters that no list has: odd and extreme widths, parameters beyond the width.
TEST(ArrayFamiliesSlow, UnlistedInstancesEqualTheirFormulas) {
    std::vector<Instance> instances;
    for (const std::string name : {"mul_u_array-A_BITS2-B_BITS2",
                                   "mul_u_array-A_BITS3-B_BITS7",
                                   "mul_s_baugh_wooley-A_BITS2-B_BITS2",
                                   "mul_s_baugh_wooley-A_BITS2-B_BITS7",
                                   "mul_s_baugh_wooley-A_BITS7-B_BITS2",
                                   "mul_s_baugh_wooley-A_BITS5-B_BITS6",
                                   "mul_u_truncated-K0-WIDTH5",
                                   "mul_u_truncated-K32-WIDTH5",
                                   "mul_u_truncated-K9-WIDTH5",
                                   "mul_u_truncated_cc-K0-WIDTH2",
                                   "mul_u_truncated_cc-K16-WIDTH5",
                                   "mul_u_truncated_cc-K0-WIDTH7",
                                   "mul_s_truncated-K0-WIDTH5",
                                   "mul_s_truncated-K7-WIDTH2",
                                   "mul_s_truncated-K9-WIDTH5",
                                   "mul_s_truncated-K32-WIDTH6",
                                   "mul_u_bam-HBL0-VBL0-WIDTH6",
                                   "mul_u_bam-HBL16-VBL0-WIDTH5",
                                   "mul_u_bam-HBL3-VBL9-WIDTH7",
                                   "mul_s_bbm_0-VBL0-WIDTH2",
                                   "mul_s_bbm_0-VBL0-WIDTH7",
                                   "mul_s_bbm_1-VBL0-WIDTH7",
                                   "mul_s_bbm_1-VBL32-WIDTH6",
                                   "mul_s_bbm_0-VBL12-WIDTH6",
                                   "mul_s_bbm_0-VBL11-WIDTH7",
                                   "mul_s_bbm_1-VBL13-WIDTH7",
                                   "mul_u_perforated-J15-K16-WIDTH5",
                                   "mul_u_perforated-J3-K16-WIDTH7",
                                   "mul_u_perforated-J0-K0-WIDTH5",
                                   "mul_u_udm-WIDTH3",
                                   "mul_u_udm-WIDTH7",
                                   "mul_u_etm-L1-WIDTH2",
                                   "mul_u_etm-L16-WIDTH5",
                                   "mul_u_etm-L6-WIDTH7",
                                   "mul8u_momeni_d1-P0",
                                   "mul8u_momeni_d1-P16",
                                   "mul8u_momeni_d1-P3",
                                   "mul8u_momeni_d2-P14",
                                   "mul8u_momeni_d2-P11",
                                   "mul8u_venkatachalam_ko-P0",
                                   "mul8u_venkatachalam_ko-P2",
                                   "mul8u_venkatachalam_ko-P11",
                                   "mul8u_venkatachalam_ko-P13",
                                   "mul8u_venkatachalam_ko-P14",
                                   "mul8u_venkatachalam_ko-P16"})
        instances.push_back(instance_of(name));
    const std::vector<Operator> operators = operators_of(instances);
    const gen::RtlOperators rtl(operators, sim::default_threads());
    for (size_t i = 0; i < instances.size(); ++i) {
        const Sweep sweep(instances[i], rtl, i);
        EXPECT_EQ(sweep.differences, 0u) << sweep.first;
        if (exact.contains(instances[i].op.name)) {
            EXPECT_EQ(sweep.metrics, sim::Metrics{}) << instances[i].op.name << " is said to be exact";
        } else {
            EXPECT_GT(sweep.metrics.wce, 0) << instances[i].op.name << " approximates nothing";
        }
    }
}

/// As published: every figure is right to half of its last digit.
struct Published {
    std::string name;  ///< of our instance
    double mae, mae_digit, wce, wcre_percent, ep_percent, mre_percent, mre_digit, mse, mse_digit;
};

// EvoApproxLib (Mrazek et al., IEEE TVLSI 26(11), 2018; Prabakaran et al., DAC 2020) holds some of these circuits under
// names of its own: mul12u_2C1, mul12u_2PD, mul12u_34Q, mul12s_34P, mul12s_2PQ, mul12s_2PR.
TEST(ArrayFamiliesSlow, TwelveBitInstancesHaveTheirPublishedErrors) {
    const std::vector<Published> figures{
        {"mul_u_truncated-K11-WIDTH12", 5120, 1, 20481, 100, 99.68, 0.87, 0.01, 32042.894e3, 1},
        {"mul_u_bam-HBL9-VBL18-WIDTH12", 718848, 1, 2875393, 100, 99.95, 34.95, 0.01, 76007.139e7, 1e4},
        {"mul_u_lsb_truncate-A_DROP7-B_DROP7-WIDTH12", 256000, 1, 1024001, 100, 99.95, 15.79, 0.01, 92062.713e6, 1e3},
        {"mul_s_lsb_truncate-A_DROP3-B_DROP3-WIDTH12", 5438, 1, 28623, 6300, 98.39, 2.64, 0.01, 48933.638e3, 1},
        {"mul_s_truncated-K1-WIDTH12", 0.2, 0.1, 1, 100, 25, 0.00047, 0.00001, 0.2, 0.1},
        {"mul_s_truncated-K2-WIDTH12", 1.2, 0.1, 5, 500, 50, 0.0023, 0.0001, 3.8, 0.1}};
    constexpr double half = 0.5001;
    // They average relative errors over pairs whose product is not 0; all pairs whose product is 0 are right here.
    constexpr double nonzero = (4096.0 * 4096.0) / (4095.0 * 4095.0);
    std::vector<std::string> names;
    for (const Published& published : figures) names.push_back(published.name);
    const std::map<std::string, Sweep> sweeps = sweeps_of(names);
    for (const Published& published : figures) {
        const sim::Metrics& found = sweeps.at(published.name).metrics;
        EXPECT_NEAR(found.mae, published.mae, half * published.mae_digit) << published.name;
        EXPECT_EQ(found.wce, published.wce) << published.name;
        EXPECT_NEAR(found.wcre_percent, published.wcre_percent, half * 0.01) << published.name;
        EXPECT_NEAR(found.ep_percent, published.ep_percent, half * 0.01) << published.name;
        EXPECT_NEAR(nonzero * found.mre_percent, published.mre_percent, half * published.mre_digit) << published.name;
        EXPECT_NEAR(found.mse, published.mse, half * published.mse_digit) << published.name;
    }
}

// "Average percentage error of 1.39% - 3.32%" (2 to 16 bits), at most 22.22%, one product of 16 wrong in a block. A
// pair is wrong where both operands have a digit 3, and each of the blocks costs 2 / 16 on average.
TEST(ArrayFamiliesSlow, UnderdesignedMultiplierHasItsPublishedErrors) {
    const std::map<int, double> mean_relative_percent{{2, 1.39}, {4, 2.61}, {8, 3.25}};
    const std::map<std::string, Sweep> sweeps = sweeps_of({"mul_u_udm-WIDTH2", "mul_u_udm-WIDTH4", "mul_u_udm-WIDTH8"});
    for (const auto& [width, percent] : mean_relative_percent) {
        const sim::Metrics& found = sweeps.at(fmt::format("mul_u_udm-WIDTH{}", width)).metrics;
        EXPECT_NEAR(found.mre_percent, percent, 0.005) << width;
        EXPECT_NEAR(found.wcre_percent, 22.22, 0.005) << width;
        EXPECT_DOUBLE_EQ(found.ep_percent, 100 * std::pow(1 - std::pow(0.75, width / 2), 2)) << width;
        EXPECT_DOUBLE_EQ(found.mae, std::pow((std::pow(4, width / 2) - 1) / 3, 2) / 8) << width;
    }
}

// Momeni et al.: 12 of 32 results of design 1 are wrong, 4 of 16 of design 2.
TEST(ArrayFamiliesSlow, CompressorModelsHaveTheirPublishedErrors) {
    int wrong_first = 0, wrong_second = 0;
    for (int x = 0; x < 32; ++x) {
        const auto at = [&](int index) { return testing::bit(x, index); };
        const int low = at(0) + at(1), high = at(2) + at(3), cin = at(4);
        EXPECT_EQ(testing::momeni_compressor(0, low, high, low + at(2), cin).value(), low + high + cin);
        const int first = testing::momeni_compressor(1, low, high, 0, cin).value() - low - high - cin;
        EXPECT_LE(std::abs(first), 1);
        wrong_first += first != 0 ? 1 : 0;
        if (cin == 0) wrong_second += testing::momeni_compressor(2, low, high, 0, 0).value() != low + high ? 1 : 0;
    }
    EXPECT_EQ(wrong_first, 12);
    EXPECT_EQ(wrong_second, 4);
}

/// Where errors are what is left out: the lowest error where all bits are 1, a quarter of it on average.
TEST(ArrayFamiliesSlow, HeadersOfTheModulesStateTheirErrors) {
    const std::map<std::string, int64_t> lowest{{"mul_u_truncated-K3-WIDTH8", -17},
                                                {"mul_u_truncated-K8-WIDTH8", -1793},
                                                {"mul_s_truncated-K3-WIDTH8", -17},
                                                {"mul_s_truncated-K7-WIDTH8", -769},
                                                {"mul_u_perforated-J1-K3-WIDTH8", -255 * 7 * 2}};
    std::vector<std::string> names;
    for (const auto& [name, error] : lowest) names.push_back(name);
    const std::map<std::string, Sweep> sweeps = sweeps_of(names);
    for (const auto& [name, error] : lowest) {
        EXPECT_EQ(sweeps.at(name).lowest_error, error) << name;
        EXPECT_EQ(sweeps.at(name).highest_error, 0) << name;
        EXPECT_DOUBLE_EQ(sweeps.at(name).metrics.mean_error, static_cast<double>(error) / 4) << name;
    }
    EXPECT_DOUBLE_EQ(sweeps.at("mul_u_perforated-J1-K3-WIDTH8").metrics.ep_percent, 100 * (255 / 256.0) * (7 / 8.0));
}

/// Figures that the headers of the modules give, as measured here; no publication that we could check has them.
TEST(ArrayFamiliesSlow, MeanErrorsStayAsTheyAre) {
    const std::map<std::string, std::pair<double, double>> expected{
        {"mul_u_truncated_cc-K2-WIDTH8", {73.67, 15.25}}, {"mul_u_etm-L4-WIDTH8", {1643.88, -1638.5}},
        {"mul_s_bbm_0-VBL6-WIDTH8", {61.5, -61.5}},       {"mul_s_bbm_1-VBL6-WIDTH8", {72.25, -72.25}},
        {"mul8u_momeni_d1-P7", {57.88, 29.94}},           {"mul8u_momeni_d1-P15", {3477.71, 2891.43}},
        {"mul8u_momeni_d2-P7", {48.50, 14.02}},           {"mul8u_momeni_d2-P15", {3161.24, 2315.12}},
        {"mul8u_venkatachalam_ko-P7", {27.33, -19.56}},   {"mul8u_venkatachalam_ko-P15", {1482.39, -802.03}}};
    std::vector<std::string> names;
    for (const auto& [name, figures] : expected) names.push_back(name);
    const std::map<std::string, Sweep> sweeps = sweeps_of(names);
    for (const auto& [name, figures] : expected) {
        const sim::Metrics& found = sweeps.at(name).metrics;
        EXPECT_NEAR(found.mae, figures.first, 0.0051) << name;
        EXPECT_NEAR(found.mean_error, figures.second, 0.0051) << name;
    }
}

/// One gate of each kind of circuit changed, in the file named.
TEST(ArrayFamiliesSlow, OneWrongGateOfEachKindIsCaught) {
    const std::vector<std::pair<std::string, testing::Fault>> faults{
        {"mul_u_array-A_BITS8-B_BITS8",
         {"mul_u_array.v", "(above & carry) | (carry_in & (above ^ carry))", "(above & carry) | (carry_in & above)"}},
        {"mul_s_baugh_wooley-A_BITS8-B_BITS8",
         {"mul_s_baugh_wooley.v", "(i == B_BITS - 1) ? ~SIGN : SIGN", "(i == B_BITS - 1) ? ~SIGN : (SIGN >> 1)"}},
        {"mul_u_truncated-K4-WIDTH8", {"mul_u_truncated.v", "1'b1}} << K;", "1'b1}} << (K - 1);"}},
        {"mul_u_truncated_cc-K2-WIDTH8", {"mul_u_truncated_cc.v", ">> (D + 2)) << D;", ">> (D + 3)) << D;"}},
        {"mul_s_truncated-K4-WIDTH8", {"mul_s_truncated.v", "~SIGN : SIGN;", "~SIGN : (SIGN | 1'b1);"}},
        {"mul_u_bam-HBL2-VBL4-WIDTH8", {"mul_u_bam.v", "(i >= HBL)", "(i > HBL)"}},
        {"mul_s_bbm_0-VBL4-WIDTH8",
         {"mul_s_broken_booth.v", "& ~(b_0[2*i+1] & b_0[2*i]);", "& ~(b_0[2*i+1] | b_0[2*i]);"}},
        {"mul_s_bbm_1-VBL4-WIDTH8",
         {"mul_s_broken_booth.v", "((completing << (2 * i)) & KEPT)", "(completing << (2 * i))"}},
        {"mul_u_perforated-J1-K2-WIDTH8", {"mul_u_perforated.v", "~(ONES << K) << J;", "~(ONES << K);"}},
        {"mul_u_udm-WIDTH8", {"mul_u_udm.v", "b_even[2*j]) | (a_even", "b_even[2*j]) ^ (a_even"}},
        {"mul_u_etm-L4-WIDTH8", {"mul_u_etm.v", "down_1 | (down_1 >> 2)", "down_1 & ~(down_1 >> 2)"}},
        {"mul8u_momeni_d1-P7", {"compressor42.v", "~cin & (~odd_low", "cin | (~odd_low"}},
        {"mul8u_momeni_d2-P7", {"mul8u_momeni.v", "= p_6[3] ^ p_7[2] ^ o_b[9];", "= p_6[3] ^ p_7[2] | o_b[9];"}},
        {"mul8u_venkatachalam_ko-P7",
         {"mul8u_venkatachalam_ko.v", "half = {x[0] & x[1], x[0] | x[1]};", "half = {x[0] & x[1], x[0] ^ x[1]};"}},
        {"mul8u_venkatachalam_ko-P15",
         {"mul8u_venkatachalam_ko.v", "(p_0[7] & p_7[0]) | (p_1[6] & p_6[1])",
          "(p_0[7] | p_7[0]) | (p_1[6] & p_6[1])"}}};
    std::vector<Instance> instances;
    for (const auto& [name, fault] : faults) {
        Instance made = instance_of(name);
        made.op = *testing::broken(std::make_shared<Operator>(made.op), fault);
        instances.push_back(std::move(made));
    }
    const std::vector<Operator> operators = operators_of(instances);
    const gen::RtlOperators rtl(operators, sim::default_threads());
    for (size_t i = 0; i < instances.size(); ++i) {
        const Sweep sweep(instances[i], rtl, i);
        const double percent = 100.0 * static_cast<double>(sweep.differences) / static_cast<double>(sweep.pairs);
        EXPECT_GE(percent, 1.0) << instances[i].op.name << ": the fault is not caught";
        fmt::print("{}: the fault matters on {:.1f}% of all pairs\n", instances[i].op.name, percent);
    }
}

}  // namespace
}  // namespace concrete::verify

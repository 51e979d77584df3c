// All adders that the catalogue lists, against formulas on numbers; and a wrong gate in each, which these must notice.
#include <gtest/gtest.h>
#include <random>

#include "gen/sweep.h"
#include "sim/parallel.h"
#include "verify/adder_testing.h"
#include "verify/testing.h"

namespace concrete::verify {
namespace {

using testing::adder_of;
using testing::AdderFormula;
using testing::Fault;

struct Pairs {
    std::vector<uint64_t> a, b;
};

/// All pairs up to 16 input bits, else 2^16 with all pairs of corner codes among them.
Pairs pairs_of(int64_t bits) {
    constexpr size_t kSampled = size_t{1} << 16;
    Pairs pairs;
    const uint64_t codes = uint64_t{1} << bits;
    const auto add = [&](uint64_t a, uint64_t b) {
        pairs.a.push_back(a);
        pairs.b.push_back(b);
    };
    if (2 * bits <= 16) {
        for (uint64_t a = 0; a < codes; ++a)
            for (uint64_t b = 0; b < codes; ++b) add(a, b);
        return pairs;
    }
    // Corners, each power of two and what is just below it: carries that begin and end at every bit.
    std::vector<uint64_t> corners{codes - 1, codes / 3, codes / 3 * 2};
    for (uint64_t bit = 1; bit < codes; bit *= 2) corners.insert(corners.end(), {bit, bit - 1, codes - bit});
    for (const uint64_t a : corners)
        for (const uint64_t b : corners) add(a, b);
    std::mt19937_64 random(1);
    // Half of them with long runs of a ^ b = 1, through which carries travel.
    while (pairs.a.size() < kSampled) {
        const uint64_t a = random() % codes, b = random() % codes, rare = random() & random() & random();
        add(a, pairs.a.size() % 2 == 0 ? b : (~a ^ rare) % codes);
    }
    return pairs;
}

struct Checked {
    std::vector<AdderFormula> formulas;
    std::vector<sim::Operator> operators;
};

/// Pairs on which the Verilog differs from the formula, by operator; the first one is printed where none is expected.
std::vector<double> differing_percent(const Checked& checked, bool expect_none) {
    const gen::RtlOperators rtl(checked.operators, sim::default_threads());
    std::map<int64_t, Pairs> pairs_by_bits;
    std::vector<double> percent;
    for (size_t i = 0; i < checked.operators.size(); ++i) {
        const AdderFormula& formula = checked.formulas[i];
        Pairs& pairs = pairs_by_bits[formula.w()];
        if (pairs.a.empty()) pairs = pairs_of(formula.w());
        const std::vector<uint64_t> y = rtl.evaluate(i, pairs.a, pairs.b);
        size_t differing = 0;
        for (size_t j = 0; j < y.size(); ++j) {
            const uint64_t expected = formula(pairs.a[j], pairs.b[j]);
            if (y[j] != expected && differing++ == 0 && expect_none)
                ADD_FAILURE() << fmt::format("{}: a=0x{:x} b=0x{:x}: RTL 0x{:x}, formula 0x{:x}",
                                             checked.operators[i].name, pairs.a[j], pairs.b[j], y[j], expected);
        }
        percent.push_back(100.0 * static_cast<double>(differing) / static_cast<double>(y.size()));
    }
    return percent;
}

TEST(FamiliesAdderSlow, EveryListedInstanceEqualsItsFormula) {
    const gen::Catalogue catalogue = gen::load_catalogue(gen::default_catalogue_path());
    Checked checked;
    size_t families = 0;
    for (const gen::Family& family : catalogue.families) {
        if (family.kind != sim::OperatorKind::adder) continue;
        ++families;
        EXPECT_FALSE(family.instances.empty()) << family.name;
        for (const std::map<std::string, int64_t>& instance : family.instances) {
            checked.formulas.emplace_back(family.name, instance);
            checked.operators.push_back(adder_of(gen::catalogue_request(family, instance)));
        }
    }
    EXPECT_GE(families, 27u);
    EXPECT_GE(checked.operators.size(), 160u);
    fmt::print("{} instances of {} adder families\n", checked.operators.size(), families);
    for (const double percent : differing_percent(checked, true)) EXPECT_EQ(percent, 0);
}

// Parameters that nobody lists but everybody can ask for: nothing approximate, nothing exact, more than there is.
TEST(FamiliesAdderSlow, ExtremeParametersEqualTheFormula) {
    const gen::Catalogue catalogue = gen::load_catalogue(gen::default_catalogue_path());
    Checked checked;
    const auto add = [&](const gen::Family& family, const std::map<std::string, int64_t>& parameters) {
        checked.formulas.emplace_back(family.name, parameters);
        checked.operators.push_back(adder_of(gen::catalogue_request(family, parameters)));
    };
    for (const gen::Family& family : catalogue.families) {
        if (family.kind != sim::OperatorKind::adder || family.name == "add_exact") continue;
        if (family.name == "add_gear") {
            for (const auto& [r, p] :
                 std::vector<std::pair<int, int>>{{1, 0}, {3, 1}, {4, 0}, {5, 2}, {2, 5}, {64, 64}})
                add(family, {{"W", 7}, {"R", r}, {"P", p}});
            continue;
        }
        for (const int64_t k : {0, 1, 6, 7, 64}) {
            std::map<std::string, int64_t> parameters{{"W", 7}, {"K", k}};
            if (k < family.parameters.at("K").lowest) continue;
            if (family.parameters.contains("C")) parameters["C"] = k == 6 ? 64 : k / 2;
            add(family, parameters);
        }
    }
    for (const double percent : differing_percent(checked, true)) EXPECT_EQ(percent, 0);
}

// P(error) of two sub-adders, N = 2 R + P: one carry to lose, generated below and passed on by all P bits. Shafique et
// al. give 2.93 % for GeAr(12, 4, 4).
TEST(FamiliesAdderSlow, GearHasItsPublishedErrorProbability) {
    const gen::Catalogue catalogue = gen::load_catalogue(gen::default_catalogue_path());
    std::vector<gen::Request> requests;
    std::vector<double> expected;
    for (const auto& [r, p] : std::vector<std::pair<int, int>>{{1, 6}, {2, 4}, {3, 2}, {4, 4}}) {
        requests.push_back(
            gen::catalogue_request(catalogue.family("add_gear"), {{"W", 2 * r + p}, {"R", r}, {"P", p}}));
        expected.push_back(100.0 * ((1 << r) - 1) / (1 << (r + p + 1)));
    }
    const std::vector<sim::Operator> made = gen::generate(requests, sim::default_threads());
    for (size_t i = 0; i < made.size(); ++i) EXPECT_DOUBLE_EQ(made[i].metrics.ep_percent, expected[i]) << made[i].name;
    EXPECT_NEAR(made.back().metrics.ep_percent, 2.93, .005);
}

TEST(FamiliesAdderSlow, CatchesOneWrongGateInEachFamily) {
    const std::vector<std::pair<const char*, Fault>> faults{
        {"add_truncated-K4-W8", {"add_truncated.v", "fill & LOW", "fill | LOW"}},
        {"add_truncated_ones-K4-W8", {"add_truncated.v", "fill & LOW", "fill & ~LOW"}},
        {"add_truncated_copy-K4-W8", {"add_truncated.v", "(FILL == 2) ? a", "(FILL == 2) ? b"}},
        {"add_loawa-K8-W32", {"add_loawa.v", "(a | b) & LOW", "(a ^ b) & LOW"}},
        {"add_oloca-C2-K4-W8", {"add_oloca.v", "(a & b & TOP)", "((a | b) & TOP)"}},
        {"add_heaa-K4-W8", {"add_heaa.v", "(a ^ b) & TOP", "(a | b) & TOP"}},
        {"add_hoeraa-K8-W16", {"add_hoeraa.v", "(both << 1) & (LOW << 1)", "(any << 1) & (LOW << 1)"}},
        {"add_eta_i-K4-W8", {"add_eta_i.v", "s_1 | (s_1 >> 2)", "s_1 & (s_1 >> 2)"}},
        {"add_eta_ii-K8-W32", {"add_eta_ii.v", "{{BITS{1'b0}}, below[K]}", "{{BITS{1'b0}}, below[K-1]}"}},
        {"add_esa-K2-W8", {"add_esa.v", "a[i+:BITS] + b[i+:BITS]", "a[i+:BITS] | b[i+:BITS]"}},
        {"add_carry_skip-K2-W8", {"add_carry_skip.v", "(&(a[i-1-:K]", "(|(a[i-1-:K]"}},
        {"add_aca_i-K5-W8", {"add_aca_i.v", "a[i-:K] + b[i-:K]", "a[i-:K] ^ b[i-:K]"}},
        {"add_aca_ii-K4-W16", {"add_aca_ii.v", "a[i+:BITS] + b[i+:BITS]", "a[i+:BITS] ^ b[i+:BITS]"}},
        {"add_gear-P4-R4-W16", {"add_gear.v", "a[i+:BITS] + b[i+:BITS]", "a[i+:BITS] ^ b[i+:BITS]"}},
        {"add_ama_i-K4-W8", {"add_ama.v", "1: full_adder = {q | (p & c)", "1: full_adder = {q & (p & c)"}},
        {"add_ama_ii-K4-W8", {"add_ama.v", "{carry, ~carry}", "{carry, carry}"}},
        {"add_ama_iii-K4-W8", {"add_ama.v", "~(q | (p & c))", "~(q & (p & c))"}},
        {"add_ama_iv-K8-W32", {"add_ama.v", "c & (~p | q)", "c & (p | q)"}},
        {"add_ama_v-K4-W8", {"add_ama.v", "default: full_adder = {p, q}", "default: full_adder = {p, p}"}},
        {"add_axa_i-K4-W8", {"add_axa.v", "| (~p & ~q)", "| (~p & q)"}},
        {"add_axa_ii-K4-W8", {"add_axa.v", "{carry, ~(p ^ q)}", "{carry, ~(p & q)}"}},
        {"add_axa_iii-K4-W8", {"add_axa.v", "~(p ^ q) & c", "~(p ^ q) | c"}},
        {"add_inxa_i-K4-W8", {"add_inxa.v", "p ^ q ^ c", "(p | q) ^ c"}},
        {"add_inxa_ii-K4-W8", {"add_inxa.v", "{carry, (p ^ q) | c}", "{carry, (p ^ q) & c}"}},
        {"add_inxa_iii-K4-W8", {"add_inxa.v", "{carry, ~carry}", "{carry, carry}"}}};
    const gen::Catalogue catalogue = gen::load_catalogue(gen::default_catalogue_path());
    Checked checked;
    for (const auto& [name, fault] : faults) {
        const auto [family, parameters] = gen::parse_instance_name(catalogue, name);
        checked.formulas.emplace_back(family->name, parameters);
        const auto sound = std::make_shared<sim::Operator>(adder_of(gen::catalogue_request(*family, parameters)));
        checked.operators.push_back(*testing::broken(sound, fault));
    }
    const std::vector<double> percent = differing_percent(checked, false);
    for (size_t i = 0; i < percent.size(); ++i) {
        fmt::print("{}: the fault matters on {:.1f}% of the pairs\n", faults[i].first, percent[i]);
        EXPECT_GE(percent[i], 1.0) << faults[i].first;
    }
}

}  // namespace
}  // namespace concrete::verify

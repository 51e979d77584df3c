// One small instance of each adder family, on all operand pairs. families_adder_slow_test.cpp looks at all listed ones.
#include <cmath>
#include <gtest/gtest.h>

#include "sim/parallel.h"
#include "verify/adder_testing.h"

namespace concrete::verify {
namespace {

using testing::AdderFormula;
using testing::cell_tables;
using testing::CellTable;

constexpr int kBits = 8, kLowBits = 4, kBlock = 2;
constexpr uint64_t kCodes = 1 << kBits;

/// Made together: all families that have W, at W = 8, and some of GeAr that other families equal.
const std::map<std::string, sim::Operator>& operators() {
    static const std::map<std::string, sim::Operator> made = [] {
        const gen::Catalogue catalogue = gen::load_catalogue(gen::default_catalogue_path());
        std::vector<gen::Request> requests;
        for (const char* name : {"add_gear-P4-R2-W8", "add_gear-P2-R1-W8", "add_gear-P0-R2-W8"}) {
            const auto [family, parameters] = gen::parse_instance_name(catalogue, name);
            requests.push_back(gen::catalogue_request(*family, parameters));
        }
        for (const gen::Family& family : catalogue.families) {
            if (family.kind != sim::OperatorKind::adder) continue;
            std::map<std::string, int64_t> parameters{{"W", kBits}};
            if (family.name == "add_gear")
                parameters.insert({{"R", kBlock}, {"P", kBlock}});
            else if (family.name == "add_aca_i")
                parameters["K"] = 3;
            else if (family.parameters.contains("K"))
                parameters["K"] = AdderFormula(family.name, parameters).is_windowed() ? kBlock : kLowBits;
            if (family.parameters.contains("C")) parameters["C"] = 2;
            requests.push_back(gen::catalogue_request(family, parameters));
        }
        std::map<std::string, sim::Operator> result;
        for (sim::Operator& op : gen::generate(requests, sim::default_threads()))
            result.emplace(op.name, std::move(op));
        return result;
    }();
    return made;
}

uint64_t value_of(const sim::Operator& op, uint64_t a, uint64_t b) {
    return sim::encode(sim::lookup(op, a, b), kBits);
}

/// y - (a + b) modulo 2^W, in [-2^(W-1), 2^(W-1)).
int64_t error_of(const sim::Operator& op, uint64_t a, uint64_t b) {
    return sim::decode((value_of(op, a, b) - a - b) % kCodes, kBits, true);
}

TEST(FamiliesAdder, OneOfEachFamilyEqualsItsFormula) {
    const gen::Catalogue catalogue = gen::load_catalogue(gen::default_catalogue_path());
    EXPECT_GE(operators().size(), 30u);
    for (const auto& [name, op] : operators()) {
        const auto [family, parameters] = gen::parse_instance_name(catalogue, name);
        const AdderFormula formula(family->name, parameters);
        uint64_t differences = 0;
        for (uint64_t a = 0; a < kCodes; ++a)
            for (uint64_t b = 0; b < kCodes; ++b) differences += value_of(op, a, b) != formula(a, b) ? 1 : 0;
        EXPECT_EQ(differences, 0u) << name;
    }
}

// What the comments in rtl/ state, as functions of K = 4 (and C = 2).
TEST(FamiliesAdder, LowerPartsHaveTheirStatedErrors) {
    struct Claim {
        const char* name;
        int64_t lowest, highest;
        double mean;
    };
    double eta_mean = 0;
    for (int m = 0; m < kLowBits; ++m) eta_mean -= std::pow(.75, kLowBits - 1 - m) * std::pow(2, m) / 4;
    for (const Claim& claim : {Claim{"add_truncated-K4-W8", -30, 0, -15}, Claim{"add_truncated_ones-K4-W8", -15, 15, 0},
                               Claim{"add_truncated_copy-K4-W8", -15, 0, -7.5}, Claim{"add_loa-K4-W8", -7, 8, .25},
                               Claim{"add_loawa-K4-W8", -15, 0, -3.75}, Claim{"add_oloca-C2-K4-W8", -7, 11, 1},
                               Claim{"add_heaa-K4-W8", -7, 0, -1.75}, Claim{"add_hoeraa-K4-W8", -7, 7, -.5},
                               Claim{"add_eta_i-K4-W8", -15, 0, eta_mean}}) {
        int64_t lowest = 0, highest = 0, sum = 0;
        for (uint64_t a = 0; a < kCodes; ++a) {
            for (uint64_t b = 0; b < kCodes; ++b) {
                const int64_t error = error_of(operators().at(claim.name), a, b);
                lowest = std::min(lowest, error);
                highest = std::max(highest, error);
                sum += error;
            }
        }
        EXPECT_EQ(lowest, claim.lowest) << claim.name;
        EXPECT_EQ(highest, claim.highest) << claim.name;
        EXPECT_DOUBLE_EQ(static_cast<double>(sum) / (kCodes * kCodes), claim.mean) << claim.name;
    }
}

TEST(FamiliesAdder, CellsHaveTheirPublishedErrors) {
    struct Counts {
        int carries, sums;
    };
    const std::map<std::string, Counts> published{
        {"add_ama_i", {1, 2}},  {"add_ama_ii", {0, 2}},  {"add_ama_iii", {1, 3}}, {"add_ama_iv", {2, 3}},
        {"add_ama_v", {2, 4}},  {"add_axa_i", {4, 4}},   {"add_axa_ii", {0, 4}},  {"add_axa_iii", {0, 2}},
        {"add_inxa_i", {2, 0}}, {"add_inxa_ii", {0, 2}}, {"add_inxa_iii", {0, 2}}};
    for (const auto& [name, counts] : published) {
        const CellTable& cell = cell_tables().at(name);
        Counts found{0, 0};
        for (size_t row = 0; row < 8; ++row) {
            found.carries += cell.carry[row] != testing::kExactCell.carry[row] ? 1 : 0;
            found.sums += cell.sum[row] != testing::kExactCell.sum[row] ? 1 : 0;
        }
        EXPECT_EQ(found.carries, counts.carries) << name;
        EXPECT_EQ(found.sums, counts.sums) << name;
    }
}

// Lost carries: the error is minus a sum of the stated powers of two.
TEST(FamiliesAdder, BlocksLoseOnlyCarriesThatTheyCannotSee) {
    for (const auto& [name, first] : std::map<std::string, int>{
             {"add_esa-K2-W8", 1}, {"add_eta_ii-K2-W8", 2}, {"add_aca_ii-K2-W8", 2}, {"add_carry_skip-K2-W8", 3}}) {
        uint64_t allowed = 0, seen = 0;
        for (int bit = first * kBlock; bit < kBits; bit += kBlock) allowed |= uint64_t{1} << bit;
        for (uint64_t a = 0; a < kCodes; ++a)
            for (uint64_t b = 0; b < kCodes; ++b) seen |= (a + b - value_of(operators().at(name), a, b)) % kCodes;
        EXPECT_EQ(seen, allowed) << name;
    }
}

TEST(FamiliesAdder, EqualFunctionsOfDifferentCircuits) {
    for (const auto& [left, right] :
         std::vector<std::pair<const char*, const char*>>{{"add_eta_ii-K2-W8", "add_gear-P2-R2-W8"},
                                                          {"add_aca_ii-K2-W8", "add_gear-P2-R2-W8"},
                                                          {"add_carry_skip-K2-W8", "add_gear-P4-R2-W8"},
                                                          {"add_aca_i-K3-W8", "add_gear-P2-R1-W8"},
                                                          {"add_esa-K2-W8", "add_gear-P0-R2-W8"},
                                                          {"add_inxa_iii-K4-W8", "add_ama_ii-K4-W8"}})
        EXPECT_TRUE(operators().at(left).lut == operators().at(right).lut) << left << " and " << right;
}

}  // namespace
}  // namespace concrete::verify

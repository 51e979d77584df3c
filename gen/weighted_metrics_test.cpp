#include "gen/weighted_metrics.h"

#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <random>

#include "gen/metrics.h"
#include "gen/testing.h"
#include "sim/testing.h"

namespace concrete::gen {
namespace {

using sim::Netlist;
using sim::OperandCounts;
using sim::Operator;
using ::testing::HasSubstr;

constexpr uint8_t kMux = 0xca;  // f0 ? f1 : f2

/// The table of an operator as trees of multiplexers.
Netlist netlist_of(const Operator& op) {
    Netlist n;
    n.inputs = static_cast<uint32_t>(op.a.bits + op.b.bits);
    for (int bit = 0; bit < op.y.bits; ++bit) {
        std::vector<uint32_t> level;
        for (const int32_t y : op.lut) level.push_back(static_cast<uint32_t>(y >> bit & 1));
        const auto select = [&](const uint32_t input) {
            std::vector<uint32_t> half;
            for (size_t i = 0; i < level.size(); i += 2) {
                n.nodes.push_back({{n.input(input), level[i + 1], level[i]}, kMux});
                half.push_back(n.signals() - 1);
            }
            level = half;
        };
        for (int i = 0; i < op.b.bits; ++i) select(static_cast<uint32_t>(op.a.bits + i));
        for (int i = 0; i < op.a.bits; ++i) select(static_cast<uint32_t>(i));
        n.outputs.push_back(level[0]);
    }
    return n;
}

/// About a third of the pairs do not occur.
OperandCounts random_counts(const Operator& op, uint64_t seed) {
    std::mt19937_64 random(seed);
    OperandCounts counts{op.a, op.b, {}, {}, {}, ""};
    counts.joint.resize(op.lut.size());
    counts.a_counts.resize(size_t{1} << op.a.bits);
    counts.b_counts.resize(size_t{1} << op.b.bits);
    for (size_t i = 0; i < counts.joint.size(); ++i) {
        const auto count = random() % 3 == 0 ? 0 : static_cast<int64_t>(random() % 1000);
        counts.joint[i] = count;
        counts.a_counts[i >> op.b.bits] += count;
        counts.b_counts[i & (counts.b_counts.size() - 1)] += count;
    }
    return counts;
}

void expect_near(const sim::Metrics& found, const sim::Metrics& expected) {
    for (double sim::Metrics::*figure :
         {&sim::Metrics::mae, &sim::Metrics::mae_percent, &sim::Metrics::wce, &sim::Metrics::wce_percent,
          &sim::Metrics::wcre_percent, &sim::Metrics::ep_percent, &sim::Metrics::mre_percent, &sim::Metrics::mse,
          &sim::Metrics::mean_error, &sim::Metrics::error_variance, &sim::Metrics::nmed}) {
        EXPECT_NEAR(found.*figure, expected.*figure, 1e-12 * std::abs(expected.*figure));
    }
}

TEST(WeightedMetrics, EqualCountsGiveTheUniformFigures) {
    for (const bool is_signed : {false, true}) {
        const auto op = sim::testing::random_multiplier(5, 4, 9, is_signed, 7);
        OperandCounts counts{
            op->a, op->b, std::vector<int64_t>(32, 48), std::vector<int64_t>(16, 96), std::vector<int64_t>(512, 3), ""};
        const WeightedMetrics weighted = weighted_metrics(*op, counts);
        expect_near(weighted.metrics, table_metrics(*op));
        EXPECT_EQ(weighted.pairs, 512U);
        EXPECT_FALSE(weighted.sampled);
    }
}

// Repeating every pair as often as it is counted is slow and obvious.
TEST(WeightedMetrics, EqualsRepeatedPairs) {
    const auto op = sim::testing::random_multiplier(5, 4, 9, true, 8);
    const OperandCounts counts = random_counts(*op, 9);
    MetricsAccumulator repeated(*op);
    uint64_t pairs = 0;
    for (uint64_t i = 0; i < counts.joint.size(); ++i) {
        for (int64_t n = 0; n < counts.joint[i]; ++n) repeated.add(i >> 4, i & 15, sim::encode(op->lut[i], op->y.bits));
        pairs += counts.joint[i] > 0;
    }
    sim::Metrics expected = repeated.result();
    expected.nmed = expected.mae / 128;  // the largest product of all pairs, which may not occur: -16 * -8
    const WeightedMetrics weighted = weighted_metrics(*op, counts);
    expect_near(weighted.metrics, expected);
    EXPECT_EQ(weighted.pairs, pairs);
    EXPECT_NE(weighted.metrics.mae, table_metrics(*op).mae);
}

TEST(WeightedMetrics, TableAndNetlistAgree) {
    const auto op = sim::testing::random_multiplier(5, 4, 9, true, 10);
    const OperandCounts counts = random_counts(*op, 11);
    const sim::Metrics by_table = weighted_metrics(*op, counts).metrics;
    Operator bare = *op;
    bare.netlist = netlist_of(*op);
    bare.lut.clear();
    EXPECT_EQ(weighted_metrics(bare, counts).metrics, by_table);
    bare.netlist.reset();
    EXPECT_THAT(testing::input_error([&] { weighted_metrics(bare, counts); }),
                HasSubstr("neither a table nor a netlist"));
    bare.closed_form = sim::ClosedForm::product;
    EXPECT_EQ(weighted_metrics(bare, counts).metrics.mae, 0);
}

// y = a, error a - a * b: with a and b independent, E[error] = E[a] (1 - E[b]).
TEST(WeightedMetrics, MarginalsAreSampledWithConfidence) {
    Operator op = sim::testing::bare_operator("wire", sim::OperatorKind::multiplier, {"a", 13, false}, {"b", 12, false},
                                              {"y", 13, false});
    Netlist wires;
    wires.inputs = 25;
    for (uint32_t i = 0; i < 13; ++i) wires.outputs.push_back(wires.input(i));
    op.netlist = wires;
    OperandCounts counts{op.a, op.b, std::vector<int64_t>(8192), std::vector<int64_t>(4096), {}, "wide"};
    counts.a_counts[5] = counts.a_counts[8191] = 50;
    counts.b_counts[0] = 60, counts.b_counts[7] = 40;
    const WeightedMetrics weighted = weighted_metrics(op, counts, 3);
    EXPECT_TRUE(weighted.sampled);
    EXPECT_EQ(weighted.pairs, uint64_t{1} << 20);
    const double mean_a = (5 + 8191) / 2.0, mean_b = 2.8, expected = mean_a * (1 - mean_b);
    EXPECT_GT(weighted.confidence.mean_error, 0);
    EXPECT_NEAR(weighted.metrics.mean_error, expected, 2 * weighted.confidence.mean_error);
    EXPECT_LT(weighted.confidence.mean_error, 0.01 * std::abs(expected));
    EXPECT_EQ(weighted.metrics.wce, 6 * 8191.0);
    EXPECT_EQ(weighted.metrics.ep_percent, 100);
    EXPECT_EQ(weighted.confidence.ep_percent, 0);
    EXPECT_EQ(weighted_metrics(op, counts, 3).metrics, weighted.metrics);
}

TEST(WeightedMetrics, EnergyUnderRecordedOperands) {
    const auto op = sim::testing::random_multiplier(5, 4, 9, true, 12);
    const Netlist netlist = netlist_of(*op);
    OperandCounts one{op->a, op->b, std::vector<int64_t>(32), std::vector<int64_t>(16), std::vector<int64_t>(512), ""};
    one.joint[77] = 1000;
    EXPECT_EQ(switching_energy(netlist, draw_recorded(one)), 0) << "the same pair again and again";
    one.joint[300] = 3000;  // a step changes the pair with probability 2 * 1/4 * 3/4
    OperandCounts equal = one;
    equal.joint[300] = 1000;  // with 1/2
    const double energy = switching_energy(netlist, draw_recorded(one));
    EXPECT_GT(energy, 0);
    EXPECT_NEAR(switching_energy(netlist, draw_recorded(equal)) / energy, 4.0 / 3, 0.02);
    equal.joint.assign(512, 1);
    const double uniform = switching_energy(netlist, draw_uniform);
    EXPECT_NEAR(switching_energy(netlist, draw_recorded(equal)), uniform, 0.01 * uniform);
}

TEST(WeightedMetrics, OtherPortsAreAnError) {
    const auto op = sim::testing::random_multiplier(5, 4, 9, true, 13);
    OperandCounts counts = random_counts(*op, 14);
    check_ports_fit(*op, counts, "layer 'conv2' of d.h5");
    counts.b.bits = 5;
    EXPECT_THAT(testing::input_error([&] { check_ports_fit(*op, counts, "layer 'conv2' of d.h5"); }),
                HasSubstr("random: takes 5 bits signed by 4 bits signed, but layer 'conv2' of d.h5 was recorded at 5 "
                          "bits signed by 5 bits signed"));
    counts = random_counts(*op, 14);
    counts.a.is_signed = false;
    EXPECT_THAT(testing::input_error([&] { check_ports_fit(*op, counts, "x"); }), HasSubstr("5 bits unsigned by 4"));
    const auto adder = sim::testing::inverting_adder(4);
    EXPECT_THAT(testing::input_error([&] { check_ports_fit(*adder, counts, "x"); }), HasSubstr("is no multiplier"));
}

}  // namespace
}  // namespace concrete::gen

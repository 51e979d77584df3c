#include "gen/netlist_metrics.h"

#include <cmath>
#include <gtest/gtest.h>
#include <vector>

#include "gen/metrics.h"
#include "sim/error.h"
#include "sim/random.h"

namespace concrete::gen {
namespace {

using sim::Netlist;
using sim::Operator;
using sim::OperatorKind;

constexpr uint8_t kAnd = 0xc0, kXor3 = 0x96, kMajority = 0xe8, kMux = 0xca;  // of f0, f1, f2; and of f0, f1

Operator bare(OperatorKind kind, sim::Port a, sim::Port b, sim::Port y) {
    Operator op;
    op.name = "op";
    op.kind = kind;
    op.a = a;
    op.b = b;
    op.y = y;
    return op;
}

uint32_t add_node(Netlist& netlist, uint32_t f0, uint32_t f1, uint32_t f2, uint8_t table) {
    netlist.nodes.push_back({{f0, f1, f2}, table});
    return netlist.signals() - 1;
}

/// An unsigned array multiplier of n x n bits, exact but for the columns below `cut`, where carries are dropped.
Netlist array_multiplier(uint32_t n, uint32_t cut) {
    Netlist netlist;
    netlist.inputs = 2 * n;
    std::vector<uint32_t> sum(netlist.inputs, Netlist::kZero);
    for (uint32_t i = 0; i < n; ++i) {
        uint32_t carry = Netlist::kZero;
        for (uint32_t j = 0; j < n; ++j) {
            const uint32_t product = add_node(netlist, netlist.input(j), netlist.input(n + i), 0, kAnd);
            const uint32_t before = sum[i + j];
            sum[i + j] = add_node(netlist, before, product, carry, kXor3);
            carry = i + j < cut ? Netlist::kZero : add_node(netlist, before, product, carry, kMajority);
        }
        sum[i + n] = carry;
    }
    netlist.outputs = sum;
    return netlist;
}

/// A ripple-carry adder of n bits; the lowest `cut` bits are OR-ed.
Netlist ripple_adder(uint32_t n, uint32_t cut) {
    Netlist netlist;
    netlist.inputs = 2 * n;
    uint32_t carry = Netlist::kZero;
    for (uint32_t i = 0; i < n; ++i) {
        const uint32_t a = netlist.input(i), b = netlist.input(n + i);
        netlist.outputs.push_back(add_node(netlist, a, b, carry, i < cut ? 0xfc : kXor3));
        if (i >= cut) carry = add_node(netlist, a, b, carry, kMajority);
    }
    netlist.outputs.push_back(carry);
    return netlist;
}

/// A tree of multiplexers for each bit of a table.
Netlist table_netlist(const Operator& op) {
    Netlist netlist;
    netlist.inputs = static_cast<uint32_t>(op.a.bits + op.b.bits);
    for (int bit = 0; bit < op.y.bits; ++bit) {
        std::vector<uint32_t> level;
        for (const int32_t y : op.lut) level.push_back(static_cast<uint32_t>(y) >> bit & 1);
        for (int i = 0; level.size() > 1; ++i) {  // the lowest bit of the index first: b, then a
            const int input = i < op.b.bits ? op.a.bits + i : i - op.b.bits;
            std::vector<uint32_t> next;
            for (size_t k = 0; k < level.size(); k += 2)
                next.push_back(
                    add_node(netlist, netlist.input(static_cast<uint32_t>(input)), level[k + 1], level[k], kMux));
            level = next;
        }
        netlist.outputs.push_back(level[0]);
    }
    return netlist;
}

/// Pattern of y at raw codes, by the slow evaluator.
uint64_t pattern_at(const Operator& op, uint64_t a, uint64_t b) {
    std::vector<uint64_t> inputs;
    for (int bit = 0; bit < op.a.bits; ++bit) inputs.push_back(a >> bit & 1);
    for (int bit = 0; bit < op.b.bits; ++bit) inputs.push_back(b >> bit & 1);
    const std::vector<uint64_t> outputs = sim::evaluate64(*op.netlist, inputs);
    uint64_t y = 0;
    for (size_t bit = 0; bit < outputs.size(); ++bit) y |= (outputs[bit] & 1) << bit;
    return y;
}

Operator with_table_of_netlist(Operator op) {
    for (uint64_t a = 0; a < uint64_t{1} << op.a.bits; ++a)
        for (uint64_t b = 0; b < uint64_t{1} << op.b.bits; ++b)
            op.lut.push_back(static_cast<int32_t>(sim::decode(pattern_at(op, a, b), op.y.bits, op.y.is_signed)));
    return op;
}

/// On every instruction set, on one thread and on three.
void expect_metrics_of_table(const Operator& op) {
    const sim::Metrics expected = table_metrics(op);
    for (const sim::Isa isa : sim::available_isas())
        for (const int threads : {1, 3}) {
            const NetlistMetrics got = netlist_metrics(op, {}, threads, {}, isa);
            EXPECT_EQ(got.metrics, expected) << to_string(isa) << ", " << threads << " threads: MRE "
                                             << got.metrics.mre_percent << " and " << expected.mre_percent;
            EXPECT_TRUE(got.exhaustive);
            EXPECT_EQ(got.pairs, op.lut.size());
            EXPECT_EQ(got.confidence, sim::Confidence{});
        }
}

TEST(NetlistMetrics, EqualThoseOfRandomTables) {
    sim::Random random(7);
    for (const bool a_signed : {false, true})
        for (const bool b_signed : {false, true})
            for (const bool y_signed : {false, true})
                for (Operator op :
                     {bare(OperatorKind::multiplier, {"a", 5, a_signed}, {"b", 4, b_signed}, {"y", 9, y_signed}),
                      bare(OperatorKind::multiplier, {"a", 2, a_signed}, {"b", 8, b_signed}, {"y", 7, y_signed}),
                      bare(OperatorKind::multiplier, {"a", 3, a_signed}, {"b", 2, b_signed}, {"y", 5, y_signed}),
                      bare(OperatorKind::adder, {"a", 5, a_signed}, {"b", 5, b_signed}, {"y", 5, y_signed}),
                      bare(OperatorKind::adder, {"a", 5, a_signed}, {"b", 5, b_signed}, {"y", 6, y_signed})}) {
                    op.y_lsb = op.y.bits == 7 ? 3 : 0;
                    for (int i = 0; i < 1 << (op.a.bits + op.b.bits); ++i)
                        op.lut.push_back(static_cast<int32_t>(sim::decode(random.bits(), op.y.bits, y_signed)));
                    op.netlist = table_netlist(op);
                    EXPECT_EQ(detail::takes_figure_kernel(op), op.a.bits + op.b.bits >= 9);
                    expect_metrics_of_table(op);
                }
}

TEST(NetlistMetrics, EqualThoseOfTablesOfSeveralBlocks) {
    Operator op = bare(OperatorKind::multiplier, {"a", 9, false}, {"b", 9, false}, {"y", 18, false});
    op.netlist = array_multiplier(9, 7);
    op = with_table_of_netlist(std::move(op));
    EXPECT_TRUE(detail::takes_figure_kernel(op));
    expect_metrics_of_table(op);
    EXPECT_GT(table_metrics(op).mae, 1);
    op.y_lsb = 20;  // errors beyond 2^32: pair by pair
    EXPECT_FALSE(detail::takes_figure_kernel(op));
    expect_metrics_of_table(op);
}

TEST(NetlistMetrics, AreZeroForExactOperators) {
    Operator product = bare(OperatorKind::multiplier, {"a", 10, false}, {"b", 10, false}, {"y", 20, false});
    product.netlist = array_multiplier(10, 0);
    EXPECT_EQ(netlist_metrics(product, {}, 2).metrics, sim::Metrics{});
    Operator sum = bare(OperatorKind::adder, {"a", 9, false}, {"b", 9, false}, {"y", 10, false});
    sum.netlist = ripple_adder(9, 0);
    EXPECT_EQ(netlist_metrics(sum, {}, 2).metrics, sim::Metrics{});
}

/// The sample as netlist_metrics.h defines it, pair by pair.
MetricsAccumulator reference_sample(const Operator& op, const MetricsSpec& spec) {
    MetricsAccumulator metrics(op);
    for (uint64_t block = 0; metrics.pairs() < spec.samples; ++block) {
        sim::Random random(spec.seed, block);
        for (uint64_t i = 0; i < 65536 && metrics.pairs() < spec.samples; ++i) {
            const uint64_t a = random.bits() >> (64 - op.a.bits), b = random.bits() >> (64 - op.b.bits);
            metrics.add(a, b, pattern_at(op, a, b));
        }
    }
    return metrics;
}

TEST(NetlistMetrics, OfASampleAreMeansOverItsPairs) {
    Operator wide = bare(OperatorKind::adder, {"a", 64, true}, {"b", 64, true}, {"y", 64, true});
    wide.netlist = ripple_adder(64, 9);
    wide.netlist->outputs.pop_back();
    Operator product = bare(OperatorKind::multiplier, {"a", 17, false}, {"b", 17, false}, {"y", 34, false});
    product.netlist = array_multiplier(17, 12);
    for (const auto& [op, samples] : {std::pair{wide, uint64_t{70001}}, {product, uint64_t{9001}}}) {
        const MetricsSpec spec{32, samples, 5};
        const NetlistMetrics expected = netlist_metrics(op, spec, 1);
        const MetricsAccumulator sample = reference_sample(op, spec);
        EXPECT_EQ(expected.metrics.mae, sample.result().mae);
        EXPECT_EQ(expected.metrics.mre_percent, sample.result().mre_percent);
        EXPECT_EQ(expected.metrics.mse, sample.result().mse);
        EXPECT_EQ(expected.confidence, sample.confidence());
        EXPECT_GE(expected.metrics.wce, sample.result().wce);
        EXPECT_GT(expected.metrics.mae, 0);
        EXPECT_GT(expected.confidence.mae, 0);
        EXPECT_FALSE(expected.exhaustive);
        EXPECT_EQ(expected.pairs, samples);
        for (const sim::Isa isa : sim::available_isas()) EXPECT_EQ(netlist_metrics(op, spec, 3, {}, isa), expected);
    }
}

TEST(NetlistMetrics, OfASampleCountTheCornersForTheWorstCases) {
    // Wrong by 1 where a is all ones and b is 0, and nowhere else: no random pair will be that one.
    Operator op = bare(OperatorKind::adder, {"a", 20, false}, {"b", 20, false}, {"y", 21, false});
    op.netlist = ripple_adder(20, 0);
    Netlist& netlist = *op.netlist;
    uint32_t corner = Netlist::kOne;
    for (uint32_t i = 0; i < 20; ++i) corner = add_node(netlist, corner, netlist.input(i), netlist.input(20 + i), 0x40);
    netlist.outputs[0] = add_node(netlist, netlist.outputs[0], corner, 0, 0x3c);
    const NetlistMetrics got = netlist_metrics(op, {32, 1000, 1}, 1);
    EXPECT_EQ(got.metrics.wce, 1);
    EXPECT_DOUBLE_EQ(got.metrics.wcre_percent, 100.0 / 0xfffff);
    EXPECT_EQ(got.metrics.mae, 0);
    EXPECT_EQ(got.metrics.ep_percent, 0);
}

TEST(NetlistMetrics, HaveIntervalsThatHoldTheTruth) {
    Operator op = bare(OperatorKind::multiplier, {"a", 8, false}, {"b", 8, false}, {"y", 16, false});
    op.netlist = array_multiplier(8, 8);
    const sim::Metrics truth = netlist_metrics(op, {}, 1).metrics;
    constexpr int kSeeds = 200;
    int mae = 0, ep = 0, mre = 0, mse = 0, bias = 0;
    for (uint64_t seed = 0; seed < kSeeds; ++seed) {
        const auto [sample, half, exhaustive, pairs] = netlist_metrics(op, {0, 1000, seed}, 1);
        const auto holds = [](double got, double true_value, double width) {
            return std::abs(got - true_value) <= width ? 1 : 0;
        };
        mae += holds(sample.mae, truth.mae, half.mae);
        ep += holds(sample.ep_percent, truth.ep_percent, half.ep_percent);
        mre += holds(sample.mre_percent, truth.mre_percent, half.mre_percent);
        mse += holds(sample.mse, truth.mse, half.mse);
        bias += holds(sample.mean_error, truth.mean_error, half.mean_error);
        EXPECT_LE(sample.wce, truth.wce);
    }
    for (const int held : {mae, ep, mre, mse, bias}) {  // of 200, expected 190 +- 3
        EXPECT_GE(held, 178);
        EXPECT_LT(held, 200);
    }
}

TEST(NetlistMetrics, TellHowFarTheyAre) {
    Operator op = bare(OperatorKind::adder, {"a", 9, false}, {"b", 9, false}, {"y", 10, false});
    op.netlist = ripple_adder(9, 2);
    uint64_t last = 0;
    netlist_metrics(op, {}, 1, [&](uint64_t done, uint64_t total) {
        EXPECT_GT(done, last);
        EXPECT_EQ(total, uint64_t{1} << 18);
        last = done;
    });
    EXPECT_EQ(last, uint64_t{1} << 18);
}

TEST(NetlistMetrics, RefuseWhatHasNone) {
    Operator op = bare(OperatorKind::adder, {"a", 4, false}, {"b", 4, false}, {"y", 5, false});
    EXPECT_THROW(netlist_metrics(op, {}, 1), InputError);
    op.netlist = ripple_adder(4, 0);
    EXPECT_NO_THROW(netlist_metrics(op, {}, 1));
    EXPECT_THROW(netlist_metrics(op, {33}, 1), RangeError);
    EXPECT_THROW(netlist_metrics(op, {8, 1}, 1), RangeError);
    op.netlist->outputs.pop_back();
    EXPECT_THROW(netlist_metrics(op, {}, 1), InputError);
    op.kind = OperatorKind::mac;
    EXPECT_THROW(netlist_metrics(op, {}, 1), InputError);
}

}  // namespace
}  // namespace concrete::gen

#include <gtest/gtest.h>

#include "gen/cost.h"
#include "gen/metrics.h"
#include "gen/sweep.h"
#include "gen/synthesis.h"

namespace concrete::gen {
namespace {

using sim::Operator;
using sim::OperatorKind;

/// The exact operator of these ports.
Operator exact(OperatorKind kind, sim::Port a, sim::Port b, sim::Port y, int y_lsb = 0) {
    Operator op;
    op.kind = kind;
    op.a = std::move(a);
    op.b = std::move(b);
    op.y = std::move(y);
    op.y_lsb = y_lsb;
    return exact_operator(op);
}

TEST(Cost, ExactCircuitsAreExact) {
    constexpr OperatorKind kMultiplier = OperatorKind::multiplier, kAdder = OperatorKind::adder;
    const std::vector<Operator> operators{exact(kMultiplier, {"a", 4, true}, {"b", 3, false}, {"y", 7, true}),
                                          exact(kMultiplier, {"a", 1, false}, {"b", 4, true}, {"y", 9, true}),
                                          exact(kMultiplier, {"a", 4, true}, {"b", 4, true}, {"y", 4, true}, 4),
                                          exact(kAdder, {"a", 5, false}, {"b", 5, false}, {"y", 6, false}),
                                          exact(kAdder, {"a", 5, true}, {"b", 3, false}, {"y", 7, true})};
    const RtlOperators rtl(operators, 1);
    for (size_t i = 0; i < operators.size(); ++i) {
        const Operator& op = operators[i];
        const std::vector<uint32_t> y = rtl.sweep(i);
        for (uint64_t pair = 0; pair < y.size(); ++pair) {
            const Int128 exact = exact_result(op, pair >> op.b.bits, pair & ((uint64_t{1} << op.b.bits) - 1));
            ASSERT_EQ(y[pair], sim::encode(static_cast<int64_t>(exact >> op.y_lsb), op.y.bits)) << i << " at " << pair;
        }
    }
}

TEST(Cost, OfTheExact8x8Multiplier) {
    const Operator op = exact(OperatorKind::multiplier, {"a", 8, true}, {"b", 8, true}, {"y", 16, true});
    const sim::Cost cost = exact_cost(op);
    const Synthesis made = synthesize(op);
    EXPECT_EQ(cost, netlist_cost(made.netlist, made.gates));
    EXPECT_EQ(cost, exact_cost(op));
    const double by_seed = switching_energy(made.netlist, draw_uniform, 2);
    EXPECT_NEAR(by_seed, cost.energy, 0.005 * cost.energy);
    EXPECT_NE(by_seed, cost.energy);
    EXPECT_GT(cost.gates, cost.nodes) << "a look-up node holds more than a gate";
    EXPECT_GT(cost.nodes, 64) << "fewer than partial products";
    EXPECT_GT(cost.depth, 5);
}

}  // namespace
}  // namespace concrete::gen

#include <gtest/gtest.h>

#include "gen/cost.h"
#include "gen/metrics.h"
#include "gen/sweep.h"

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

}  // namespace
}  // namespace concrete::gen

#include <gtest/gtest.h>

#include "gen/catalogue.h"
#include "gen/elaborate.h"
#include "gen/formal.h"
#include "gen/synthesis.h"
#include "sim/netlist_order.h"
#include "sim/random.h"

namespace concrete::gen {
namespace {

struct Case {
    const char* name;
    size_t nodes;  ///< with Yosys 0.23; a change of a script may change it, and should not raise it
};

sim::Operator operator_named(const std::string& name) {
    const Catalogue catalogue = load_catalogue(default_catalogue_path());
    const auto [family, parameters] = parse_instance_name(catalogue, name);
    const Request request = catalogue_request(*family, parameters);
    const Design design = elaborate(request.sources);
    sim::Operator op;
    op.name = request.name;
    op.kind = family->kind;
    op.sources = request.sources;
    op.a = design.inputs.at(0);
    op.b = design.inputs.at(1);
    op.y = design.outputs.at(0);
    return op;
}

class WideOperators : public ::testing::TestWithParam<Case> {};

TEST_P(WideOperators, AreProvenEqualToTheirSource) {
    const sim::Operator op = operator_named(GetParam().name);
    const Synthesis made = synthesize(op);
    EXPECT_LE(made.netlist.nodes.size(), GetParam().nodes);
    EXPECT_LE(sim::max_live(made.netlist), 32u);
    EXPECT_EQ(prove_equal(made.source_aiger, made.netlist, op).outcome, FormalResult::Outcome::proven);
    sim::Netlist wrong = made.netlist;
    wrong.nodes[wrong.nodes.size() / 2].table ^= 0x18;
    const FormalResult result = prove_equal(made.source_aiger, wrong, op);
    EXPECT_EQ(result.outcome, FormalResult::Outcome::different);
}

INSTANTIATE_TEST_SUITE_P(Formal, WideOperators,
                         ::testing::Values(Case{"mul16u_exact", 720}, Case{"mul16s_exact", 719},
                                           Case{"mul_u_exact-A_BITS12-B_BITS12", 396}, Case{"add_exact-W32", 63},
                                           Case{"add_loa-K8-W32", 56}));

}  // namespace
}  // namespace concrete::gen

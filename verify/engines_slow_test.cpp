// Every listed multiplier with operands of at most 8 bits, on every engine, against gather; and adders of the catalogue
// in the accumulator, their closed forms against their own tables and netlists. Ten seconds; making the operators,
// where none is cached yet, takes some minutes more.
#include <gtest/gtest.h>
#include <numeric>

#include "gen/catalogue.h"
#include "gen/generate.h"
#include "sim/matmul_testing.h"
#include "sim/parallel.h"
#include "verify/testing.h"

namespace concrete::verify {
namespace {

using sim::AccumulatorSpec;
using sim::CodeRange;
using sim::Engine;
using sim::Operator;
using sim::Overflow;
using sim::ProductModel;
using sim::testing::Fill;
using sim::testing::MatmulProblem;
using sim::testing::Runs;

constexpr int kMostBits = 8;

/// Multipliers of the catalogue's list that engines can look up at once.
std::vector<std::shared_ptr<const Operator>> narrow_multipliers() {
    const gen::Catalogue catalogue = gen::load_catalogue(gen::default_catalogue_path());
    std::vector<gen::Request> requests;
    for (const gen::Family& family : catalogue.families) {
        if (family.kind != sim::OperatorKind::multiplier) continue;
        for (const auto& parameters : family.instances) {
            const auto width = [&](const char* name) {
                const auto found = parameters.find(name);
                return found == parameters.end() ? int64_t{0} : found->second;
            };
            // Families without such a parameter have their width in their name.
            const int64_t widest = std::max({width("WIDTH"), width("A_BITS"), width("B_BITS")});
            if (widest > kMostBits || family.name.starts_with("mul16")) continue;
            requests.push_back(gen::catalogue_request(family, parameters));
        }
    }
    std::vector<std::shared_ptr<const Operator>> operators;
    for (Operator& op : gen::generate(requests, sim::default_threads()))
        operators.push_back(std::make_shared<const Operator>(std::move(op)));
    return operators;
}

/// The codes of a port; on an unsigned one, where `signs` are put around it, as many of either sign.
CodeRange codes_of(const sim::Port& port, bool signs) {
    const int64_t highest = std::min(sim::highest_code(port), int64_t{(1 << (kMostBits - 1)) - 1});
    return signs ? CodeRange{-highest, highest} : CodeRange{sim::lowest_code(port), sim::highest_code(port)};
}

/// Rows along the lanes or columns, ragged; all weight codes among the random ones, so that decompositions are those of
/// whole tables.
MatmulProblem problem_of(const ProductModel& products, const AccumulatorSpec& acc, Fill fill, uint64_t seed) {
    const bool wide = seed % 2 == 0;
    MatmulProblem p = sim::testing::matmul_problem({wide ? 3u : 67u, 53, wide ? 131u : 5u}, products, acc, fill, seed);
    if (fill == Fill::random) {
        std::iota(p.w.begin(), p.w.begin() + static_cast<std::ptrdiff_t>(products.w_range().count()),
                  static_cast<int32_t>(products.w_range().lowest));
    }
    return p;
}

/// Runs of an operator on all kinds of accumulators and codes.
Runs runs_of(const std::shared_ptr<const Operator>& op, uint64_t seed) {
    const std::vector<AccumulatorSpec> accumulators{{32, Overflow::wrap, 0, nullptr},
                                                    {20, Overflow::wrap, 6, nullptr},
                                                    {23, Overflow::wrap, 9, nullptr, sim::LowerPart::eta_i},
                                                    {17, Overflow::saturate, 0, nullptr}};
    Runs runs;
    for (const bool signs : {false, true}) {
        if (signs && (op->a.is_signed || op->b.is_signed)) continue;
        const ProductModel products(op, codes_of(op->a, signs), codes_of(op->b, signs), signs);
        for (const AccumulatorSpec& acc : accumulators) {
            for (const Fill fill : {Fill::random, Fill::extreme}) {
                MatmulProblem p = problem_of(products, acc, fill, ++seed);
                sim::testing::expect_gathered(p, sim::testing::all_ways(acc.or_bits == 0), {1}, runs);
            }
        }
    }
    return runs;
}

TEST(EnginesSlow, EqualGatherOnEveryMultiplierOfTheCatalogue) {
    const auto operators = narrow_multipliers();
    ASSERT_GT(operators.size(), 200u);
    // Operators side by side, each on one thread; GoogleTest collects failures of all of them.
    std::vector<Runs> runs(operators.size());
    sim::parallel_for(operators.size(), sim::default_threads(), [&](size_t begin, size_t end) {
        for (size_t i = begin; i < end; ++i) runs[i] = runs_of(operators[i], 100 * i);
    });
    size_t decomposed = 0;
    for (size_t i = 0; i < operators.size(); ++i) {
        EXPECT_GE(runs[i]["netlist"], 8u) << operators[i]->name;
        EXPECT_GE(runs[i]["permute"], 2u) << operators[i]->name;
        EXPECT_GE(runs[i]["logic"], 4u) << operators[i]->name;
        decomposed += runs[i]["decomposed"] > 0;
    }
    EXPECT_GT(decomposed, operators.size() / 2) << "operators that decomposed could compute";
}

/// What gather (with a table) or else netlist gives, with the adder itself instead of its closed form.
std::vector<int64_t> added_by_the_circuit(const MatmulProblem& p, const std::shared_ptr<const Operator>& adder) {
    auto circuit = std::make_shared<Operator>(*adder);
    circuit->closed_form = sim::ClosedForm::none;
    circuit->or_bits = 0;
    std::vector<int64_t> out(p.out.size());
    sim::MatmulArgs args = p.args;
    args.acc = sim::make_accumulator(args.acc.bits, args.acc.overflow, circuit);
    args.out = out.data();
    EXPECT_TRUE(args.acc.adder);
    sim::matmul(args, circuit->lut.empty() ? Engine::netlist : Engine::gather, 1);
    return out;
}

TEST(EnginesSlow, AddAsTheAddersOfTheCatalogueDo) {
    const std::vector<std::string> names{"add_loa-K4-W8",
                                         "add_loa-K8-W10",
                                         "add_loa-K8-W32",
                                         "add_loawa-K6-W12",
                                         "add_loawa-K16-W32",
                                         "add_eta_i-K4-W8",
                                         "add_eta_i-K6-W12",
                                         "add_eta_i-K8-W24",
                                         "add_eta_i-K16-W32",
                                         "add_truncated-K6-W12",
                                         "add_truncated-K16-W32",
                                         "add_truncated_ones-K6-W12",
                                         "add_truncated_ones-K8-W32",
                                         "add_truncated_copy-K6-W12",
                                         "add_truncated_copy-K8-W32"};
    const auto multiplier = testing::catalogue_operator("booth8_m3-P8");  // 240 at (0, 0)
    const ProductModel products(multiplier, {-127, 127}, {-128, 127}, false);
    Runs runs;
    uint64_t seed = 0;
    for (const std::string& name : names) {
        const auto adder = testing::catalogue_operator(name);
        for (const Overflow overflow : {Overflow::wrap, Overflow::saturate}) {
            const AccumulatorSpec acc = sim::make_accumulator(adder->y.bits, overflow, adder);
            ASSERT_FALSE(acc.adder) << name << " has a closed form";
            const bool constant = acc.lower_part == sim::LowerPart::zero || acc.lower_part == sim::LowerPart::one;
            for (const Fill fill : {Fill::random, Fill::extreme, Fill::skipping}) {
                MatmulProblem p = sim::testing::matmul_problem({67, 53, 5}, products, acc, fill, ++seed);
                const std::vector<int64_t> expected = added_by_the_circuit(p, adder);
                sim::testing::expect_gathered(p, {{Engine::logic}, {Engine::netlist}}, {2}, runs);
                sim::gather(p.args, 1);
                sim::testing::expect_equal(p.out, expected, p.args.n, name + ": " + p.label);
                if (overflow == Overflow::saturate) continue;
                EXPECT_EQ(!sim::engine_problem(Engine::logic, sim::MatmulTask(p.args).task),
                          !constant || fill != Fill::skipping)
                    << p.label;
            }
        }
    }
    EXPECT_GT(runs["logic"], 2 * names.size());
}

}  // namespace
}  // namespace concrete::verify

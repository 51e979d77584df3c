// Thousands of products drawn at random, operators, accumulators, shapes and codes alike, on every engine.
#include <gtest/gtest.h>

#include "sim/matmul_testing.h"
#include "sim/testing.h"

namespace concrete::sim {
namespace {

using testing::Fill;
using testing::MatmulProblem;
using testing::Runs;

/// The codes of a port; with signs put around an unsigned one, as many of either sign.
CodeRange codes_of(const Port& port, bool signs) {
    const int64_t highest = std::min<int64_t>(highest_code(port), 127);
    return signs ? CodeRange{-highest, highest} : CodeRange{lowest_code(port), highest_code(port)};
}

/// Draws problems of every kind; what a seed gives stays the same.
class ProblemSource {
  public:
    explicit ProblemSource(uint64_t seed) : random_(seed), seed_(seed) {}

    ProductModel products() {
        const std::shared_ptr<Operator> op = multiplier();
        // Signs around unsigned ports, at times with |-128|.
        const bool signs = !op->a.is_signed && !op->b.is_signed && coin();
        CodeRange a = codes_of(op->a, signs), w = codes_of(op->b, signs);
        if (signs && op->a.bits == 8) a.lowest = -128;
        if (random_.below(3) == 0) a = part_of(a);
        if (random_.below(3) == 0) w = part_of(w);
        return {op, a, w, signs};
    }

    AccumulatorSpec accumulator() {
        AccumulatorSpec acc;
        acc.bits = between(2, 64);
        acc.overflow = random_.below(3) == 0 ? Overflow::saturate : Overflow::wrap;
        acc.or_bits = coin() ? 0 : between(0, coin() ? acc.bits : std::min(acc.bits, 16));
        acc.lower_part = static_cast<LowerPart>(random_.below(6));
        return acc;
    }

    MatmulProblem problem(const ProductModel& products, const AccumulatorSpec& acc) {
        testing::MatmulShape shape{extent(), extent(), extent()};
        constexpr size_t kMostMacs = 1'000'000;
        while (shape.m * shape.k * shape.n > kMostMacs) shape = {(shape.m + 1) / 2, shape.k, (shape.n + 1) / 2};
        std::optional<int64_t> largest_init;
        if (coin()) largest_init = highest_accumulator(acc.bits) >> between(0, acc.bits - 1);
        return testing::matmul_problem(shape, products, acc, static_cast<Fill>(random_.below(4)), seed_, largest_init);
    }

  private:
    bool coin() { return random_.below(2) == 0; }
    int between(int lowest, int highest) {
        return lowest + static_cast<int>(random_.below(static_cast<uint64_t>(highest - lowest) + 1));
    }
    /// 1 to 1,024, each power of two as likely as the others.
    size_t extent() { return 1 + random_.below(uint64_t{1} << between(0, 10)); }
    CodeRange part_of(const CodeRange& codes) {
        const int64_t lowest = codes.lowest + static_cast<int64_t>(random_.below(codes.count()));
        return {lowest, lowest + static_cast<int64_t>(random_.below(CodeRange{lowest, codes.highest}.count()))};
    }
    std::shared_ptr<Operator> multiplier() {
        if (random_.below(4) == 0) return testing::low_rank_multiplier();
        if (random_.below(4) == 0) return testing::twisted_multiplier();
        const int a_bits = between(1, 8), b_bits = between(1, 8), y_bits = between(1, coin() ? 17 : 31);
        auto op = testing::random_multiplier(a_bits, b_bits, y_bits, coin(), seed_);
        op->a.is_signed = coin(), op->b.is_signed = coin();
        if (y_bits < 20) op->y_lsb = between(0, 3);
        return a_bits + b_bits <= 8 ? testing::with_netlist(op) : op;
    }

    Random random_;
    uint64_t seed_;
};

TEST(EngineSlow, EqualsGatherOnWhateverComes) {
    constexpr uint64_t kProblems = 3000;
    Runs runs;
    for (uint64_t seed = 1; seed <= kProblems && !HasFailure(); ++seed) {
        ProblemSource source(seed);
        const ProductModel products = source.products();
        MatmulProblem p = source.problem(products, source.accumulator());
        const bool few_terms = products.multiplier().name == "low_rank" || products.w_range().count() <= 2;
        testing::expect_gathered(p, testing::all_ways(few_terms), {1 + static_cast<int>(seed % 7)}, runs);
    }
    for (const char* name : {"permute", "decomposed", "netlist", "logic", "logic (decomposed)"})
        EXPECT_GT(runs[name], 100u) << name;
}

}  // namespace
}  // namespace concrete::sim

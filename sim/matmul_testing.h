#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/error.h"
#include "sim/matmul.h"
#include "sim/random.h"

/// Products of code matrices on every engine set against gather(), for tests.
namespace concrete::sim::testing {

struct MatmulShape {
    size_t m = 1, k = 1, n = 1;
};

/// What codes and first accumulators a product has.
enum class Fill {
    random,
    extreme,   ///< the lowest and the highest of each
    largest,   ///< everywhere the two codes with the largest product in magnitude
    skipping,  ///< a third of the activations skipped, and the first two rows whole; first accumulators for each row
};

inline std::string to_string(Fill fill) {
    constexpr const char* kNames[] = {"random", "extreme", "largest", "skipping"};
    return kNames[static_cast<size_t>(fill)];
}

/// One product with its operands. args point into the rest, so that it moves but is not copied.
struct MatmulProblem {
    std::vector<int32_t> a, w;
    std::vector<int64_t> init, out;
    MatmulArgs args;
    std::string label;  ///< operator, accumulator, shape, fill and seed

    MatmulProblem() = default;
    MatmulProblem(MatmulProblem&&) = default;
    MatmulProblem& operator=(MatmulProblem&&) = default;
};

/// The codes whose product is the largest in magnitude.
inline std::pair<int32_t, int32_t> largest_pair(const ProductModel& products) {
    const CodeRange &a = products.a_range(), &w = products.w_range();
    std::pair<int64_t, int64_t> best{a.lowest, w.lowest};
    for (int64_t qa = a.lowest; qa <= a.highest; ++qa) {
        for (int64_t qw = w.lowest; qw <= w.highest; ++qw) {
            if (std::abs(products.product(qa, qw)) > std::abs(products.product(best.first, best.second)))
                best = {qa, qw};
        }
    }
    return {static_cast<int32_t>(best.first), static_cast<int32_t>(best.second)};
}

/// Args: largest_init: of |init|; all accumulator codes where it is left out.
inline MatmulProblem matmul_problem(const MatmulShape& shape, const ProductModel& products, const AccumulatorSpec& acc,
                                    Fill fill, uint64_t seed, std::optional<int64_t> largest_init = {}) {
    Random random(seed);
    const auto draw = [&](int64_t lowest, int64_t highest) {
        if (fill == Fill::extreme) return random.bits() % 2 != 0 ? lowest : highest;
        const uint64_t span = static_cast<uint64_t>(highest) - static_cast<uint64_t>(lowest);
        return static_cast<int64_t>(static_cast<uint64_t>(lowest) +
                                    (span + 1 == 0 ? random.bits() : random.below(span + 1)));
    };
    const CodeRange &a = products.a_range(), &w = products.w_range();
    MatmulProblem p;
    p.a.resize(shape.m * shape.k);
    p.w.resize(shape.k * shape.n);
    if (fill == Fill::largest) {
        const auto [qa, qw] = largest_pair(products);
        std::fill(p.a.begin(), p.a.end(), qa);
        std::fill(p.w.begin(), p.w.end(), qw);
    } else {
        for (int32_t& code : p.a) code = static_cast<int32_t>(draw(a.lowest, a.highest));
        for (int32_t& code : p.w) code = static_cast<int32_t>(draw(w.lowest, w.highest));
    }
    if (fill == Fill::skipping) {
        for (size_t i = 0; i < p.a.size(); ++i)
            if (i < 2 * shape.k || random.below(3) == 0) p.a[i] = kSkip;
    }
    const bool per_row = fill == Fill::skipping;
    p.init.resize((per_row ? shape.m : 1) * shape.n);
    const int64_t lowest = largest_init ? -*largest_init : lowest_accumulator(acc.bits);
    const int64_t highest = largest_init ? *largest_init : highest_accumulator(acc.bits);
    for (int64_t& init : p.init) init = draw(lowest, highest);
    p.out.assign(shape.m * shape.n, 0);
    p.args = {shape.m, shape.k, shape.n, p.a.data(), p.w.data(), p.init.data(), per_row, &products, acc, p.out.data()};
    p.label = fmt::format("{}, {} bits, {}, {}, m {} k {} n {}, {} codes, seed {}", products.multiplier().name,
                          acc.bits, acc.overflow == Overflow::wrap ? "wrap" : "saturate", adder_label(acc), shape.m,
                          shape.k, shape.n, to_string(fill), seed);
    return p;
}

/// Expects two matrices [m, n] to be equal; else says where the first difference is, and how many there are.
inline void expect_equal(const std::vector<int64_t>& got, const std::vector<int64_t>& expected, size_t n,
                         const std::string& label) {
    ASSERT_EQ(got.size(), expected.size()) << label;
    size_t differences = 0, first = 0;
    for (size_t i = got.size(); i-- > 0;) {
        if (got[i] == expected[i]) continue;
        ++differences;
        first = i;
    }
    if (differences == 0) return;
    ADD_FAILURE() << label << ": " << differences << " of " << got.size() << " differ, the first at [" << first / n
                  << ", " << first % n << "]: expected " << expected[first] << ", got " << got[first];
}

/// An engine; `logic` counts as two, by how it sums.
struct Way {
    Engine engine;
    SumMethod method = SumMethod::permute;

    std::string name() const {
        const bool by_terms = engine == Engine::logic && method == SumMethod::decomposed;
        return to_string(engine) + (by_terms ? " (decomposed)" : "");
    }
};

/// All but gather. Args: terms: with those that need a decomposition, which takes a while to find on random tables.
inline std::vector<Way> all_ways(bool terms = true) {
    std::vector<Way> ways{{Engine::permute}, {Engine::netlist}, {Engine::logic}};
    if (terms) ways.insert(ways.end(), {{Engine::decomposed}, {Engine::logic, SumMethod::decomposed}});
    return ways;
}

/// Runs by the name of the way.
using Runs = std::map<std::string, size_t>;

/// Computes p in every way that can, and expects what gather gives on one thread. `runs` counts.
inline void expect_gathered(MatmulProblem& p, const std::vector<Way>& ways, const std::vector<int>& threads,
                            Runs& runs) {
    gather(p.args, 1);
    const std::vector<int64_t> expected = p.out;
    const MatmulTask task(p.args);
    for (const Way& way : ways) {
        if (engine_problem(way.engine, task.task)) continue;
        PreparedProduct prepared;
        try {
            prepared = prepare(task.task, way.engine, way.method);
        } catch (const InputError& error) {
            // Whether a table has a decomposition of as few terms as its rank is only known after the search.
            EXPECT_EQ(std::string(error.what()),
                      fmt::format("engine {}: no decomposition of {} into at most 32 int8 products was found",
                                  to_string(way.engine), p.args.products->multiplier().name))
                << p.label;
            continue;
        }
        for (const int count : threads) {
            std::fill(p.out.begin(), p.out.end(), 0x5a5a);
            matmul(p.args, prepared, count);
            expect_equal(p.out, expected, p.args.n, fmt::format("{} on {} threads: {}", way.name(), count, p.label));
            ++runs[way.name()];
        }
    }
}

}  // namespace concrete::sim::testing

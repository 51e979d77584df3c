// The gather engine: one table look-up a MAC, rows shared by threads. Slow and obvious on purpose, since every other
// engine is compared with it.
#include "sim/gather.h"

#include <algorithm>
#include <fmt/format.h>
#include <vector>

#include "sim/error.h"
#include "sim/parallel.h"

namespace concrete::sim {
namespace {

/// A thread is not worth starting for fewer MACs, about a tenth of a millisecond.
constexpr size_t kMacsPerThread = size_t{1} << 18;

/// Exact wrapping accumulation, in unsigned arithmetic of at least W bits: sums modulo 2^32 or 2^64 are congruent
/// modulo 2^W, so that wrapping once at the end gives what wrapping at every step gives.
template <typename Unsigned>
struct ModularSum {
    using Sum = Unsigned;
    const AccumulatorSpec& spec;

    Sum start(int64_t init) const { return static_cast<Sum>(init); }
    Sum add(Sum sum, int64_t product) const { return static_cast<Sum>(sum + static_cast<Sum>(product)); }
    int64_t result(Sum sum) const { return fit_accumulator(spec, static_cast<int64_t>(sum)); }
};

/// Accumulation with a lower part that wraps, on patterns; bits from W on are dropped at the end.
template <typename Unsigned, LowerPart kPart>
struct LowerPartSum {
    using Sum = Unsigned;
    const AccumulatorSpec& spec;
    int or_bits = spec.or_bits;

    Sum start(int64_t init) const { return static_cast<Sum>(init); }
    Sum add(Sum sum, int64_t product) const {
        return static_cast<Sum>(detail::lower_part_sum(kPart, sum, static_cast<Sum>(product), or_bits));
    }
    int64_t result(Sum sum) const { return fit_accumulator(spec, static_cast<int64_t>(sum)); }
};

/// Any accumulator, step by step.
struct SteppedSum {
    using Sum = int64_t;
    const AccumulatorSpec& spec;

    Sum start(int64_t init) const { return init; }
    Sum add(Sum sum, int64_t product) const { return accumulate(spec, sum, product); }
    int64_t result(Sum sum) const { return sum; }
};

template <typename Rule>
void run_rows(const MatmulArgs& g, const std::vector<uint32_t>& w_index, const Rule& rule, size_t begin, size_t end) {
    const ProductModel& products = *g.products;
    std::vector<typename Rule::Sum> storage(g.n);
    // Sums alias neither table nor indices: said to the compiler, which else reloads both at every step.
    typename Rule::Sum* __restrict sums = storage.data();
    for (size_t m = begin; m < end; ++m) {
        const int64_t* init = g.init + (g.init_per_row ? m * g.n : 0);
        for (size_t n = 0; n < g.n; ++n) sums[n] = rule.start(init[n]);
        for (size_t k = 0; k < g.k; ++k) {
            const int32_t a = g.a[m * g.k + k];
            if (a == kSkip) continue;
            if (products.has_table()) {
                const int32_t* row = products.row(a);
                const uint32_t* index = w_index.data() + k * g.n;
                for (size_t n = 0; n < g.n; ++n) sums[n] = rule.add(sums[n], row[index[n]]);
            } else {
                const int32_t* w = g.w + k * g.n;
                for (size_t n = 0; n < g.n; ++n) sums[n] = rule.add(sums[n], products.product(a, w[n]));
            }
        }
        for (size_t n = 0; n < g.n; ++n) g.out[m * g.n + n] = rule.result(sums[n]);
    }
}

/// Positions in a table row, so that the inner loop does not subtract the lowest code again and again.
std::vector<uint32_t> weight_indices(const MatmulArgs& g) {
    if (!g.products->has_table()) return {};
    std::vector<uint32_t> result(g.k * g.n);
    const int64_t lowest = g.products->w_range().lowest;
    std::transform(g.w, g.w + result.size(), result.begin(),
                   [&](int32_t w) { return static_cast<uint32_t>(w - lowest); });
    return result;
}

template <typename Value>
void check_range(const char* name, const Value* values, size_t count, int64_t lowest, int64_t highest, bool may_skip) {
    // First without branches: many values at a time, and mostly all there is to do.
    using Limits = std::numeric_limits<Value>;
    const Value low = static_cast<Value>(std::max<int64_t>(lowest, Limits::min()));
    const Value high = static_cast<Value>(std::min<int64_t>(highest, Limits::max()));
    Value outside = 0;
    for (size_t i = 0; i < count; ++i)
        outside |= static_cast<Value>(values[i] < low) | static_cast<Value>(values[i] > high);
    if (outside == 0) return;
    for (size_t i = 0; i < count; ++i) {
        if (lowest <= values[i] && values[i] <= highest) continue;
        if (may_skip && values[i] == kSkip) continue;
        throw RangeError(
            fmt::format("matmul: {}[{}] is {}; expected {} to {}", name, i, int64_t{values[i]}, lowest, highest));
    }
}

/// A wrapping accumulator with a built-in adder, on words that hold W bits.
template <typename Unsigned>
void run_patterns(const MatmulArgs& g, const std::vector<uint32_t>& w_index, size_t begin, size_t end) {
    const AccumulatorSpec& acc = g.acc;
    const auto run = [&](const auto& rule) { run_rows(g, w_index, rule, begin, end); };
    if (acc.is_modular()) return run(ModularSum<Unsigned>{acc});
    switch (acc.lower_part) {
        case LowerPart::or_with_carry:
            return run(LowerPartSum<Unsigned, LowerPart::or_with_carry>{acc});
        case LowerPart::or_only:
            return run(LowerPartSum<Unsigned, LowerPart::or_only>{acc});
        case LowerPart::zero:
            return run(LowerPartSum<Unsigned, LowerPart::zero>{acc});
        case LowerPart::one:
            return run(LowerPartSum<Unsigned, LowerPart::one>{acc});
        case LowerPart::copy:
            return run(LowerPartSum<Unsigned, LowerPart::copy>{acc});
        case LowerPart::eta_i:
            return run(LowerPartSum<Unsigned, LowerPart::eta_i>{acc});
    }
}

}  // namespace

void check(const MatmulArgs& g) {
    if (g.m == 0 || g.k == 0 || g.n == 0) {
        throw ShapeError(fmt::format("matmul: a is [{}, {}] and w is [{}, {}]; every extent must be at least 1", g.m,
                                     g.k, g.k, g.n));
    }
    check(g.acc);
    const CodeRange& a = g.products->a_range();
    const CodeRange& w = g.products->w_range();
    check_range("a", g.a, g.m * g.k, a.lowest, a.highest, true);
    check_range("w", g.w, g.k * g.n, w.lowest, w.highest, false);
    check_range("init", g.init, g.init_per_row ? g.m * g.n : g.n, lowest_accumulator(g.acc.bits),
                highest_accumulator(g.acc.bits), false);
}

void gather(const MatmulArgs& g, int threads) {
    check(g);
    const std::vector<uint32_t> w_index = weight_indices(g);
    const AccumulatorSpec& acc = g.acc;
    // The product is fitted to W first, which under wrap is the same as dropping bits at the end.
    const bool patterns = acc.overflow == Overflow::wrap && !acc.adder;
    const size_t useful_threads = 1 + g.m * g.k * g.n / kMacsPerThread;
    threads = static_cast<int>(std::min(static_cast<size_t>(threads), useful_threads));
    parallel_for(g.m, threads, [&](size_t begin, size_t end) {
        if (!patterns) {
            run_rows(g, w_index, SteppedSum{acc}, begin, end);
        } else if (acc.bits <= 32) {
            run_patterns<uint32_t>(g, w_index, begin, end);
        } else {
            run_patterns<uint64_t>(g, w_index, begin, end);
        }
    });
}

}  // namespace concrete::sim

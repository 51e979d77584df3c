#include "sim/term_pairs.h"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <numeric>
#include <vector>

#include "sim/term_reduction.h"

namespace concrete::sim {
namespace {

using Term = Decomposition::Term;
using Vector = std::vector<int32_t>;

/// Rows of least cost among which two are looked for.
constexpr size_t kKeptRows = 300;

/// Cost of what would leave the range of entries.
constexpr double kTooWide = 1e9;

/// What is combined: p v_1 + q v_2 beside p x_2 - q x_1, where x is u with the difference of shifts.
struct Pair {
    const Vector *v1, *v2, *u1, *u2;
    int64_t x1 = 1, x2 = 1;  ///< powers of two by which u is multiplied
};

struct Row {
    int p, q;
    int power;  ///< of two, that divides p x_2 - q x_1
    double cost;
};

Row row_of(const Pair& pair, int p, int q) {
    int32_t lowest = 0, highest = 0;
    for (size_t e = 0; e < pair.v1->size(); ++e) {
        const int32_t entry = p * (*pair.v1)[e] + q * (*pair.v2)[e];
        lowest = std::min(lowest, entry);
        highest = std::max(highest, entry);
    }
    const int64_t f1 = -q * pair.x1, f2 = p * pair.x2;
    int64_t low = 0, high = 0, bits = 0;
    for (size_t e = 0; e < pair.u1->size(); ++e) {
        const int64_t entry = f1 * (*pair.u1)[e] + f2 * (*pair.u2)[e];
        low = std::min(low, entry);
        high = std::max(high, entry);
        bits |= entry;
    }
    const int power = bits == 0 ? 0 : std::countr_zero(static_cast<uint64_t>(bits));
    const int64_t v_span = int64_t{highest} - lowest, u_span = (high - low) >> power;
    const bool is_small = std::max(v_span, u_span) <= TermReduction::kMostEntry;
    return {p, q, power, is_small ? span_cost(v_span) + span_cost(u_span) : kTooWide};
}

}  // namespace

std::optional<std::pair<Term, Term>> narrower_pair(const Term& first, const Term& second, int most_factor) {
    const int base = std::min(first.shift, second.shift);
    if (std::max(first.shift, second.shift) - base > 20) return std::nullopt;
    const Pair pair{&first.v,
                    &second.v,
                    &first.u,
                    &second.u,
                    int64_t{1} << (first.shift - base),
                    int64_t{1} << (second.shift - base)};
    std::vector<Row> rows;
    for (int p = 0; p <= most_factor; ++p) {
        for (int q = p == 0 ? 1 : -most_factor; q <= most_factor; ++q) {
            if (std::gcd(p, q) == 1 && (p > 0 || q == 1)) rows.push_back(row_of(pair, p, q));
        }
    }
    std::stable_sort(rows.begin(), rows.end(), [](const Row& x, const Row& y) { return x.cost < y.cost; });
    rows.resize(std::min(rows.size(), kKeptRows));
    const Row present[] = {row_of(pair, 1, 0), row_of(pair, 0, 1)};
    double best = present[0].cost + present[1].cost - 1e-6;
    const Row *best_a = nullptr, *best_b = nullptr;
    for (const Row& a : rows) {
        for (const Row& b : rows) {
            if (a.cost + b.cost >= best) break;
            const int det = a.p * b.q - a.q * b.p;
            if (!std::has_single_bit(static_cast<unsigned>(std::abs(det)))) continue;
            const int k = std::countr_zero(static_cast<unsigned>(std::abs(det)));
            if (base + a.power < k || base + b.power < k) continue;
            if (base + a.power - k > kMostShift || base + b.power - k > kMostShift) continue;
            best = a.cost + b.cost;
            best_a = &a;
            best_b = &b;
        }
    }
    if (best_a == nullptr) return std::nullopt;
    const Row &a = *best_a, &b = *best_b;
    const int det = a.p * b.q - a.q * b.p;
    const int k = std::countr_zero(static_cast<unsigned>(std::abs(det)));
    const int64_t sign = det < 0 ? -1 : 1;
    // x_a = (b.q x_1 - b.p x_2) / det stands beside v_a, x_b = (a.p x_2 - a.q x_1) / det beside v_b.
    const auto made = [&](const Row& v_row, const Row& x_row, int64_t x_sign) {
        Term term{base + x_row.power - k, first.u, first.v};
        for (size_t e = 0; e < term.v.size(); ++e) term.v[e] = v_row.p * first.v[e] + v_row.q * second.v[e];
        for (size_t e = 0; e < term.u.size(); ++e) {
            const int64_t x = x_row.p * pair.x2 * second.u[e] - x_row.q * pair.x1 * first.u[e];
            term.u[e] = static_cast<int32_t>(x_sign * (x >> x_row.power));
        }
        return term;
    };
    return std::pair{made(a, b, -sign), made(b, a, sign)};
}

}  // namespace concrete::sim

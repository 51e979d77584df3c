#include "sim/term_reduction.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>
#include <utility>

#include "sim/term_pairs.h"

namespace concrete::sim {
namespace {

using Vector = std::vector<int32_t>;
using Term = Decomposition::Term;

constexpr int kMostShift = 31;
constexpr int kMostSweeps = 30;

/// What a bit of span costs where it already fits, against a bit of excess.
constexpr double kFittingCost = 0.02;

int64_t span_of(const Vector& x) {
    const auto [lowest, highest] = std::minmax_element(x.begin(), x.end());
    return int64_t{*highest} - *lowest;
}

/// Span of x + factor y. Requires: no entry beyond 31 bits.
int64_t combined_span(const Vector& x, int32_t factor, const Vector& y) {
    int32_t lowest = x[0] + factor * y[0], highest = lowest;
    for (size_t e = 1; e < x.size(); ++e) {
        const int32_t entry = x[e] + factor * y[e];
        lowest = std::min(lowest, entry);
        highest = std::max(highest, entry);
    }
    return int64_t{highest} - lowest;
}

int64_t most_entry(const Vector& x) {
    int64_t most = 0;
    for (const int32_t entry : x) most = std::max(most, std::abs(int64_t{entry}));
    return most;
}

/// Inner product without the mean, times the number of entries; rounded.
double inner(const Vector& x, const Vector& y) {
    int64_t products = 0, x_sum = 0, y_sum = 0;
    for (size_t e = 0; e < x.size(); ++e) {
        products += int64_t{x[e]} * y[e];
        x_sum += x[e];
        y_sum += y[e];
    }
    return static_cast<double>(x.size()) * static_cast<double>(products) -
           static_cast<double>(x_sum) * static_cast<double>(y_sum);
}

double excess_of(const Term& term) {
    return excess_bits(span_of(term.u)) + excess_bits(span_of(term.v));
}

/// Power of two that divides all entries; requires one that is not 0.
int common_power(const Vector& x) {
    int32_t bits = 0;
    for (const int32_t entry : x) bits |= entry;
    return std::countr_zero(static_cast<uint32_t>(bits));
}

bool is_zero(const Vector& x) {
    return std::all_of(x.begin(), x.end(), [](int32_t entry) { return entry == 0; });
}

/// The factors m_v and m_u of a step for a multiple of the pair (i, j).
struct Factors {
    int v_shift, u_shift;
};

Factors factors_of(const Term& i, const Term& j) {
    return {std::max(0, j.shift - i.shift), std::max(0, i.shift - j.shift)};
}

}  // namespace

double excess_bits(int64_t span) {
    return span <= 255 ? 0 : std::log2(static_cast<double>(span) / 255);
}

double span_cost(int64_t span) {
    return excess_bits(span) + kFittingCost * std::log2(1.0 + static_cast<double>(span));
}

TermReduction::TermReduction(std::vector<Term> terms, Effort& effort) : terms_(std::move(terms)), effort_(&effort) {}

/// Returns: false if the effort is used up.
bool TermReduction::spend(size_t operands) {
    effort_->operands_left -= static_cast<int64_t>(operands);
    return effort_->operands_left >= 0;
}

double TermReduction::excess() const {
    double sum = 0;
    for (const Term& term : terms_) sum += excess_of(term);
    return sum;
}

size_t TermReduction::too_wide() const {
    return static_cast<size_t>(
        std::count_if(terms_.begin(), terms_.end(), [](const Term& term) { return excess_of(term) > 0; }));
}

void TermReduction::clean() {
    std::erase_if(terms_, [](const Term& term) { return is_zero(term.u) || is_zero(term.v); });
    for (Term& term : terms_) {
        for (Vector* operand : {&term.u, &term.v}) {
            const int power = std::min(common_power(*operand), kMostShift - term.shift);
            if (power == 0) continue;
            for (int32_t& entry : *operand) entry >>= power;
            term.shift += power;
        }
    }
}

bool TermReduction::add_multiple(size_t i, size_t j, int64_t factor) {
    Term& to = terms_[i];
    Term& from = terms_[j];
    const auto [v_shift, u_shift] = factors_of(to, from);
    if (std::abs(factor) > kMostEntry) return false;
    const int64_t v_factor = factor * (int64_t{1} << v_shift), u_factor = factor * (int64_t{1} << u_shift);
    if (std::max(std::abs(v_factor), std::abs(u_factor)) > kMostEntry) return false;
    if (most_entry(to.v) + std::abs(v_factor) * most_entry(from.v) > kMostEntry) return false;
    if (most_entry(from.u) + std::abs(u_factor) * most_entry(to.u) > kMostEntry) return false;
    for (size_t e = 0; e < to.v.size(); ++e) to.v[e] += static_cast<int32_t>(v_factor) * from.v[e];
    for (size_t e = 0; e < to.u.size(); ++e) from.u[e] -= static_cast<int32_t>(u_factor) * to.u[e];
    return true;
}

void TermReduction::measure() {
    const size_t count = terms_.size();
    u_products_.assign(count, std::vector<double>(count));
    v_products_ = u_products_;
    for (size_t i = 0; i < count; ++i) {
        for (size_t j = 0; j <= i; ++j) {
            u_products_[i][j] = u_products_[j][i] = inner(terms_[i].u, terms_[j].u);
            v_products_[i][j] = v_products_[j][i] = inner(terms_[i].v, terms_[j].v);
        }
    }
}

void TermReduction::shorten() {
    const size_t count = terms_.size();
    for (int sweep = 0; sweep < kMostSweeps; ++sweep) {
        if (!spend(count * count)) return;
        measure();
        bool changed = false;
        for (size_t i = 0; i < count; ++i) {
            for (size_t j = 0; j < count; ++j) {
                if (i == j) continue;
                const auto [v_shift, u_shift] = factors_of(terms_[i], terms_[j]);
                const double mv = std::ldexp(1, v_shift), mu = std::ldexp(1, u_shift);
                // The sum changes by quadratic factor^2 + 2 linear factor.
                const double weight = u_products_[i][i] * v_products_[j][j];
                const double quadratic = weight * (mv * mv + mu * mu);
                const double linear =
                    mv * u_products_[i][i] * v_products_[i][j] - mu * v_products_[j][j] * u_products_[i][j];
                if (!(quadratic > 0)) continue;
                const double place = -linear / quadratic;
                if (std::abs(place) < 0.5001 || std::abs(place) > 1e6) continue;
                const double factor = std::nearbyint(place);
                if (!spend(4)) return;
                if (!add_multiple(i, j, static_cast<int64_t>(factor))) continue;
                changed = true;
                const double fv = factor * mv, fu = factor * mu;
                v_products_[i][i] += 2 * fv * v_products_[i][j] + fv * fv * v_products_[j][j];
                u_products_[j][j] += -2 * fu * u_products_[i][j] + fu * fu * u_products_[i][i];
                for (size_t k = 0; k < count; ++k) {
                    if (k != i) v_products_[i][k] = v_products_[k][i] += fv * v_products_[j][k];
                    if (k != j) u_products_[j][k] = u_products_[k][j] -= fu * u_products_[i][k];
                }
            }
        }
        if (!changed) return;
    }
}

void TermReduction::narrow() {
    const size_t count = terms_.size();
    std::vector<int64_t> u_span(count), v_span(count);
    for (size_t i = 0; i < count; ++i) {
        u_span[i] = span_of(terms_[i].u);
        v_span[i] = span_of(terms_[i].v);
    }
    for (int sweep = 0; sweep < kMostSweeps; ++sweep) {
        bool changed = false;
        for (size_t i = 0; i < count; ++i) {
            for (size_t j = 0; j < count; ++j) {
                if (i == j || (count > 40 && v_span[i] <= 255 && u_span[j] <= 255)) continue;
                Term& to = terms_[i];
                Term& from = terms_[j];
                const auto [v_shift, u_shift] = factors_of(to, from);
                const int64_t v_room = (kMostEntry - most_entry(to.v)) / std::max<int64_t>(1, most_entry(from.v));
                const int64_t u_room = (kMostEntry - most_entry(from.u)) / std::max<int64_t>(1, most_entry(to.u));
                const int64_t room = std::min(v_room >> v_shift, u_room >> u_shift);
                double best = span_cost(u_span[j]) + span_cost(v_span[i]) - 1e-6;
                int64_t best_factor = 0, best_u = 0, best_v = 0;
                for (const int sign : {1, -1}) {
                    for (int64_t size = 1; size <= std::min<int64_t>(room, 256); size *= 2) {
                        if (!spend(2)) return;
                        const int64_t factor = sign * size;
                        const int64_t v =
                            combined_span(to.v, static_cast<int32_t>(factor * (int64_t{1} << v_shift)), from.v);
                        const int64_t u =
                            combined_span(from.u, static_cast<int32_t>(-factor * (int64_t{1} << u_shift)), to.u);
                        // A span is a convex function of the factor: once both grew, they grow on.
                        if (v >= v_span[i] && u >= u_span[j]) break;
                        const double cost = span_cost(u) + span_cost(v);
                        if (cost >= best) continue;
                        best = cost;
                        best_factor = factor;
                        best_u = u;
                        best_v = v;
                    }
                }
                if (best_factor == 0 || !add_multiple(i, j, best_factor)) continue;
                u_span[j] = best_u;
                v_span[i] = best_v;
                changed = true;
            }
        }
        if (!changed) return;
    }
}

void TermReduction::halve() {
    while (halve_side(&Term::v, &Term::u) || halve_side(&Term::u, &Term::v)) {
    }
}

/// True if all numbers of a halving stay within kMostEntry.
bool TermReduction::can_halve(size_t chosen, const std::vector<bool>& member, Vector Term::*side,
                              Vector Term::*other) const {
    const Term& half = terms_[chosen];
    if (half.shift == kMostShift) return false;
    int64_t most = 0;
    for (size_t m = 0; m < terms_.size(); ++m) {
        if (!member[m]) continue;
        most += most_entry(terms_[m].*side);
        if (m == chosen) continue;
        const int64_t added = most_entry(half.*other) * (int64_t{1} << (half.shift - terms_[m].shift));
        if (most_entry(terms_[m].*other) + added > kMostEntry) return false;
    }
    return most <= kMostEntry;
}

/// Finds some v (or u) whose sum is even and puts half of it in place of one of them. Returns: true if there were any.
bool TermReduction::halve_side(Vector Term::*side, Vector Term::*other) {
    const size_t count = terms_.size();
    if (!spend(count * count)) return false;
    // Rows of parities with the set of terms they come from, eliminated over GF(2).
    std::vector<std::vector<bool>> parities, members;
    std::vector<size_t> leads;
    for (size_t t = 0; t < count; ++t) {
        const Vector& x = terms_[t].*side;
        std::vector<bool> parity(x.size()), member(count);
        for (size_t e = 0; e < x.size(); ++e) parity[e] = x[e] & 1;
        member[t] = true;
        for (size_t k = 0; k < leads.size(); ++k) {
            if (!parity[leads[k]]) continue;
            for (size_t e = 0; e < x.size(); ++e) parity[e] = parity[e] != parities[k][e];
            for (size_t m = 0; m < count; ++m) member[m] = member[m] != members[k][m];
        }
        const auto lead = std::find(parity.begin(), parity.end(), true);
        if (lead != parity.end()) {
            leads.push_back(static_cast<size_t>(lead - parity.begin()));
            parities.push_back(std::move(parity));
            members.push_back(std::move(member));
            continue;
        }
        size_t chosen = t;
        for (size_t m = 0; m < count; ++m)
            if (member[m] && terms_[m].shift > terms_[chosen].shift) chosen = m;
        if (!can_halve(chosen, member, side, other)) return false;
        Term& half = terms_[chosen];
        Vector sum = half.*side;
        for (size_t m = 0; m < count; ++m) {
            if (!member[m] || m == chosen) continue;
            Term& part = terms_[m];
            const int shift = half.shift - part.shift;
            // The sign that gives the narrower sum.
            const int32_t sign = combined_span(sum, 1, part.*side) <= combined_span(sum, -1, part.*side) ? 1 : -1;
            for (size_t e = 0; e < sum.size(); ++e) sum[e] += sign * (part.*side)[e];
            Vector& y = part.*other;
            for (size_t e = 0; e < y.size(); ++e) y[e] -= sign * ((half.*other)[e] << shift);
        }
        for (int32_t& entry : sum) entry /= 2;
        half.*side = std::move(sum);
        ++half.shift;
        return true;
    }
    return false;
}

bool TermReduction::refactor(int most_factor) {
    bool changed = false;
    for (size_t i = 0; i < terms_.size(); ++i) {
        for (size_t j = 0; j < terms_.size(); ++j) {
            if (i == j || excess_of(terms_[i]) == 0) continue;
            if (most_entry(terms_[i].v) * most_factor > kMostEntry ||
                most_entry(terms_[i].u) * most_factor > kMostEntry)
                continue;
            if (!spend(2 * static_cast<size_t>(most_factor * most_factor))) return changed;
            if (auto pair = narrower_pair(terms_[i], terms_[j], most_factor)) {
                terms_[i] = std::move(pair->first);
                terms_[j] = std::move(pair->second);
                changed = true;
            }
        }
    }
    return changed;
}

bool TermReduction::split() {
    size_t widest = 0;
    for (size_t t = 1; t < terms_.size(); ++t)
        if (excess_of(terms_[t]) > excess_of(terms_[widest])) widest = t;
    Term& term = terms_[widest];
    if (term.shift + 8 > kMostShift) return false;
    if (split_crosswise(widest)) return true;
    Term high = term;
    high.shift += 8;
    const bool is_v = span_of(term.v) > span_of(term.u);
    for (int32_t& entry : is_v ? high.v : high.u) entry >>= 8;
    for (int32_t& entry : is_v ? term.v : term.u) entry &= 255;
    terms_.push_back(std::move(high));
    return true;
}

/// Splits both operands of a term with three terms instead of four:
///
///     (u' + 256 p) (v' + 256 q) = u' v' + 256 p (v' + 128 q) + 256 (u' + 128 p) q
///
/// Returns: false where these do not all fit, as they do if both operands are only a little too wide.
bool TermReduction::split_crosswise(size_t place) {
    const Term& term = terms_[place];
    if (span_of(term.u) <= 255 || span_of(term.v) <= 255) return false;
    Term low = term;
    Term left{term.shift + 8, term.u, term.v}, right = left;
    for (size_t e = 0; e < term.u.size(); ++e) {
        low.u[e] = term.u[e] & 255;
        left.u[e] = term.u[e] >> 8;
        right.u[e] = low.u[e] + 128 * left.u[e];
    }
    for (size_t e = 0; e < term.v.size(); ++e) {
        low.v[e] = term.v[e] & 255;
        right.v[e] = term.v[e] >> 8;
        left.v[e] = low.v[e] + 128 * right.v[e];
    }
    if (excess_of(low) + excess_of(left) + excess_of(right) > 0) return false;
    terms_[place] = std::move(low);
    terms_.push_back(std::move(left));
    terms_.push_back(std::move(right));
    return true;
}

void TermReduction::shuffle(Random& random, size_t steps) {
    if (terms_.size() < 2) return;
    for (size_t step = 0; step < steps; ++step) {
        const size_t i = random.below(terms_.size());
        const size_t j = (i + 1 + random.below(terms_.size() - 1)) % terms_.size();
        add_multiple(i, j, random.below(2) == 0 ? 1 : -1);
    }
}

}  // namespace concrete::sim

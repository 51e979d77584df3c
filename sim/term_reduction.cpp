#include "sim/term_reduction.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>
#include <utility>

#include "sim/even_subset.h"
#include "sim/term_pairs.h"

namespace concrete::sim {
namespace {

using Vector = std::vector<int32_t>;
using Term = Decomposition::Term;

constexpr int kMostSweeps = 30;

/// Of narrowing steps; and the least gain that is worth one, in bits, so that rounding makes none.
constexpr int64_t kMostFactor = 256;
constexpr double kLeastGain = 1e-6;

/// With more terms, only steps on operands that do not fit are worth their time.
constexpr size_t kFewTerms = 40;

/// What a bit of span costs where it already fits, against a bit of excess.
constexpr double kFittingCost = 0.02;

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

int64_t span_of(const std::vector<int32_t>& x) {
    const auto [lowest, highest] = std::minmax_element(x.begin(), x.end());
    return int64_t{*highest} - *lowest;
}

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

/// The factor of the step on (i, j) that leaves the least sum: it changes by quadratic factor^2 + 2 linear factor.
double TermReduction::shortest_factor(size_t i, size_t j) const {
    const auto [v_shift, u_shift] = factors_of(terms_[i], terms_[j]);
    const double mv = std::ldexp(1, v_shift), mu = std::ldexp(1, u_shift);
    const double uu = u_products_[i][i], vv = v_products_[j][j];
    const double quadratic = uu * vv * (mv * mv + mu * mu);
    const double linear = mv * uu * v_products_[i][j] - mu * vv * u_products_[i][j];
    if (!(quadratic > 0)) return 0;
    const double place = -linear / quadratic;
    // A half would change its sign for ever.
    return std::abs(place) <= 0.5001 || std::abs(place) > kMostEntry ? 0 : std::nearbyint(place);
}

/// Brings inner products up to date after a step on (i, j).
void TermReduction::update_products(size_t i, size_t j, double factor) {
    const auto [v_shift, u_shift] = factors_of(terms_[i], terms_[j]);
    const double fv = std::ldexp(factor, v_shift), fu = std::ldexp(factor, u_shift);
    v_products_[i][i] += 2 * fv * v_products_[i][j] + fv * fv * v_products_[j][j];
    u_products_[j][j] += -2 * fu * u_products_[i][j] + fu * fu * u_products_[i][i];
    for (size_t k = 0; k < terms_.size(); ++k) {
        if (k != i) v_products_[i][k] = v_products_[k][i] += fv * v_products_[j][k];
        if (k != j) u_products_[j][k] = u_products_[k][j] -= fu * u_products_[i][k];
    }
}

void TermReduction::shorten() {
    const size_t count = terms_.size();
    bool changed = true;
    for (int sweep = 0; changed && sweep < kMostSweeps; ++sweep) {
        if (!spend(count * count)) return;
        measure();
        changed = false;
        for (size_t i = 0; i < count; ++i) {
            for (size_t j = 0; j < count; ++j) {
                if (i == j) continue;
                const double factor = shortest_factor(i, j);
                if (factor == 0) continue;
                if (!spend(4)) return;
                if (!add_multiple(i, j, static_cast<int64_t>(factor))) continue;
                update_products(i, j, factor);
                changed = true;
            }
        }
    }
}

/// The step on (i, j) after which v_i and u_j cost least, by factors of both signs and sizes 1, 2, 4 to kMostFactor.
TermReduction::Step TermReduction::best_step(size_t i, size_t j, int64_t v_span, int64_t u_span) {
    const Term& to = terms_[i];
    const Term& from = terms_[j];
    const auto [v_shift, u_shift] = factors_of(to, from);
    const int64_t v_room = (kMostEntry - most_entry(to.v)) / std::max<int64_t>(1, most_entry(from.v));
    const int64_t u_room = (kMostEntry - most_entry(from.u)) / std::max<int64_t>(1, most_entry(to.u));
    const int64_t room = std::min({v_room >> v_shift, u_room >> u_shift, kMostFactor});
    Step best{0, v_span, u_span};
    double best_cost = span_cost(u_span) + span_cost(v_span) - kLeastGain;
    for (const int sign : {1, -1}) {
        for (int64_t size = 1; size <= room; size *= 2) {
            if (!spend(2)) return {0, v_span, u_span};
            const int64_t factor = sign * size;
            const int64_t v = combined_span(to.v, static_cast<int32_t>(factor * (int64_t{1} << v_shift)), from.v);
            const int64_t u = combined_span(from.u, static_cast<int32_t>(-factor * (int64_t{1} << u_shift)), to.u);
            // A span is a convex function of the factor: once both grew, they grow on.
            if (v >= v_span && u >= u_span) break;
            const double cost = span_cost(u) + span_cost(v);
            if (cost >= best_cost) continue;
            best_cost = cost;
            best = {factor, v, u};
        }
    }
    return best;
}

void TermReduction::narrow() {
    const size_t count = terms_.size();
    std::vector<int64_t> u_span(count), v_span(count);
    for (size_t i = 0; i < count; ++i) {
        u_span[i] = span_of(terms_[i].u);
        v_span[i] = span_of(terms_[i].v);
    }
    bool changed = true;
    for (int sweep = 0; changed && sweep < kMostSweeps; ++sweep) {
        changed = false;
        for (size_t i = 0; i < count; ++i) {
            for (size_t j = 0; j < count; ++j) {
                if (i == j || (count > kFewTerms && v_span[i] <= 255 && u_span[j] <= 255)) continue;
                const Step step = best_step(i, j, v_span[i], u_span[j]);
                if (step.factor == 0 || !add_multiple(i, j, step.factor)) continue;
                v_span[i] = step.v_span;
                u_span[j] = step.u_span;
                changed = true;
            }
        }
    }
}

void TermReduction::halve() {
    while (halve_side(&Term::v, &Term::u) || halve_side(&Term::u, &Term::v)) {
    }
}

/// True if all numbers of a halving stay within kMostEntry.
bool TermReduction::can_halve(size_t chosen, const std::vector<size_t>& members, Vector Term::*side,
                              Vector Term::*other) const {
    const Term& half = terms_[chosen];
    if (half.shift == kMostShift) return false;
    int64_t most = 0;
    for (const size_t m : members) {
        most += most_entry(terms_[m].*side);
        if (m == chosen) continue;
        const int64_t added = most_entry(half.*other) * (int64_t{1} << (half.shift - terms_[m].shift));
        if (most_entry(terms_[m].*other) + added > kMostEntry) return false;
    }
    return most <= kMostEntry;
}

/// Finds some v (or u) whose sum is even and puts half of it in place of that of the highest shift. Returns: true if
/// there were any.
bool TermReduction::halve_side(Vector Term::*side, Vector Term::*other) {
    if (!spend(terms_.size() * terms_.size())) return false;
    std::vector<const Vector*> vectors;
    for (const Term& term : terms_) vectors.push_back(&(term.*side));
    const std::vector<size_t> members = even_subset(vectors);
    if (members.empty()) return false;
    const size_t chosen = *std::max_element(members.begin(), members.end(),
                                            [this](size_t x, size_t y) { return terms_[x].shift < terms_[y].shift; });
    if (!can_halve(chosen, members, side, other)) return false;
    Term& half = terms_[chosen];
    Vector sum = half.*side;
    for (const size_t m : members) {
        if (m == chosen) continue;
        Term& part = terms_[m];
        // The sign that gives the narrower sum.
        const int32_t sign = combined_span(sum, 1, part.*side) <= combined_span(sum, -1, part.*side) ? 1 : -1;
        const int shift = half.shift - part.shift;
        for (size_t e = 0; e < sum.size(); ++e) sum[e] += sign * (part.*side)[e];
        Vector& y = part.*other;
        for (size_t e = 0; e < y.size(); ++e) y[e] -= sign * ((half.*other)[e] << shift);
    }
    for (int32_t& entry : sum) entry /= 2;
    half.*side = std::move(sum);
    ++half.shift;
    return true;
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

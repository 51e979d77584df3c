#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/decomposition.h"
#include "sim/random.h"

namespace concrete::sim {

/// Bounds a search by counting instead of by the clock, so that it can be repeated exactly.
struct Effort {
    int64_t operands_left;  ///< operands still to be combined, more or less
};

/// Terms whose sum stays as it is while their operands are made narrower:
///
///     sum_t 2^shift_t u_t v_t
///
/// The first entry of every u_t and v_t is 0. An operand fits if it spans at most 255 (largest - smallest entry);
/// its *excess* is the number of bits by which it does not. The steps below add multiples of operands to others:
///
///     v_i += m_v v_j,   u_j -= m_u u_i      with   m_v 2^shift_i = m_u 2^shift_j
class TermReduction {
  public:
    using Term = Decomposition::Term;

    /// Steps draw on `effort`, which must outlive the object, and do nothing when it is used up.
    TermReduction(std::vector<Term> terms, Effort& effort);

    const std::vector<Term>& terms() const { return terms_; }

    /// Sum of all excesses; 0 when all operands fit.
    double excess() const;

    /// Terms with an operand that does not fit.
    size_t too_wide() const;

    /// Removes terms that are 0 and moves powers of two from operands to shifts.
    void clean();

    /// Minimizes sum_t |u_t|^2 |v_t|^2, lengths without the mean, pair by pair (Seysen, 1993).
    void shorten();

    /// Minimizes spans, above all those beyond 255, by small multiples.
    void narrow();

    /// Divides combinations of operands that are even, which moves powers of two to shifts.
    void halve();

    /// Replaces pairs of terms of which one does not fit by narrower ones. Returns: true if there were any.
    bool refactor(int most_factor);

    /// Splits the widest operand in two of which one has the low 8 bits: one more term, or two more where both operands
    /// of a term are split at once.
    /// Returns: false if its shift is too large for that.
    bool split();

    /// Some steps at random.
    void shuffle(Random& random, size_t steps);

    /// Entries that operands never exceed in magnitude.
    static constexpr int32_t kMostEntry = 1 << 24;

  private:
    bool spend(size_t operands);
    bool split_crosswise(size_t place);
    struct Step {
        int64_t factor, v_span, u_span;  ///< factor 0: none, and the spans as they are
    };
    Step best_step(size_t i, size_t j, int64_t v_span, int64_t u_span);
    double shortest_factor(size_t i, size_t j) const;
    void update_products(size_t i, size_t j, double factor);
    bool can_halve(size_t chosen, const std::vector<size_t>& members, std::vector<int32_t> Term::*side,
                   std::vector<int32_t> Term::*other) const;
    bool halve_side(std::vector<int32_t> Term::*side, std::vector<int32_t> Term::*other);
    bool add_multiple(size_t i, size_t j, int64_t factor);
    void measure();

    std::vector<Term> terms_;
    Effort* effort_;
    std::vector<std::vector<double>> u_products_, v_products_;  ///< inner products without the mean, times entries
};

/// Largest - smallest entry.
int64_t span_of(const std::vector<int32_t>& x);

/// Bits by which a span does not fit in a byte.
double excess_bits(int64_t span);

/// What a span costs: its excess, and a little even where it fits.
double span_cost(int64_t span);

}  // namespace concrete::sim

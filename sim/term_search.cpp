#include "sim/term_search.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>

#include "sim/random.h"
#include "sim/term_reduction.h"

namespace concrete::sim {
namespace {

using Term = Decomposition::Term;
using Terms = std::vector<Term>;

/// Up to so many terms every way is tried; each is cheap then.
constexpr size_t kThoroughTerms = 64;

/// Bounds of Effort: for each start, and for random places; then, once terms fit, to need one shift only. A million
/// takes about half a second.
constexpr int64_t kStartEffort = 1'000'000;
constexpr int64_t kSearchEffort = 2'000'000;
constexpr int64_t kUniteEffort = 300'000;

/// Random places tried: to fit at all, and to need one shift only.
constexpr int kFitAttempts = 40;
constexpr int kUniteAttempts = 10;

/// Candidates that are split where none fits.
constexpr size_t kSplitCandidates = 6;

/// Bits of excess up to which random places are tried with many terms.
constexpr double kNearExcess = 0.5;

/// Largest factor by which pairs of terms are combined.
int pair_factor(const TermReduction& terms) {
    const size_t count = terms.terms().size(), pairs = count * terms.too_wide();
    return count <= 6 ? 100 : count <= 12 ? 40 : pairs <= 600 ? 24 : 6;
}

void polish(TermReduction& terms) {
    const int rounds = terms.terms().size() <= kThoroughTerms ? 8 : 3;
    for (int round = 0; round < rounds && terms.excess() > 0; ++round) {
        terms.narrow();
        terms.clean();
        if (terms.excess() == 0 || !terms.refactor(pair_factor(terms))) return;
        terms.clean();
    }
}

class Search {
  public:
    Search(const std::vector<TermStart>& starts, size_t most_terms) : starts_(starts), most_terms_(most_terms) {}

    std::optional<Terms> run() {
        if (try_starts()) return fitting_;
        if (candidates_.empty()) return std::nullopt;
        if (!try_chance() && !fitting_) split();
        return fitting_ ? *fitting_ : candidates_.front().terms();
    }

  private:
    /// Keeps the terms if they fit and are the best so far. Returns: true if nothing better can be expected.
    bool judge(const TermReduction& terms) {
        if (terms.excess() > 0) return false;
        Terms united = terms.terms();
        const std::pair cost(united.size(), unite_shifts(united));
        if (!fitting_ || cost < cost_) {
            fitting_ = std::move(united);
            cost_ = cost;
        }
        return cost_.second <= 1;
    }

    /// Narrows what each start makes as it is, then again after halving, which makes operands wide at first; with many
    /// terms, too wide.
    bool try_starts() {
        for (const TermStart& start : starts_) {
            std::optional<Terms> made = start();
            if (!made) continue;
            if (try_terms(*made, false)) return true;
            if (made->size() <= kThoroughTerms) made_.push_back(std::move(*made));
        }
        for (const Terms& made : made_)
            if (try_terms(made, true)) return true;
        std::stable_sort(candidates_.begin(), candidates_.end(),
                         [](const TermReduction& x, const TermReduction& y) { return x.excess() < y.excess(); });
        effort_.operands_left = fitting_ ? kUniteEffort : kSearchEffort;
        return false;
    }

    bool try_terms(const Terms& made, bool halved) {
        effort_.operands_left = fitting_ ? kUniteEffort : kStartEffort;
        TermReduction terms(made, effort_);
        terms.clean();
        if (halved) {
            terms.shorten();
            terms.halve();
            terms.clean();
        }
        terms.shorten();
        terms.clean();
        polish(terms);
        if (judge(terms)) return true;
        candidates_.push_back(std::move(terms));
        return false;
    }

    /// Goes some steps at random and narrows again.
    bool try_chance() {
        const size_t count = candidates_.front().terms().size();
        if (count > kThoroughTerms && (fitting_ || candidates_.front().excess() > kNearExcess)) return false;
        Random random(1);
        for (int attempt = 0; attempt < (fitting_ ? kUniteAttempts : kFitAttempts); ++attempt) {
            const size_t from = static_cast<size_t>(attempt / 2) % candidates_.size();
            TermReduction terms = candidates_[attempt % 2 == 0 ? from : 0];
            terms.shuffle(random, 1 + std::min(count, kThoroughTerms) / 4);
            polish(terms);
            if (judge(terms)) return true;
            if (terms.excess() < candidates_.front().excess()) candidates_.front() = std::move(terms);
        }
        return false;
    }

    /// Splits operands of the best candidates until they fit; those that come later stop where they are no better.
    void split() {
        for (size_t c = 0; c < std::min(candidates_.size(), kSplitCandidates); ++c) {
            TermReduction& terms = candidates_[c];
            const size_t most = fitting_ ? fitting_->size() : most_terms_;
            while (terms.excess() > 0 && terms.terms().size() < most && terms.split()) polish(terms);
            judge(terms);
        }
    }

    const std::vector<TermStart>& starts_;
    std::vector<Terms> made_;  ///< by the starts
    size_t most_terms_;
    Effort effort_{};
    std::vector<TermReduction> candidates_;  ///< that with least excess first
    std::optional<Terms> fitting_;
    std::pair<size_t, size_t> cost_;  ///< terms and shifts of fitting_
};

/// Bits by which an operand can be shifted to the left and still fits.
int room_of(const std::vector<int32_t>& x) {
    int bits = 0;
    while (bits < 7 && span_of(x) << (bits + 1) <= 255) ++bits;
    return bits;
}

}  // namespace

std::optional<std::vector<Term>> narrow_terms(const std::vector<TermStart>& starts, size_t most_terms) {
    return Search(starts, most_terms).run();
}

size_t unite_shifts(std::vector<Term>& terms) {
    // A term can have any shift from its own down to that less its room. Taken by rising shift, the first interval that
    // misses the last point chosen ends in the next one.
    std::vector<size_t> order(terms.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](size_t x, size_t y) { return terms[x].shift < terms[y].shift; });
    size_t count = 0;
    int shift = 0;
    for (const size_t t : order) {
        Term& term = terms[t];
        const int u_room = room_of(term.u), v_room = room_of(term.v);
        if (count == 0 || term.shift - u_room - v_room > shift) {
            shift = term.shift;
            ++count;
        }
        const int v_bits = std::min(v_room, term.shift - shift), u_bits = term.shift - shift - v_bits;
        for (int32_t& entry : term.v) entry *= 1 << v_bits;
        for (int32_t& entry : term.u) entry *= 1 << u_bits;
        term.shift = shift;
    }
    return count;
}

}  // namespace concrete::sim

#include "gen/weighted_metrics.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <memory>
#include <optional>

#include "gen/metrics.h"
#include "sim/bitslice.h"
#include "sim/error.h"
#include "sim/planes.h"

namespace concrete::gen {
namespace {

using sim::OperandCounts;
using sim::Operator;

constexpr uint64_t kSamples = uint64_t{1} << 20;
constexpr size_t kChunkWords = 1024;  // of 64 pairs, evaluated at a time

constexpr long double kNormal95 = 1.959963984540054L;  // half-width of the 95 % interval in standard deviations

std::string describe(const sim::Port& port) {
    return fmt::format("{} bits {}", port.bits, port.is_signed ? "signed" : "unsigned");
}

/// Draws indices with the probabilities of their counts.
class Draw {
  public:
    explicit Draw(const std::vector<int64_t>& counts) {
        uint64_t total = 0;
        for (size_t i = 0; i < counts.size(); ++i) {
            if (counts[i] == 0) continue;
            total += static_cast<uint64_t>(counts[i]);
            ends_.push_back(total);
            indices_.push_back(i);
        }
    }
    uint64_t operator()(sim::Random& random) const {
        const uint64_t at = random.below(ends_.back());
        return indices_[static_cast<size_t>(std::upper_bound(ends_.begin(), ends_.end(), at) - ends_.begin())];
    }

  private:
    std::vector<uint64_t> ends_, indices_;
};

/// Draws pairs a << b_bits | b.
class PairDraw {
  public:
    explicit PairDraw(const OperandCounts& counts) : b_bits_(counts.b.bits) {
        if (!counts.joint.empty()) {
            joint_.emplace(counts.joint);
        } else {
            a_.emplace(counts.a_counts);
            b_.emplace(counts.b_counts);
        }
    }
    uint64_t operator()(sim::Random& random) const {
        if (joint_) return (*joint_)(random);
        const uint64_t a = (*a_)(random);
        return a << b_bits_ | (*b_)(random);
    }

  private:
    int b_bits_;
    std::optional<Draw> joint_, a_, b_;
};

/// Means over weighted pairs. Sums in long double: 64 bits and more of a sum that is an integer.
class Sums {
  public:
    explicit Sums(const Operator& op) : op_(op) {}

    void add(uint64_t a, uint64_t b, uint64_t y, int64_t count) {
        const auto weight = static_cast<long double>(count);
        weight_ += weight;
        const auto error = static_cast<long double>(error_of(op_, a, b, y));
        if (error == 0) return;
        const auto exact = static_cast<long double>(exact_result(op_, a, b));
        const long double size = std::fabs(error), relative = size / std::max(1.0L, std::fabs(exact));
        wrong_ += weight;
        sum_ += weight * error;
        abs_ += weight * size;
        square_ += weight * size * size;
        fourth_ += weight * size * size * size * size;
        relative_ += weight * relative;
        relative_square_ += weight * relative * relative;
        largest_ = std::max(largest_, size);
        largest_relative_ = std::max(largest_relative_, relative);
    }

    sim::Metrics metrics(long double largest_exact) const {
        const auto number = [](long double value) { return static_cast<double>(value); };
        const long double range = std::ldexp(1.0L, op_.y.bits + op_.y_lsb), mean = sum_ / weight_;
        sim::Metrics m;
        m.mae = number(abs_ / weight_);
        m.mae_percent = number(100 * (abs_ / weight_) / range);
        m.wce = number(largest_);
        m.wce_percent = number(100 * largest_ / range);
        m.wcre_percent = number(100 * largest_relative_);
        m.ep_percent = number(100 * wrong_ / weight_);
        m.mre_percent = number(100 * relative_ / weight_);
        m.mse = number(square_ / weight_);
        m.mean_error = number(mean);
        m.error_variance = number(std::max(0.0L, square_ / weight_ - mean * mean));
        m.nmed = largest_exact == 0 ? 0 : number(abs_ / weight_ / largest_exact);
        return m;
    }

    /// Of as many independent draws as were added, each with count 1.
    sim::Confidence confidence() const {
        const auto half_width = [&](long double sum, long double squares, long double unit) {
            const long double mean = sum / weight_;
            const long double variance = std::max(0.0L, squares / weight_ - mean * mean);
            return static_cast<double>(unit * kNormal95 * std::sqrt(variance / weight_));
        };
        return {half_width(abs_, square_, 1), half_width(wrong_, wrong_, 100),
                half_width(relative_, relative_square_, 100), half_width(square_, fourth_, 1),
                half_width(sum_, square_, 1)};
    }

  private:
    const Operator& op_;
    long double weight_ = 0, wrong_ = 0, sum_ = 0, abs_ = 0, square_ = 0, fourth_ = 0;
    long double relative_ = 0, relative_square_ = 0, largest_ = 0, largest_relative_ = 0;
};

/// y of many pairs, as raw patterns.
class Evaluator {
  public:
    explicit Evaluator(const Operator& op) : op_(op) {
        if (op.lut.empty() && op.netlist) program_.emplace(*op.netlist);
        if (op.lut.empty() && !op.netlist && op.closed_form == sim::ClosedForm::none) {
            throw InputError(
                fmt::format("{}: has neither a table nor a netlist to evaluate recorded operands on; make "
                            "it again with this program's gen",
                            op.name));
        }
    }

    std::vector<uint64_t> operator()(const std::vector<uint64_t>& a, const std::vector<uint64_t>& b) const {
        std::vector<uint64_t> y(a.size());
        if (program_) {
            const size_t words = (a.size() + 63) / 64, a_words = words * static_cast<size_t>(op_.a.bits);
            std::vector<uint64_t> in(words * program_->inputs()), out(words * program_->outputs());
            sim::codes_to_planes(a, op_.a.bits, words, std::span(in).first(a_words));
            sim::codes_to_planes(b, op_.b.bits, words, std::span(in).subspan(a_words));
            program_->evaluate(words, in, out);
            sim::planes_to_codes(out, op_.y.bits, words, y);
            return y;
        }
        for (size_t i = 0; i < y.size(); ++i) {
            y[i] = op_.lut.empty() ? closed_form_pattern(op_, a[i], b[i])
                                   : sim::encode(sim::lookup(op_, a[i], b[i]), op_.y.bits);
        }
        return y;
    }

  private:
    const Operator& op_;
    std::optional<sim::NetlistProgram> program_;
};

/// Pairs on their way to the sums, evaluated many at a time.
class Queue {
  public:
    explicit Queue(const Operator& op) : op_(op), evaluate_(op), sums_(op) {}

    void add(uint64_t pair, int64_t count) {
        a_.push_back(pair >> op_.b.bits);
        b_.push_back(sim::encode(static_cast<int64_t>(pair), op_.b.bits));
        counts_.push_back(count);
        ++pairs_;
        if (a_.size() == 64 * kChunkWords) flush();
    }
    const Sums& finish() {
        flush();
        return sums_;
    }
    uint64_t pairs() const { return pairs_; }

  private:
    void flush() {
        if (a_.empty()) return;
        const std::vector<uint64_t> y = evaluate_(a_, b_);
        for (size_t i = 0; i < y.size(); ++i) sums_.add(a_[i], b_[i], y[i], counts_[i]);
        a_.clear();
        b_.clear();
        counts_.clear();
    }

    const Operator& op_;
    Evaluator evaluate_;
    Sums sums_;
    std::vector<uint64_t> a_, b_;
    std::vector<int64_t> counts_;
    uint64_t pairs_ = 0;
};

/// Largest |a * b|: it is found at the ends of the operands' ranges.
long double largest_product(const Operator& op) {
    long double largest = 0;
    for (const int64_t a : {sim::lowest_code(op.a), sim::highest_code(op.a)}) {
        for (const int64_t b : {sim::lowest_code(op.b), sim::highest_code(op.b)}) {
            largest = std::max(largest, std::fabs(static_cast<long double>(Int128{a} * b)));
        }
    }
    return largest;
}

}  // namespace

void check_ports_fit(const Operator& op, const OperandCounts& counts, const std::string& where) {
    if (op.kind != sim::OperatorKind::multiplier) {
        throw InputError(fmt::format("{}: is no multiplier ({}), but {} holds operands of multipliers", op.name,
                                     sim::to_string(op.kind), where));
    }
    const auto same = [](const sim::Port& x, const sim::Port& y) {
        return x.bits == y.bits && x.is_signed == y.is_signed;
    };
    if (same(op.a, counts.a) && same(op.b, counts.b)) return;
    throw InputError(
        fmt::format("{}: takes {} by {}, but {} was recorded at {} by {}; record it with a multiplier of "
                    "these ports",
                    op.name, describe(op.a), describe(op.b), where, describe(counts.a), describe(counts.b)));
}

WeightedMetrics weighted_metrics(const Operator& op, const OperandCounts& counts, uint64_t seed) {
    Queue queue(op);
    WeightedMetrics result;
    result.sampled = counts.joint.empty();
    if (result.sampled) {
        const PairDraw draw(counts);
        sim::Random random(seed);
        for (uint64_t i = 0; i < kSamples; ++i) queue.add(draw(random), 1);
        result.seed = seed;
    } else {
        for (uint64_t pair = 0; pair < counts.joint.size(); ++pair) {
            if (counts.joint[pair] > 0) queue.add(pair, counts.joint[pair]);
        }
    }
    const Sums& sums = queue.finish();
    result.pairs = queue.pairs();
    result.metrics = sums.metrics(largest_product(op));
    if (result.sampled) result.confidence = sums.confidence();
    return result;
}

DrawInputs draw_recorded(const OperandCounts& counts) {
    const auto draw = std::make_shared<const PairDraw>(counts);
    const int a_bits = counts.a.bits, b_bits = counts.b.bits;
    return [draw, a_bits, b_bits](sim::Random& random, std::span<uint64_t> words) {
        std::fill(words.begin(), words.end(), 0);
        for (int lane = 0; lane < 64; ++lane) {
            const uint64_t pair = (*draw)(random);
            for (int i = 0; i < a_bits; ++i) words[static_cast<size_t>(i)] |= (pair >> (b_bits + i) & 1) << lane;
            for (int i = 0; i < b_bits; ++i)
                words[static_cast<size_t>(a_bits) + static_cast<size_t>(i)] |= (pair >> i & 1) << lane;
        }
    };
}

}  // namespace concrete::gen

#pragma once

#include <array>
#include <cstdint>

#include "sim/int128.h"
#include "sim/operator.h"

namespace concrete::gen {

/// The exact result that an operator approximates, at raw codes: a * b, or a + b modulo 2^y_bits read as y is.
/// In units of 1 (for a multiplier with y_lsb, before dropping bits). Requires a_bits + b_bits <= 64 for a multiplier.
Int128 exact_result(const sim::Operator& op, uint64_t a_raw, uint64_t b_raw);

/// What an operator's closed form gives at raw codes, as the raw pattern of y. Requires: closed_form is not none, and
/// y_lsb is 0.
uint64_t closed_form_pattern(const sim::Operator& op, uint64_t a_raw, uint64_t b_raw);

/// Error of an output: y * 2^y_lsb - exact_result(). An adder without carry-out (y_bits = a_bits) computes modulo
/// 2^y_bits, so its error is the difference modulo 2^y_bits, in [-2^(y_bits - 1), 2^(y_bits - 1)): one unit beyond the
/// wrap is an error of 1, however y is read.
Int128 error_of(const sim::Operator& op, uint64_t a_raw, uint64_t b_raw, uint64_t y_raw);

/// A sum of doubles in an order that vectors and threads can keep to: in blocks of kPairs, term i of a block is added
/// to lane i mod 8; at the end of a block the lanes are added as a tree, and that to the total.
class BlockSum {
  public:
    static constexpr uint64_t kPairs = uint64_t{1} << 16, kLanes = 8;

    /// index: of the term among all.
    void add(uint64_t index, double term) { lanes_[index % kLanes] += term; }
    /// At the end of a block.
    void close();
    double value() const { return total_ + tree(lanes_); }
    static double tree(const std::array<double, kLanes>& lanes) {
        return ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
    }
    /// Another block's sum, after whole blocks.
    void append(double block) { total_ += block; }

  private:
    std::array<double, kLanes> lanes_{};
    double total_ = 0;
};

/// What the pairs of one block add to the figures, where errors are below 2^32 in size.
struct BlockFigures {
    uint64_t pairs = 0, wrong_pairs = 0;
    int64_t sum = 0;
    uint64_t abs_sum = 0, square_sum_high = 0, square_sum_low = 0;  ///< squares: of 2^32 and of 1
    uint64_t max_abs = 0, max_exact = 0;
    double relative_sum = 0, max_relative = 0;  ///< the sum as BlockSum has it
};

/// Collects error figures pair by pair. Sums of errors are exact integers; those of relative errors are doubles in the
/// order of BlockSum, so pairs come in row-major order where results are to be compared for equality. With y_lsb,
/// percentages of the range are of 2^(y_bits + y_lsb), the range of the value.
class MetricsAccumulator {
  public:
    static constexpr uint64_t kBlockPairs = BlockSum::kPairs;

    explicit MetricsAccumulator(const sim::Operator& op);
    /// y_raw: the pattern that the operator gives for the raw codes a_raw, b_raw.
    void add(uint64_t a_raw, uint64_t b_raw, uint64_t y_raw);
    /// As if the pairs of `next`, at most kBlockPairs, were added one by one. Requires: whole blocks so far.
    void append(const MetricsAccumulator& next);
    /// The same without what confidence() needs.
    void append(const BlockFigures& next);
    /// Lets pairs that are no part of the sample count for the worst cases and the largest exact result only.
    void add_worst_cases(const MetricsAccumulator& others);

    sim::Metrics result() const;
    /// Taking the pairs as a random sample. Where it holds no error, ep_percent is 0, which says little.
    sim::Confidence confidence() const;
    uint64_t pairs() const { return pairs_; }

  private:
    long double squares() const;

    const sim::Operator* op_;
    uint64_t pairs_ = 0, wrong_pairs_ = 0;
    Uint128 abs_sum_ = 0, max_abs_ = 0, max_exact_ = 0;
    Uint128 square_sum_high_ = 0, square_sum_low_ = 0;  // of 2^64 and of 1: a square may fill 128 bits
    Int128 sum_ = 0;
    BlockSum relative_sum_, relative_square_sum_, fourth_power_sum_;
    double max_relative_ = 0;
};

/// Metrics over the whole table of an operator that has one.
/// Throws: InputError if it has none.
sim::Metrics table_metrics(const sim::Operator& op);

}  // namespace concrete::gen

#pragma once

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

/// Collects error figures pair by pair. Sums of errors are exact integers; those of relative errors are doubles, so
/// pairs come in row-major order where results are to be compared for equality. With y_lsb, percentages of the range
/// are of 2^(y_bits + y_lsb), the range of the value.
class MetricsAccumulator {
  public:
    explicit MetricsAccumulator(const sim::Operator& op);
    /// y_raw: the pattern that the operator gives for the raw codes a_raw, b_raw.
    void add(uint64_t a_raw, uint64_t b_raw, uint64_t y_raw);
    sim::Metrics result() const;
    uint64_t pairs() const { return pairs_; }

  private:
    const sim::Operator& op_;
    uint64_t pairs_ = 0, wrong_pairs_ = 0;
    Uint128 abs_sum_ = 0, max_abs_ = 0, max_exact_ = 0;
    Uint128 square_sum_high_ = 0, square_sum_low_ = 0;  // of 2^64 and of 1: a square may fill 128 bits
    Int128 sum_ = 0;
    double relative_sum_ = 0, max_relative_ = 0;
};

/// Metrics over the whole table of an operator that has one.
/// Throws: InputError if it has none.
sim::Metrics table_metrics(const sim::Operator& op);

}  // namespace concrete::gen

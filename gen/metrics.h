#pragma once

#include <cstdint>

#include "sim/int128.h"
#include "sim/operator.h"

namespace concrete::gen {

/// The exact result that an operator approximates, at raw codes: a * b, or a + b modulo 2^y_bits read as y is.
/// In units of 1 (for a multiplier with y_lsb, before dropping bits).
Int128 exact_result(const sim::Operator& op, uint64_t a_raw, uint64_t b_raw);

/// Collects error figures pair by pair. Sums are exact integers, so that the order of pairs does not matter.
class MetricsAccumulator {
  public:
    explicit MetricsAccumulator(const sim::Operator& op);
    /// y_raw: the pattern that the operator gives for the raw codes a_raw, b_raw.
    void add(uint64_t a_raw, uint64_t b_raw, uint64_t y_raw);
    sim::Metrics result() const;

  private:
    const sim::Operator& op_;
    uint64_t pairs_ = 0, wrong_pairs_ = 0;
    Uint128 abs_sum_ = 0, square_sum_ = 0, max_abs_ = 0, max_exact_ = 0;
    Int128 sum_ = 0;
    double relative_sum_ = 0, max_relative_ = 0;
};

/// Metrics over the whole table of an operator that has one.
sim::Metrics table_metrics(const sim::Operator& op);

}  // namespace concrete::gen

#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "sim/operator.h"

namespace concrete::gen {

/// Operand pairs as raw patterns, equally many of both.
struct OperandPairs {
    std::vector<uint64_t> a, b;
};

/// Patterns at which circuits tend to go wrong: 0, 2^i, 2^i - 1 and their complements, rising.
std::vector<uint64_t> corner_patterns(int bits);

/// The declared sample of an operator too wide for a sweep: all pairs of corner_patterns(), then pairs from a 64-bit
/// Mersenne twister, a before b, the low bits of each number.
class OperandSample {
  public:
    OperandSample(const sim::Operator& op, uint64_t seed);

    uint64_t corner_pairs() const { return a_corners_.size() * b_corners_.size(); }
    /// The next `count` pairs.
    OperandPairs next(uint64_t count);

  private:
    int a_bits_, b_bits_;
    std::mt19937_64 random_;
    std::vector<uint64_t> a_corners_, b_corners_;
    uint64_t at_ = 0;
};

}  // namespace concrete::gen

#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "sim/accumulator.h"
#include "sim/operator.h"
#include "sim/quantize.h"

namespace concrete::sim {

/// p = MUL(qa, qw) for all codes that two operands can carry: the operator's table with codes extended to its ports,
/// y_lsb applied, and the sign put back where signed data goes through an unsigned multiplier (sign_magnitude). Where
/// the operator has no table but is an exact product, products are computed.
class ProductModel {
  public:
    /// Throws: InputError if the operator is no multiplier, has neither table nor closed form, or a code of a or w does
    /// not fit its port (sign_magnitude: |code| must fit an unsigned port).
    ProductModel(std::shared_ptr<const Operator> multiplier, CodeRange a, CodeRange w, bool sign_magnitude);

    int64_t product(int64_t a, int64_t w) const {
        if (table_.empty()) return a * w;
        return table_[static_cast<size_t>(a - a_.lowest) * w_count_ + static_cast<size_t>(w - w_.lowest)];
    }

    const CodeRange& a_range() const { return a_; }
    const CodeRange& w_range() const { return w_; }
    bool has_table() const { return !table_.empty(); }
    /// Products of activation code a with w_range().lowest, +1, ...; requires a table.
    const int32_t* row(int64_t a) const { return table_.data() + static_cast<size_t>(a - a_.lowest) * w_count_; }
    const Operator& multiplier() const { return *multiplier_; }
    bool sign_magnitude() const { return sign_magnitude_; }

  private:
    std::shared_ptr<const Operator> multiplier_;
    CodeRange a_, w_;
    size_t w_count_ = 0;
    bool sign_magnitude_ = false;
    std::vector<int32_t> table_;
};

}  // namespace concrete::sim

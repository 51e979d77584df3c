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
/// the operator has no table but is an exact product, products are computed; where it is neither, its netlist is
/// evaluated, product by product.
///
/// A MAC unit (OperatorKind::mac) stands in for a multiplier and an adder at once: it has codes and ports, but no
/// product of its own. See mac_step().
class ProductModel {
  public:
    /// Throws: InputError if the operator is an adder, has neither table nor closed form nor netlist, or a code of a or
    /// w does not fit its port (sign_magnitude: |code| must fit an unsigned port; a MAC unit has no sign_magnitude).
    ProductModel(std::shared_ptr<const Operator> multiplier, CodeRange a, CodeRange w, bool sign_magnitude);

    /// Requires: no MAC unit.
    int64_t product(int64_t a, int64_t w) const {
        if (has_table()) {
            return table_[static_cast<size_t>(a - a_.lowest) * w_count_ + static_cast<size_t>(w - w_.lowest)];
        }
        return is_exact() ? a * w : netlist_product(a, w);
    }

    const CodeRange& a_range() const { return a_; }
    const CodeRange& w_range() const { return w_; }
    bool has_table() const { return !table_.empty(); }
    /// True if there is no table because product(a, w) = a * w.
    bool is_exact() const { return exact_; }
    bool is_mac_unit() const { return multiplier_->kind == OperatorKind::mac; }
    /// Products of activation code a with w_range().lowest, +1, ...; requires a table.
    const int32_t* row(int64_t a) const { return table_.data() + static_cast<size_t>(a - a_.lowest) * w_count_; }
    const Operator& multiplier() const { return *multiplier_; }
    bool sign_magnitude() const { return sign_magnitude_; }

  private:
    int64_t netlist_product(int64_t a, int64_t w) const;

    std::shared_ptr<const Operator> multiplier_;
    CodeRange a_, w_;
    size_t w_count_ = 0;
    bool sign_magnitude_ = false, exact_ = false;
    std::vector<int32_t> table_;
};

}  // namespace concrete::sim

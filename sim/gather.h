#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

#include "sim/accumulator.h"
#include "sim/product_model.h"

namespace concrete::sim {

/// In a matrix of activation codes: no MAC happens at this position (`padding: skip`).
inline constexpr int32_t kSkip = std::numeric_limits<int32_t>::min();

/// Operands of one product of code matrices. Pointers are borrowed.
struct MatmulArgs {
    size_t m = 0, k = 0, n = 0;
    const int32_t* a = nullptr;     ///< [m, k] activation codes within products->a_range(), or kSkip
    const int32_t* w = nullptr;     ///< [k, n] weight codes within products->w_range()
    const int64_t* init = nullptr;  ///< [n] accumulator codes, or [m, n] with init_per_row
    bool init_per_row = false;
    const ProductModel* products = nullptr;
    AccumulatorSpec acc;
    int64_t* out = nullptr;  ///< [m, n] accumulator codes
};

/// Throws: ShapeError if a dimension is 0; RangeError if a code is outside its range or init outside the accumulator.
void check(const MatmulArgs& args);

/// Multiplies two matrices of codes on an operator's table: the engine all others are compared with.
///
///     acc_0 = init[n];   acc_{k+1} = add(acc_k, mul(a[m, k], w[k, n]));   out[m, n] = acc_K,   k rising
///
/// add() wraps or saturates at every step, as the MAC unit in rtl/ does. Exact wrapping sums are taken modulo 2^64 and
/// wrapped once, which is the same number. `threads` share the rows.
void gather(const MatmulArgs& args, int threads);

}  // namespace concrete::sim

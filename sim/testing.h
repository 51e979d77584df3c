#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <utility>

#include "sim/operator.h"

/// Operators that betray mistakes, for tests: non-zero at (0, 0), asymmetric, extreme values.
namespace concrete::sim::testing {

inline Operator bare_operator(std::string name, OperatorKind kind, Port a, Port b, Port y) {
    Operator op;
    op.name = std::move(name);
    op.kind = kind;
    op.a = std::move(a);
    op.b = std::move(b);
    op.y = std::move(y);
    return op;
}

/// A multiplier with a random table over the whole range of y.
inline std::shared_ptr<Operator> random_multiplier(int a_bits, int b_bits, int y_bits, bool is_signed, uint64_t seed) {
    auto op = std::make_shared<Operator>(bare_operator("random", OperatorKind::multiplier, {"a", a_bits, is_signed},
                                                       {"b", b_bits, is_signed}, {"y", y_bits, is_signed}));
    std::mt19937_64 random(seed);
    op->lut.resize(size_t{1} << (a_bits + b_bits));
    for (int32_t& value : op->lut) value = static_cast<int32_t>(decode(random(), y_bits, is_signed));
    op->lut[0] = static_cast<int32_t>(highest_code(op->y));
    op->lut[1] = static_cast<int32_t>(lowest_code(op->y));
    return op;
}

/// The exact product, with its table.
inline std::shared_ptr<Operator> exact_multiplier(int a_bits, int b_bits, bool is_signed) {
    auto op = std::make_shared<Operator>(bare_operator("exact", OperatorKind::multiplier, {"a", a_bits, is_signed},
                                                       {"b", b_bits, is_signed}, {"y", a_bits + b_bits, is_signed}));
    op->closed_form = ClosedForm::product;
    for (uint64_t a = 0; a < uint64_t{1} << a_bits; ++a) {
        for (uint64_t b = 0; b < uint64_t{1} << b_bits; ++b) {
            op->lut.push_back(static_cast<int32_t>(decode(a, a_bits, is_signed) * decode(b, b_bits, is_signed)));
        }
    }
    return op;
}

/// An adder given by a table: a + b with the lowest bit inverted, y of `bits` bits, which is never the exact sum.
inline std::shared_ptr<Operator> inverting_adder(int bits) {
    auto op = std::make_shared<Operator>(
        bare_operator("inverting", OperatorKind::adder, {"a", bits, true}, {"b", bits, true}, {"y", bits, true}));
    for (uint64_t a = 0; a < uint64_t{1} << bits; ++a) {
        for (uint64_t b = 0; b < uint64_t{1} << bits; ++b) {
            op->lut.push_back(static_cast<int32_t>(decode((a + b) ^ 1, bits, true)));
        }
    }
    return op;
}

}  // namespace concrete::sim::testing

#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <utility>

#include "sim/netlist_builder.h"
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

/// An 8x8 signed multiplier whose table is a sum of two products and more: few int8 products, non-zero at (0, 0).
inline std::shared_ptr<Operator> low_rank_multiplier() {
    auto op = std::make_shared<Operator>(
        bare_operator("low_rank", OperatorKind::multiplier, {"a", 8, true}, {"b", 8, true}, {"y", 17, true}));
    for (uint64_t a = 0; a < 256; ++a) {
        for (uint64_t b = 0; b < 256; ++b) {
            const auto x = static_cast<int32_t>(decode(a, 8, true)), w = static_cast<int32_t>(decode(b, 8, true));
            op->lut.push_back(x * w + (x & 12) * (w >> 2) + 5 * (x & 3) - 3 * w + 11);
        }
    }
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

/// The function of a table's bit as nodes: f(x) = x[top] ? f_1(x) : f_0(x), down to constants. values: 2^bits of them,
/// indexed by the inputs 0 .. bits - 1 read as a number, input 0 its lowest bit.
inline NetlistBuilder::Literal chosen_from(NetlistBuilder& build, const std::vector<bool>& values,
                                           const NetlistBuilder::Word& inputs) {
    if (values.size() == 1) return build.constant(values[0]);
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    const NetlistBuilder::Word rest(inputs.begin(), inputs.end() - 1);
    const auto if_zero = chosen_from(build, {values.begin(), middle}, rest);
    const auto if_one = chosen_from(build, {middle, values.end()}, rest);
    return build.choice(inputs.back(), if_one, if_zero);
}

/// A netlist made from the table, for tests; large where the table is random.
inline Netlist netlist_of_table(const Operator& op) {
    NetlistBuilder build(static_cast<uint32_t>(op.a.bits + op.b.bits));
    // In the table's index b is low, a high.
    NetlistBuilder::Word inputs = build.input_word(static_cast<uint32_t>(op.a.bits), static_cast<uint32_t>(op.b.bits));
    const NetlistBuilder::Word a = build.input_word(0, static_cast<uint32_t>(op.a.bits));
    inputs.insert(inputs.end(), a.begin(), a.end());
    NetlistBuilder::Word outputs;
    for (int bit = 0; bit < op.y.bits; ++bit) {
        std::vector<bool> values;
        for (const int32_t y : op.lut) values.push_back((int64_t{y} >> bit & 1) != 0);
        outputs.push_back(chosen_from(build, values, inputs));
    }
    return build.finish(outputs, NetlistBuilder::Order::as_built);
}

/// The operator with the netlist of its table.
inline std::shared_ptr<Operator> with_netlist(std::shared_ptr<Operator> op) {
    op->netlist = netlist_of_table(*op);
    return op;
}

/// The exact product as rows of adders, the row of b's sign subtracted: for widths without table.
inline Netlist exact_product_netlist(int a_bits, int b_bits, bool is_signed) {
    NetlistBuilder build(static_cast<uint32_t>(a_bits + b_bits));
    const auto y_bits = static_cast<size_t>(a_bits) + static_cast<size_t>(b_bits);
    NetlistBuilder::Word a = build.input_word(0, static_cast<uint32_t>(a_bits));
    NetlistBuilder::Word sum(y_bits, build.zero());
    a.resize(y_bits, is_signed ? a.back() : build.zero());
    for (size_t i = 0; i < static_cast<size_t>(b_bits); ++i) {
        const NetlistBuilder::Literal b = build.input(static_cast<uint32_t>(a_bits) + static_cast<uint32_t>(i));
        const bool subtracts = is_signed && i + 1 == static_cast<size_t>(b_bits);
        NetlistBuilder::Word row(y_bits, build.zero());
        for (size_t j = i; j < y_bits; ++j) row[j] = build.conjunction(a[j - i], b);
        if (subtracts)
            for (NetlistBuilder::Literal& s : row) s = ~s;
        sum = build.add(sum, row, subtracts ? build.one() : build.zero());
    }
    return build.finish(sum);
}

/// An 8x8 signed multiplier with a table and a small netlist of its own: the exact product with bits 0 and 2 inverted,
/// bit 1 that of a, and bit 3 different where b is negative; 5 at (0, 0), and asymmetric.
inline std::shared_ptr<Operator> twisted_multiplier() {
    auto op = exact_multiplier(8, 8, true);
    op->name = "twisted";
    op->closed_form = ClosedForm::none;
    NetlistBuilder build(16);
    NetlistBuilder::Word y = build.append(exact_product_netlist(8, 8, true), build.input_word(0, 16));
    y[0] = ~y[0];
    y[1] = build.input(1);
    y[2] = ~y[2];
    y[3] = build.exclusive_or(y[3], build.input(15));
    op->netlist = build.finish(y);
    for (size_t a = 0; a < 256; ++a) {
        for (size_t b = 0; b < 256; ++b) {
            int32_t& product = op->lut[a * 256 + b];
            product = ((product ^ 5) & ~2) | static_cast<int32_t>(a & 2);
            if (b >= 128) product ^= 8;
        }
    }
    return op;
}

/// A MAC unit whose accumulator of 12 bits never carries from bit 3 to bit 4.
inline std::shared_ptr<Operator> broken_carry_unit(const std::string& init) {
    auto op = std::make_shared<Operator>(
        bare_operator("unit", OperatorKind::mac, {"a", 4, true}, {"b", 4, true}, {"acc", 12, true}));
    NetlistBuilder build(4 + 4 + 12);
    NetlistBuilder::Word product = build.append(exact_product_netlist(4, 4, true), build.input_word(0, 8));
    product.resize(12, product.back());
    const NetlistBuilder::Word acc = build.input_word(8, 12);
    const auto part = [&](std::ptrdiff_t begin, std::ptrdiff_t end) {
        return build.add({acc.begin() + begin, acc.begin() + end}, {product.begin() + begin, product.begin() + end},
                         build.zero());
    };
    NetlistBuilder::Word next = part(0, 4);
    const NetlistBuilder::Word high = part(4, 12);
    next.insert(next.end(), high.begin(), high.end());
    op->netlist = build.finish(next);
    op->mac = MacInterface{"clk", "clear", "en", init, false, 1, init.empty() ? int64_t{-5} : int64_t{0}};
    return op;
}

}  // namespace concrete::sim::testing

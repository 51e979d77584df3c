#include "sim/mac_step.h"

#include <algorithm>
#include <bit>
#include <fmt/format.h>

#include "sim/circuit.h"
#include "sim/error.h"

namespace concrete::sim {
namespace {

using Signal = Circuit::Signal;
using Word = Circuit::Word;

int code_bits(const CodeRange& range) {
    const auto bits_of = [](int64_t magnitude) {
        return static_cast<int>(std::bit_width(static_cast<uint64_t>(magnitude)));
    };
    if (range.lowest >= 0) return std::max(1, bits_of(range.highest));
    return 1 + std::max({bits_of(-(range.lowest + 1)), range.highest > 0 ? bits_of(range.highest) : 0});
}

/// The low `bits` bits of a word, extended by `fill` where it is shorter.
Word resized(Word word, int bits, Signal fill) {
    word.resize(static_cast<size_t>(bits), fill);
    return word;
}

/// value, negated where `negate` is 1, modulo 2^bits.
Word negated_if(Circuit& circuit, const Word& value, Signal negate) {
    Word inverted;
    for (const Signal s : value) inverted.push_back(circuit.xor2(s, negate));
    return circuit.add(inverted, Word(value.size(), Circuit::kZero), negate);
}

/// A code on its way to a port.
struct Operand {
    Word word;  ///< as wide as the port
    Signal is_negative;
};

Operand operand(Circuit& circuit, const Word& code, const CodeRange& range, const Port& port, bool sign_magnitude) {
    const Signal sign = range.lowest < 0 ? code.back() : Circuit::kZero;
    // |-2^(b - 1)| still fits b bits unsigned, and what does not fit the port has been refused.
    if (sign_magnitude) return {resized(negated_if(circuit, code, sign), port.bits, Circuit::kZero), sign};
    return {resized(code, port.bits, sign), sign};
}

/// The product in W bits: extended; where it is wider, its low bits (wrap) or clamped (saturate).
Word fitted(Circuit& circuit, const Word& product, Signal sign, const AccumulatorSpec& spec) {
    const auto width = static_cast<size_t>(spec.bits);
    if (spec.overflow == Overflow::wrap || product.size() < width) return resized(product, spec.bits, sign);
    // It fits if all bits from the sign of W on are alike.
    Signal differs = Circuit::kZero;
    for (size_t i = width - 1; i < product.size(); ++i) {
        differs = circuit.or2(differs, circuit.xor2(product[i], sign));
    }
    Word result;
    for (size_t i = 0; i < width; ++i) {
        const Signal extreme = i + 1 == width ? sign : circuit.invert(sign);
        result.push_back(circuit.choose(differs, extreme, product[i]));
    }
    return result;
}

Word sum(Circuit& circuit, const Word& acc, const Word& addend, const AccumulatorSpec& spec) {
    if (spec.adder) {
        Word operands = acc;
        operands.insert(operands.end(), addend.begin(), addend.end());
        return resized(circuit.append(*spec.adder->netlist, operands), spec.bits, Circuit::kZero);
    }
    const auto low = static_cast<std::ptrdiff_t>(spec.or_bits);
    Word result;
    for (int i = 0; i < spec.or_bits; ++i) {
        result.push_back(circuit.or2(acc[static_cast<size_t>(i)], addend[static_cast<size_t>(i)]));
    }
    const Signal carry = low == 0
                             ? Circuit::kZero
                             : circuit.and2(acc[static_cast<size_t>(low - 1)], addend[static_cast<size_t>(low - 1)]);
    const Word upper = circuit.add(Word(acc.begin() + low, acc.end()), Word(addend.begin() + low, addend.end()), carry);
    result.insert(result.end(), upper.begin(), upper.end());
    return result;
}

Word saturated(Circuit& circuit, const Word& acc, const Word& addend, Word sum) {
    const Signal sign = acc.back();
    // 1 where the operands' signs agree and the sum's is the other: index (acc, addend, sum) is 001 or 110.
    const Signal overflows = circuit.node(0x42, sign, addend.back(), sum.back());
    for (size_t i = 0; i + 1 < sum.size(); ++i) {
        sum[i] = circuit.choose(overflows, circuit.invert(sign), sum[i]);
    }
    sum.back() = circuit.choose(overflows, sign, sum.back());
    return sum;
}

Word multiply_accumulate(Circuit& circuit, const ProductModel& products, const AccumulatorSpec& spec, const Operand& a,
                         const Operand& w, const Word& acc) {
    const Operator& op = products.multiplier();
    Word inputs = a.word;
    inputs.insert(inputs.end(), w.word.begin(), w.word.end());
    Word product = circuit.append(*op.netlist, inputs);
    Signal sign = op.y.is_signed ? product.back() : Circuit::kZero;
    if (products.sign_magnitude()) {
        // One bit more, since the lowest signed product has no opposite in y's bits.
        product =
            negated_if(circuit, resized(product, op.y.bits + 1, sign), circuit.xor2(a.is_negative, w.is_negative));
        sign = product.back();
    }
    product.insert(product.begin(), static_cast<size_t>(op.y_lsb), Circuit::kZero);
    // An unsigned product has a sign, too: 0, beyond its own bits.
    if (!op.y.is_signed && !products.sign_magnitude()) product.push_back(Circuit::kZero);
    const Word addend = fitted(circuit, product, sign, spec);
    Word next = sum(circuit, acc, addend, spec);
    return spec.overflow == Overflow::saturate ? saturated(circuit, acc, addend, std::move(next)) : next;
}

}  // namespace

bool loads_init(const ProductModel& products) {
    return !products.is_mac_unit() || !products.multiplier().mac->init.empty();
}

AccumulatorStart accumulator_start(const ProductModel& products, int64_t init) {
    if (loads_init(products)) return {init, 0};
    return {products.multiplier().mac->clear_value, init};
}

int64_t mac_step(const ProductModel& products, const AccumulatorSpec& spec, int64_t acc, int64_t a, int64_t w) {
    if (!products.is_mac_unit()) return accumulate(spec, acc, products.product(a, w));
    const Operator& op = products.multiplier();
    return decode(evaluate_netlist(op, encode(a, op.a.bits), encode(w, op.b.bits), encode(acc, op.y.bits)), op.y.bits,
                  true);
}

void check_mac_unit(const ProductModel& products, const AccumulatorSpec& spec) {
    if (!products.is_mac_unit()) return;
    const Operator& op = products.multiplier();
    if (spec.bits != op.y.bits) {
        throw InputError(fmt::format("{}: its accumulator has {} bits, but {} are asked for; leave the width out",
                                     op.name, op.y.bits, spec.bits));
    }
    if (spec.overflow != Overflow::wrap || spec.or_bits != 0 || spec.adder) {
        throw InputError(
            fmt::format("{}: a MAC unit has an adder and an overflow rule of its own; leave both out", op.name));
    }
}

std::optional<std::string> mac_netlist_problem(const ProductModel& products, const AccumulatorSpec& spec) {
    for (const Operator* op : {&products.multiplier(), spec.adder.get()}) {
        if (!op || op->netlist) continue;
        return fmt::format("{} has no netlist{}{}", op->name, op->netlist_absence.empty() ? "" : ": ",
                           op->netlist_absence);
    }
    return std::nullopt;
}

MacNetlist mac_netlist(const ProductModel& products, const AccumulatorSpec& spec) {
    if (const auto problem = mac_netlist_problem(products, spec)) throw InputError(*problem);
    check(spec);
    check_mac_unit(products, spec);
    const Operator& op = products.multiplier();
    MacNetlist result;
    result.a_bits = code_bits(products.a_range());
    result.w_bits = code_bits(products.w_range());
    result.acc_bits = spec.bits;
    const auto a_bits = static_cast<uint32_t>(result.a_bits), w_bits = static_cast<uint32_t>(result.w_bits),
               acc_bits = static_cast<uint32_t>(result.acc_bits);
    Circuit circuit(a_bits + w_bits + acc_bits);
    const Word acc = circuit.input_word(a_bits + w_bits, acc_bits);
    const Operand a =
        operand(circuit, circuit.input_word(0, a_bits), products.a_range(), op.a, products.sign_magnitude());
    const Operand w =
        operand(circuit, circuit.input_word(a_bits, w_bits), products.w_range(), op.b, products.sign_magnitude());
    Word next;
    if (products.is_mac_unit()) {
        Word inputs = a.word;
        inputs.insert(inputs.end(), w.word.begin(), w.word.end());
        inputs.insert(inputs.end(), acc.begin(), acc.end());
        next = circuit.append(*op.netlist, inputs);
    } else {
        next = multiply_accumulate(circuit, products, spec, a, w, acc);
    }
    result.netlist = circuit.netlist(next);
    return result;
}

}  // namespace concrete::sim

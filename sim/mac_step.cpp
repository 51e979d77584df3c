#include "sim/mac_step.h"

#include <algorithm>
#include <bit>
#include <fmt/format.h>

#include "sim/error.h"
#include "sim/netlist_builder.h"

namespace concrete::sim {
namespace {

using Literal = NetlistBuilder::Literal;
using Word = NetlistBuilder::Word;

int code_bits(const CodeRange& range) {
    const auto bits_of = [](int64_t magnitude) {
        return static_cast<int>(std::bit_width(static_cast<uint64_t>(magnitude)));
    };
    if (range.lowest >= 0) return std::max(1, bits_of(range.highest));
    return 1 + std::max({bits_of(-(range.lowest + 1)), range.highest > 0 ? bits_of(range.highest) : 0});
}

/// The low `bits` bits of a word, extended by `fill` where it is shorter.
Word resized(Word word, int bits, Literal fill) {
    word.resize(static_cast<size_t>(bits), fill);
    return word;
}

/// value, negated where `negate` is 1, modulo 2^bits.
Word negated_if(NetlistBuilder& build, const Word& value, Literal negate) {
    Word inverted;
    for (const Literal s : value) inverted.push_back(build.exclusive_or(s, negate));
    return build.add(inverted, Word(value.size(), build.zero()), negate);
}

/// A code on its way to a port.
struct Operand {
    Word word;  ///< as wide as the port
    Literal is_negative;
};

Operand operand(NetlistBuilder& build, const Word& code, const CodeRange& range, const Port& port,
                bool sign_magnitude) {
    const Literal sign = range.lowest < 0 ? code.back() : build.zero();
    // |-2^(b - 1)| still fits b bits unsigned, and what does not fit the port has been refused.
    if (sign_magnitude) return {resized(negated_if(build, code, sign), port.bits, build.zero()), sign};
    return {resized(code, port.bits, sign), sign};
}

/// The product in W bits: extended; where it is wider, its low bits (wrap) or clamped (saturate).
Word fitted(NetlistBuilder& build, const Word& product, Literal sign, const AccumulatorSpec& spec) {
    const auto width = static_cast<size_t>(spec.bits);
    if (spec.overflow == Overflow::wrap || product.size() < width) return resized(product, spec.bits, sign);
    // It fits if all bits from the sign of W on are alike.
    Literal differs = build.zero();
    for (size_t i = width - 1; i < product.size(); ++i) {
        differs = build.disjunction(differs, build.exclusive_or(product[i], sign));
    }
    Word result;
    for (size_t i = 0; i < width; ++i) {
        const Literal extreme = i + 1 == width ? sign : ~sign;
        result.push_back(build.choice(differs, extreme, product[i]));
    }
    return result;
}

/// The low bits of a sum: LowerPart as a circuit.
Word lower_part(NetlistBuilder& build, const Word& acc, const Word& addend, const AccumulatorSpec& spec) {
    Word result(static_cast<size_t>(spec.or_bits), build.zero());
    Literal filled = build.zero();  // eta_i: 1 from the highest bit down that both have
    for (size_t i = result.size(); i-- > 0;) {
        switch (spec.lower_part) {
            case LowerPart::or_with_carry:
            case LowerPart::or_only:
                result[i] = build.disjunction(acc[i], addend[i]);
                break;
            case LowerPart::zero:
                break;
            case LowerPart::one:
                result[i] = ~build.zero();
                break;
            case LowerPart::copy:
                result[i] = acc[i];
                break;
            case LowerPart::eta_i:
                result[i] = build.disjunction(build.disjunction(acc[i], addend[i]), filled);
                filled = build.disjunction(build.conjunction(acc[i], addend[i]), filled);
                break;
        }
    }
    return result;
}

Word sum(NetlistBuilder& build, const Word& acc, const Word& addend, const AccumulatorSpec& spec) {
    if (spec.adder) {
        Word operands = acc;
        operands.insert(operands.end(), addend.begin(), addend.end());
        return resized(build.append(*spec.adder->netlist, operands), spec.bits, build.zero());
    }
    const auto low = static_cast<std::ptrdiff_t>(spec.or_bits);
    Word result = lower_part(build, acc, addend, spec);
    const bool carries = low > 0 && spec.lower_part == LowerPart::or_with_carry;
    const Literal carry =
        carries ? build.conjunction(acc[static_cast<size_t>(low - 1)], addend[static_cast<size_t>(low - 1)])
                : build.zero();
    const Word upper = build.add(Word(acc.begin() + low, acc.end()), Word(addend.begin() + low, addend.end()), carry);
    result.insert(result.end(), upper.begin(), upper.end());
    return result;
}

Word saturated(NetlistBuilder& build, const Word& acc, const Word& addend, Word sum) {
    const Literal sign = acc.back();
    // 1 where the operands' signs agree and the sum's is the other: index (acc, addend, sum) is 001 or 110.
    const Literal overflows = build.lut({sign, addend.back(), sum.back()}, 0x42);
    for (size_t i = 0; i + 1 < sum.size(); ++i) {
        sum[i] = build.choice(overflows, ~sign, sum[i]);
    }
    sum.back() = build.choice(overflows, sign, sum.back());
    return sum;
}

Word multiply_accumulate(NetlistBuilder& build, const ProductModel& products, const AccumulatorSpec& spec,
                         const Operand& a, const Operand& w, const Word& acc) {
    const Operator& op = products.multiplier();
    Word inputs = a.word;
    inputs.insert(inputs.end(), w.word.begin(), w.word.end());
    Word product = build.append(*op.netlist, inputs);
    Literal sign = op.y.is_signed ? product.back() : build.zero();
    if (products.sign_magnitude()) {
        // One bit more, since the lowest signed product has no opposite in y's bits.
        product =
            negated_if(build, resized(product, op.y.bits + 1, sign), build.exclusive_or(a.is_negative, w.is_negative));
        sign = product.back();
    }
    product.insert(product.begin(), static_cast<size_t>(op.y_lsb), build.zero());
    // An unsigned product has a sign, too: 0, beyond its own bits.
    if (!op.y.is_signed && !products.sign_magnitude()) product.push_back(build.zero());
    const Word addend = fitted(build, product, sign, spec);
    Word next = sum(build, acc, addend, spec);
    return spec.overflow == Overflow::saturate ? saturated(build, acc, addend, std::move(next)) : next;
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
    NetlistBuilder build(a_bits + w_bits + acc_bits);
    const Word acc = build.input_word(a_bits + w_bits, acc_bits);
    const Operand a = operand(build, build.input_word(0, a_bits), products.a_range(), op.a, products.sign_magnitude());
    const Operand w =
        operand(build, build.input_word(a_bits, w_bits), products.w_range(), op.b, products.sign_magnitude());
    Word next;
    if (products.is_mac_unit()) {
        Word inputs = a.word;
        inputs.insert(inputs.end(), w.word.begin(), w.word.end());
        inputs.insert(inputs.end(), acc.begin(), acc.end());
        next = build.append(*op.netlist, inputs);
    } else {
        next = multiply_accumulate(build, products, spec, a, w, acc);
    }
    // Operators' netlists are in a good order already, and a circuit is made for every multiplication of matrices.
    result.netlist = build.finish(next, NetlistBuilder::Order::as_built);
    return result;
}

}  // namespace concrete::sim

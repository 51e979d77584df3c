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
    if (spec.overflow == Overflow::wrap || product.size() <= width) return resized(product, spec.bits, sign);
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

/// The product as a signed word; its last bit is the sign.
Word signed_product(NetlistBuilder& build, const ProductModel& products, const Operand& a, const Operand& w) {
    const Operator& op = products.multiplier();
    Word inputs = a.word;
    inputs.insert(inputs.end(), w.word.begin(), w.word.end());
    Word product = build.append(*op.netlist, inputs);
    if (products.sign_magnitude()) {
        // One bit more, since the lowest signed product has no opposite in y's bits.
        const Literal sign = op.y.is_signed ? product.back() : build.zero();
        product =
            negated_if(build, resized(product, op.y.bits + 1, sign), build.exclusive_or(a.is_negative, w.is_negative));
    } else if (!op.y.is_signed) {
        product.push_back(build.zero());
    }
    product.insert(product.begin(), static_cast<size_t>(op.y_lsb), build.zero());
    return product;
}

/// The sum of two signed words, in as many bits as it needs.
Word signed_sum(NetlistBuilder& build, const Word& x, const Word& y) {
    const int bits = static_cast<int>(std::max(x.size(), y.size())) + 1;
    return build.add(resized(x, bits, x.back()), resized(y, bits, y.back()), build.zero());
}

/// The operands of one MAC, and whether it happens.
struct StepInputs {
    Operand a, w;
    Literal is_active;
};

Word after_unit_step(NetlistBuilder& build, const Netlist& unit, const StepInputs& step, const Word& acc) {
    Word inputs = step.a.word;
    inputs.insert(inputs.end(), step.w.word.begin(), step.w.word.end());
    inputs.insert(inputs.end(), acc.begin(), acc.end());
    return build.append(unit, inputs);
}

Word after_step(NetlistBuilder& build, const ProductModel& products, const AccumulatorSpec& spec,
                const StepInputs& step, const Word& acc) {
    if (products.is_mac_unit()) return after_unit_step(build, *products.multiplier().netlist, step, acc);
    const Word product = signed_product(build, products, step.a, step.w);
    const Word addend = fitted(build, product, product.back(), spec);
    Word next = sum(build, acc, addend, spec);
    return spec.overflow == Overflow::saturate ? saturated(build, acc, addend, std::move(next)) : next;
}

/// Steps one after the other; a step that does not happen leaves the accumulator as it is.
Word after_steps(NetlistBuilder& build, const ProductModel& products, const AccumulatorSpec& spec,
                 const std::vector<StepInputs>& steps, Word acc) {
    for (const StepInputs& step : steps) {
        const Word next = after_step(build, products, spec, step, acc);
        for (size_t i = 0; i < acc.size(); ++i) acc[i] = build.choice(step.is_active, next[i], acc[i]);
    }
    return acc;
}

/// The same for a modular accumulator, where products may be added to each other first, in fewer bits.
Word after_modular_steps(NetlistBuilder& build, const ProductModel& products, const AccumulatorSpec& spec,
                         const std::vector<StepInputs>& steps, const Word& acc) {
    std::vector<Word> sums;
    for (const StepInputs& step : steps) {
        sums.push_back(signed_product(build, products, step.a, step.w));
        for (Literal& bit : sums.back()) bit = build.conjunction(bit, step.is_active);
    }
    while (sums.size() > 1) {
        std::vector<Word> fewer;
        for (size_t i = 0; i + 1 < sums.size(); i += 2) fewer.push_back(signed_sum(build, sums[i], sums[i + 1]));
        if (sums.size() % 2 != 0) fewer.push_back(sums.back());
        sums = std::move(fewer);
    }
    return sum(build, acc, resized(sums[0], spec.bits, sums[0].back()), spec);
}

}  // namespace

int code_bits(const CodeRange& range) {
    const auto bits_of = [](int64_t magnitude) {
        return static_cast<int>(std::bit_width(static_cast<uint64_t>(magnitude)));
    };
    if (range.lowest >= 0) return std::max(1, bits_of(range.highest));
    return 1 + std::max({bits_of(-(range.lowest + 1)), range.highest > 0 ? bits_of(range.highest) : 0});
}

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

MacNetlist mac_netlist(const ProductModel& products, const AccumulatorSpec& spec, const MacSteps& steps) {
    if (const auto problem = mac_netlist_problem(products, spec)) throw InputError(*problem);
    check(spec);
    check_mac_unit(products, spec);
    const Operator& op = products.multiplier();
    MacNetlist result;
    result.a_bits = code_bits(products.a_range());
    result.w_bits = code_bits(products.w_range());
    result.acc_bits = spec.bits;
    const auto a_bits = static_cast<uint32_t>(result.a_bits), w_bits = static_cast<uint32_t>(result.w_bits),
               acc_bits = static_cast<uint32_t>(result.acc_bits),
               step_bits = a_bits + w_bits + (steps.may_skip ? 1 : 0);
    NetlistBuilder build(steps.count * step_bits + acc_bits);
    std::vector<StepInputs> inputs;
    for (uint32_t step = 0; step < steps.count; ++step) {
        const uint32_t first = step * step_bits;
        inputs.push_back(
            {operand(build, build.input_word(first, a_bits), products.a_range(), op.a, products.sign_magnitude()),
             operand(build, build.input_word(first + a_bits, w_bits), products.w_range(), op.b,
                     products.sign_magnitude()),
             steps.may_skip ? build.input(first + a_bits + w_bits) : build.one()});
    }
    const Word acc = build.input_word(steps.count * step_bits, acc_bits);
    const Word next = !products.is_mac_unit() && spec.is_modular()
                          ? after_modular_steps(build, products, spec, inputs, acc)
                          : after_steps(build, products, spec, inputs, acc);
    // Operators' netlists are in a good order already.
    result.netlist = build.finish(next, NetlistBuilder::Order::as_built);
    return result;
}

}  // namespace concrete::sim

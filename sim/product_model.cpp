#include "sim/product_model.h"

#include <fmt/format.h>
#include <limits>

#include "sim/error.h"
#include "sim/int128.h"

namespace concrete::sim {
namespace {

void check_codes_fit(const Operator& op, const Port& port, const CodeRange& codes, const char* operand,
                     bool magnitude) {
    const int64_t largest = std::max(-codes.lowest, codes.highest);
    const bool fits = magnitude ? largest <= highest_code(port)
                                : lowest_code(port) <= codes.lowest && codes.highest <= highest_code(port);
    if (fits) return;
    const char* advice = port.is_signed
                             ? "use fewer bits or a wider multiplier"
                             : "use `scheme: affine` or `sign_magnitude: true`, fewer bits, or a wider multiplier";
    throw InputError(fmt::format("{}: {} codes {} to {} do not fit its port {} ({} to {}{}); {}", op.name, operand,
                                 codes.lowest, codes.highest, port.name, lowest_code(port), highest_code(port),
                                 magnitude ? ", which carries magnitudes" : "", advice));
}

/// y of a multiplier at operands that fit its ports, with the sign put back and y_lsb applied.
template <typename Evaluate>
Int128 value_of(const Operator& op, int64_t a, int64_t w, bool sign_magnitude, const Evaluate& evaluate) {
    const int64_t pa = sign_magnitude && a < 0 ? -a : a;
    const int64_t pw = sign_magnitude && w < 0 ? -w : w;
    const bool negate = sign_magnitude && (a < 0) != (w < 0);
    const Int128 y = evaluate(encode(pa, op.a.bits), encode(pw, op.b.bits));
    return (negate ? -y : y) * (Int128{1} << op.y_lsb);
}

}  // namespace

ProductModel::ProductModel(std::shared_ptr<const Operator> multiplier, CodeRange a, CodeRange w, bool sign_magnitude)
    : multiplier_(std::move(multiplier)), a_(a), w_(w), w_count_(w.count()), sign_magnitude_(sign_magnitude) {
    const Operator& op = *multiplier_;
    if (op.kind == OperatorKind::adder) {
        throw InputError(fmt::format("{}: an adder where a multiplier is expected", op.name));
    }
    if (op.kind == OperatorKind::mac && sign_magnitude) {
        throw InputError(fmt::format("{}: sign_magnitude goes around a multiplier, but this is a MAC unit", op.name));
    }
    check_codes_fit(op, op.a, a, "activation", sign_magnitude);
    check_codes_fit(op, op.b, w, "weight", sign_magnitude);
    if (op.lut.empty()) {
        exact_ = op.closed_form == ClosedForm::product && op.y_lsb == 0;
        if (!exact_ && !op.netlist) {
            throw InputError(
                fmt::format("{}: a {}x{} {} without a table (these go up to 24 input bits) and without "
                            "a netlist{}{}",
                            op.name, op.a.bits, op.b.bits, to_string(op.kind), op.netlist_absence.empty() ? "" : ": ",
                            op.netlist_absence));
        }
        const int value_bits = op.y.bits + op.y_lsb + (op.y.is_signed && !sign_magnitude ? 0 : 1);
        if (!exact_ && value_bits > 64) {
            throw InputError(fmt::format("{}: its products need {} bits, beyond 64", op.name, value_bits));
        }
        return;
    }
    table_.resize(a.count() * w_count_);
    const auto evaluate = [&](uint64_t pa, uint64_t pw) { return lookup(op, pa, pw); };
    for (int64_t qa = a.lowest; qa <= a.highest; ++qa) {
        for (int64_t qw = w.lowest; qw <= w.highest; ++qw) {
            const Int128 value = value_of(op, qa, qw, sign_magnitude, evaluate);
            if (value < std::numeric_limits<int32_t>::min() || value > std::numeric_limits<int32_t>::max()) {
                throw InputError(fmt::format("{}: the product of {} and {} is beyond 32 bits, with y_lsb {}", op.name,
                                             qa, qw, op.y_lsb));
            }
            table_[static_cast<size_t>(qa - a.lowest) * w_count_ + static_cast<size_t>(qw - w.lowest)] =
                static_cast<int32_t>(value);
        }
    }
}

int64_t ProductModel::netlist_product(int64_t a, int64_t w) const {
    const Operator& op = *multiplier_;
    return static_cast<int64_t>(value_of(op, a, w, sign_magnitude_, [&](uint64_t pa, uint64_t pw) {
        return decode(evaluate_netlist(op, pa, pw), op.y.bits, op.y.is_signed);
    }));
}

}  // namespace concrete::sim

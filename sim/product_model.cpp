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

}  // namespace

ProductModel::ProductModel(std::shared_ptr<const Operator> multiplier, CodeRange a, CodeRange w, bool sign_magnitude)
    : multiplier_(std::move(multiplier)), a_(a), w_(w), w_count_(w.count()), sign_magnitude_(sign_magnitude) {
    const Operator& op = *multiplier_;
    if (op.kind != OperatorKind::multiplier) {
        throw InputError(fmt::format("{}: an {} where a multiplier is expected", op.name, to_string(op.kind)));
    }
    check_codes_fit(op, op.a, a, "activation", sign_magnitude);
    check_codes_fit(op, op.b, w, "weight", sign_magnitude);
    if (op.lut.empty()) {
        if (op.closed_form == ClosedForm::product && op.y_lsb == 0) return;
        throw InputError(
            fmt::format("{}: a {}x{} multiplier without a table; tables go up to 24 input bits, and wider "
                        "operators run only where they are exact",
                        op.name, op.a.bits, op.b.bits));
    }
    table_.resize(a.count() * w_count_);
    for (int64_t qa = a.lowest; qa <= a.highest; ++qa) {
        for (int64_t qw = w.lowest; qw <= w.highest; ++qw) {
            const int64_t pa = sign_magnitude && qa < 0 ? -qa : qa;
            const int64_t pw = sign_magnitude && qw < 0 ? -qw : qw;
            const bool negate = sign_magnitude && (qa < 0) != (qw < 0);
            const Int128 y = lookup(op, encode(pa, op.a.bits), encode(pw, op.b.bits));
            const Int128 value = (negate ? -y : y) * (Int128{1} << op.y_lsb);
            if (value < std::numeric_limits<int32_t>::min() || value > std::numeric_limits<int32_t>::max()) {
                throw InputError(fmt::format("{}: the product of {} and {} is beyond 32 bits, with y_lsb {}", op.name,
                                             qa, qw, op.y_lsb));
            }
            table_[static_cast<size_t>(qa - a.lowest) * w_count_ + static_cast<size_t>(qw - w.lowest)] =
                static_cast<int32_t>(value);
        }
    }
}

}  // namespace concrete::sim

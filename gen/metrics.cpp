#include "gen/metrics.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <stdexcept>

#include "sim/accumulator.h"
#include "sim/error.h"

namespace concrete::gen {
namespace {

Uint128 magnitude(Int128 value) {
    return value < 0 ? -static_cast<Uint128>(value) : static_cast<Uint128>(value);
}

bool is_modular(const sim::Operator& op) {
    return op.kind == sim::OperatorKind::adder && op.y.bits <= op.a.bits;
}

/// An operand or output as an integer; decode() cannot show unsigned 64-bit codes.
Int128 code(const sim::Port& port, uint64_t raw) {
    return port.is_signed ? Int128{sim::decode(raw, port.bits, true)} : static_cast<Int128>(raw);
}

/// The low bits of a value, read as the port is.
Int128 wrapped(const sim::Port& port, Int128 value) {
    return code(port, sim::encode(static_cast<int64_t>(value), port.bits));
}

}  // namespace

Int128 exact_result(const sim::Operator& op, uint64_t a_raw, uint64_t b_raw) {
    const Int128 a = code(op.a, a_raw), b = code(op.b, b_raw);
    return op.kind == sim::OperatorKind::multiplier ? a * b : wrapped(op.y, a + b);
}

uint64_t closed_form_pattern(const sim::Operator& op, uint64_t a_raw, uint64_t b_raw) {
    const auto a = static_cast<uint64_t>(sim::decode(a_raw, op.a.bits, op.a.is_signed));
    const auto b = static_cast<uint64_t>(sim::decode(b_raw, op.b.bits, op.b.is_signed));
    uint64_t y = 0;
    switch (op.closed_form) {
        case sim::ClosedForm::product:
            y = a * b;
            break;
        case sim::ClosedForm::sum:
            y = a + b;
            break;
        case sim::ClosedForm::lower_part_or:
            y = sim::detail::lower_part_or_sum(a, b, op.or_bits);
            break;
        case sim::ClosedForm::none:
            throw std::logic_error(op.name + " has no closed form");
    }
    return sim::encode(static_cast<int64_t>(y), op.y.bits);
}

Int128 error_of(const sim::Operator& op, uint64_t a_raw, uint64_t b_raw, uint64_t y_raw) {
    const Int128 unit = Int128{1} << op.y_lsb;
    const Int128 error = code(op.y, y_raw) * unit - exact_result(op, a_raw, b_raw);
    return is_modular(op) ? wrapped({"", op.y.bits, true}, error) : error;
}

MetricsAccumulator::MetricsAccumulator(const sim::Operator& op) : op_(op) {}

void MetricsAccumulator::add(uint64_t a_raw, uint64_t b_raw, uint64_t y_raw) {
    const Uint128 exact = magnitude(exact_result(op_, a_raw, b_raw));
    max_exact_ = std::max(max_exact_, exact);
    ++pairs_;
    const Int128 error = error_of(op_, a_raw, b_raw, y_raw);
    if (error == 0) return;
    ++wrong_pairs_;
    const Uint128 size = magnitude(error), square = size * size;
    sum_ += error;
    abs_sum_ += size;
    square_sum_high_ += square >> 64;
    square_sum_low_ += static_cast<uint64_t>(square);
    max_abs_ = std::max(max_abs_, size);
    const double relative = static_cast<double>(size) / static_cast<double>(std::max(Uint128{1}, exact));
    relative_sum_ += relative;
    max_relative_ = std::max(max_relative_, relative);
}

sim::Metrics MetricsAccumulator::result() const {
    sim::Metrics metrics;
    if (pairs_ == 0) return metrics;
    const auto pairs = static_cast<long double>(pairs_);
    const long double mean = static_cast<long double>(sum_) / pairs;
    const long double mean_abs = static_cast<long double>(abs_sum_) / pairs;
    const long double squares =
        std::ldexp(static_cast<long double>(square_sum_high_), 64) + static_cast<long double>(square_sum_low_);
    const long double range = std::ldexp(1.0L, op_.y.bits + op_.y_lsb);
    metrics.mae = static_cast<double>(mean_abs);
    metrics.mae_percent = static_cast<double>(100 * mean_abs / range);
    metrics.wce = static_cast<double>(max_abs_);
    metrics.wce_percent = static_cast<double>(100 * static_cast<long double>(max_abs_) / range);
    metrics.wcre_percent = 100 * max_relative_;
    metrics.ep_percent = static_cast<double>(100 * static_cast<long double>(wrong_pairs_) / pairs);
    metrics.mre_percent = static_cast<double>(100 * static_cast<long double>(relative_sum_) / pairs);
    metrics.mse = static_cast<double>(squares / pairs);
    metrics.mean_error = static_cast<double>(mean);
    metrics.error_variance = static_cast<double>(std::max(0.0L, squares / pairs - mean * mean));
    metrics.nmed = max_exact_ == 0 ? 0 : static_cast<double>(mean_abs / static_cast<long double>(max_exact_));
    return metrics;
}

sim::Metrics table_metrics(const sim::Operator& op) {
    if (op.lut.empty()) throw InputError(fmt::format("{}: has no table to take metrics from", op.name));
    MetricsAccumulator metrics(op);
    for (uint64_t i = 0; i < op.lut.size(); ++i) {
        metrics.add(i >> op.b.bits, i & ((uint64_t{1} << op.b.bits) - 1), sim::encode(op.lut[i], op.y.bits));
    }
    return metrics.result();
}

}  // namespace concrete::gen

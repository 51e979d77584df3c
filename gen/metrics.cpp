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
        case sim::ClosedForm::none:
            throw std::logic_error(op.name + " has no closed form");
        default:
            y = sim::detail::lower_part_sum(sim::lower_part_of(op.closed_form), a, b, op.or_bits);
    }
    return sim::encode(static_cast<int64_t>(y), op.y.bits);
}

Int128 error_of(const sim::Operator& op, uint64_t a_raw, uint64_t b_raw, uint64_t y_raw) {
    const Int128 unit = Int128{1} << op.y_lsb;
    const Int128 error = code(op.y, y_raw) * unit - exact_result(op, a_raw, b_raw);
    return is_modular(op) ? wrapped({"", op.y.bits, true}, error) : error;
}

void BlockSum::close() {
    total_ += tree(lanes_);
    lanes_ = {};
}

MetricsAccumulator::MetricsAccumulator(const sim::Operator& op) : op_(&op) {}

void MetricsAccumulator::add(uint64_t a_raw, uint64_t b_raw, uint64_t y_raw) {
    const Uint128 exact = magnitude(exact_result(*op_, a_raw, b_raw));
    max_exact_ = std::max(max_exact_, exact);
    if (const Int128 error = error_of(*op_, a_raw, b_raw, y_raw); error != 0) {
        ++wrong_pairs_;
        const Uint128 size = magnitude(error), square = size * size;
        sum_ += error;
        abs_sum_ += size;
        square_sum_high_ += square >> 64;
        square_sum_low_ += static_cast<uint64_t>(square);
        max_abs_ = std::max(max_abs_, size);
        const double relative = static_cast<double>(size) / static_cast<double>(std::max(Uint128{1}, exact));
        relative_sum_.add(pairs_, relative);
        relative_square_sum_.add(pairs_, relative * relative);
        fourth_power_sum_.add(pairs_, static_cast<double>(square) * static_cast<double>(square));
        max_relative_ = std::max(max_relative_, relative);
    }
    if (++pairs_ % kBlockPairs != 0) return;
    for (BlockSum* sum : {&relative_sum_, &relative_square_sum_, &fourth_power_sum_}) sum->close();
}

void MetricsAccumulator::append(const MetricsAccumulator& next) {
    pairs_ += next.pairs_;
    wrong_pairs_ += next.wrong_pairs_;
    sum_ += next.sum_;
    abs_sum_ += next.abs_sum_;
    square_sum_high_ += next.square_sum_high_;
    square_sum_low_ += next.square_sum_low_;
    relative_sum_.append(next.relative_sum_.value());
    relative_square_sum_.append(next.relative_square_sum_.value());
    fourth_power_sum_.append(next.fourth_power_sum_.value());
    add_worst_cases(next);
}

void MetricsAccumulator::append(const BlockFigures& next) {
    pairs_ += next.pairs;
    wrong_pairs_ += next.wrong_pairs;
    sum_ += next.sum;
    abs_sum_ += next.abs_sum;
    // Kept as add() keeps it, so that result() rounds the same two numbers.
    const Uint128 squares = (Uint128{next.square_sum_high} << 32) + next.square_sum_low;
    square_sum_low_ += squares;
    relative_sum_.append(next.relative_sum);
    max_abs_ = std::max(max_abs_, Uint128{next.max_abs});
    max_exact_ = std::max(max_exact_, Uint128{next.max_exact});
    max_relative_ = std::max(max_relative_, next.max_relative);
}

void MetricsAccumulator::add_worst_cases(const MetricsAccumulator& others) {
    max_abs_ = std::max(max_abs_, others.max_abs_);
    max_exact_ = std::max(max_exact_, others.max_exact_);
    max_relative_ = std::max(max_relative_, others.max_relative_);
}

long double MetricsAccumulator::squares() const {
    return std::ldexp(static_cast<long double>(square_sum_high_), 64) + static_cast<long double>(square_sum_low_);
}

sim::Metrics MetricsAccumulator::result() const {
    sim::Metrics metrics;
    if (pairs_ == 0) return metrics;
    const auto pairs = static_cast<long double>(pairs_);
    const long double mean = static_cast<long double>(sum_) / pairs;
    const long double mean_abs = static_cast<long double>(abs_sum_) / pairs;
    const long double mean_square = squares() / pairs;
    const long double range = std::ldexp(1.0L, op_->y.bits + op_->y_lsb);
    metrics.mae = static_cast<double>(mean_abs);
    metrics.mae_percent = static_cast<double>(100 * mean_abs / range);
    metrics.wce = static_cast<double>(max_abs_);
    metrics.wce_percent = static_cast<double>(100 * static_cast<long double>(max_abs_) / range);
    metrics.wcre_percent = 100 * max_relative_;
    metrics.ep_percent = static_cast<double>(100 * static_cast<long double>(wrong_pairs_) / pairs);
    metrics.mre_percent = static_cast<double>(100 * static_cast<long double>(relative_sum_.value()) / pairs);
    metrics.mse = static_cast<double>(mean_square);
    metrics.mean_error = static_cast<double>(mean);
    metrics.error_variance = static_cast<double>(std::max(0.0L, mean_square - mean * mean));
    metrics.nmed = max_exact_ == 0 ? 0 : static_cast<double>(mean_abs / static_cast<long double>(max_exact_));
    return metrics;
}

sim::Confidence MetricsAccumulator::confidence() const {
    sim::Confidence confidence;
    if (pairs_ < 2) return confidence;
    const auto pairs = static_cast<long double>(pairs_);
    // The half-width for figures whose mean and mean square are these; 1.96 standard errors.
    const auto half_width = [pairs](long double mean, long double mean_square) {
        const long double variance = std::max(0.0L, mean_square - mean * mean) * (pairs / (pairs - 1));
        return static_cast<double>(1.959963984540054L * std::sqrt(variance / pairs));
    };
    const long double mean_square = squares() / pairs, wrong = static_cast<long double>(wrong_pairs_) / pairs;
    const auto mean_of = [pairs](const BlockSum& sum) { return static_cast<long double>(sum.value()) / pairs; };
    confidence.mae = half_width(static_cast<long double>(abs_sum_) / pairs, mean_square);
    confidence.ep_percent = 100 * half_width(wrong, wrong);
    confidence.mre_percent = 100 * half_width(mean_of(relative_sum_), mean_of(relative_square_sum_));
    confidence.mse = half_width(mean_square, mean_of(fourth_power_sum_));
    confidence.mean_error = half_width(static_cast<long double>(sum_) / pairs, mean_square);
    return confidence;
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

#include "verify/operator_check.h"

#include <algorithm>
#include <fmt/format.h>
#include <random>

#include "gen/metrics.h"
#include "gen/sweep.h"
#include "sim/error.h"

namespace concrete::verify {
namespace {

using sim::Operator;

constexpr size_t kSampledPairs = size_t{1} << 16;

/// Raw operand pairs and what the Verilog gives for them.
struct Evaluated {
    std::vector<uint64_t> a, b, y;
};

/// 0, 1, all ones, the codes around the sign bit: where carries and signs go wrong.
std::vector<uint64_t> corner_codes(int bits) {
    const uint64_t sign = uint64_t{1} << (bits - 1);
    const uint64_t ones = sim::encode(-1, bits);
    return {0, 1 & ones, ones, sign, sign - 1, (sign + 1) & ones};
}

Evaluated evaluate_sample(const Operator& op, const gen::RtlOperators& rtl, size_t index) {
    Evaluated result;
    for (const uint64_t a : corner_codes(op.a.bits)) {
        for (const uint64_t b : corner_codes(op.b.bits)) {
            result.a.push_back(a);
            result.b.push_back(b);
        }
    }
    std::mt19937_64 random(1);
    while (result.a.size() < kSampledPairs) {
        result.a.push_back(random() & sim::encode(-1, op.a.bits));
        result.b.push_back(random() & sim::encode(-1, op.b.bits));
    }
    result.y = rtl.evaluate(index, result.a, result.b);
    return result;
}

/// Finds what differs between the Verilog and a description of it ("table", "closed form").
class Comparison {
  public:
    Comparison(const Operator& op, const char* description) : op_(op), description_(description) {}

    void add(uint64_t a, uint64_t b, uint64_t rtl, uint64_t expected) {
        ++pairs_;
        if (rtl == expected || differences_++ > 0) return;
        const auto digits = [](const sim::Port& port) { return (port.bits + 3) / 4; };
        first_ = fmt::format("{}: RTL and {} differ at a=0x{:0{}x} b=0x{:0{}x}: RTL 0x{:0{}x}, {} 0x{:0{}x}", op_.name,
                             description_, a, digits(op_.a), b, digits(op_.b), rtl, digits(op_.y), description_,
                             expected, digits(op_.y));
    }

    void report_to(OperatorCheck& check) const {
        if (differences_ == 0) return;
        check.differences = std::max(check.differences, differences_);
        if (check.report.empty())
            check.report = fmt::format("{} (first of {} in {} pairs)", first_, differences_, pairs_);
    }

  private:
    const Operator& op_;
    const char* description_;
    uint64_t pairs_ = 0, differences_ = 0;
    std::string first_;
};

OperatorCheck check_one(const Operator& op, const gen::RtlOperators& rtl, size_t index) {
    OperatorCheck check;
    check.name = op.name;
    check.exhaustive = !op.lut.empty();
    Comparison table(op, "table"), closed_form(op, "closed form"), netlist(op, "netlist");
    const auto compare = [&](uint64_t a, uint64_t b, uint64_t y) {
        ++check.pairs;
        if (!op.lut.empty())
            table.add(a, b, y, sim::encode(sim::lookup(op, a, b), op.y.bits));
        else if (op.netlist)
            netlist.add(a, b, y, evaluate_netlist(op, a, b));
        if (op.closed_form != sim::ClosedForm::none) closed_form.add(a, b, y, gen::closed_form_pattern(op, a, b));
    };
    if (check.exhaustive) {
        const std::vector<uint32_t> y = rtl.sweep(index);
        for (uint64_t i = 0; i < y.size(); ++i) compare(i >> op.b.bits, i & sim::encode(-1, op.b.bits), y[i]);
    } else {
        const Evaluated sample = evaluate_sample(op, rtl, index);
        for (size_t i = 0; i < sample.y.size(); ++i) compare(sample.a[i], sample.b[i], sample.y[i]);
    }
    table.report_to(check);
    closed_form.report_to(check);
    netlist.report_to(check);
    return check;
}

}  // namespace

std::vector<OperatorCheck> check_operators(std::span<const Operator> operators, int threads) {
    for (const Operator& op : operators) {
        if (op.sources.files.empty())
            throw InputError(fmt::format("{}: holds no Verilog to check its table against", op.name));
        if (op.lut.empty() && op.closed_form == sim::ClosedForm::none && !op.netlist)
            throw InputError(fmt::format("{}: has neither a table nor a closed form nor a netlist to check", op.name));
    }
    const gen::RtlOperators rtl(operators, threads);
    std::vector<OperatorCheck> checks;
    for (size_t i = 0; i < operators.size(); ++i) checks.push_back(check_one(operators[i], rtl, i));
    return checks;
}

}  // namespace concrete::verify

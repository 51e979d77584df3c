#include "gen/reading.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "gen/metrics.h"
#include "sim/error.h"

namespace concrete::gen {
namespace {

using sim::Operator;
using sim::OperatorKind;
using sim::Port;

std::vector<std::string> names_of(const std::vector<Port>& ports) {
    std::vector<std::string> names;
    for (const Port& port : ports) names.push_back(port.name);
    return names;
}

std::string lower(std::string text) {
    for (char& letter : text) letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
    return text;
}

/// Pairs of names that say which operand is the activation (accumulator) and which the weight (addend).
constexpr std::pair<const char*, const char*> kPairs[] = {
    {"a", "b"},        {"x", "y"},     {"x", "w"},        {"a", "w"},
    {"0", "1"},        {"1", "2"},     {"l", "r"},        {"left", "right"},
    {"lhs", "rhs"},    {"acc", "p"},   {"acc", "addend"}, {"activation", "weight"},
    {"act", "weight"}, {"act", "wgt"}, {"act", "w"},      {"multiplicand", "multiplier"},
    {"cand", "er"},
};

/// True if `first` is the first of a known pair and `second` its second.
bool is_pair(const std::string& first, const std::string& second) {
    const std::string left = lower(first), right = lower(second);
    const auto known = [](const std::string& x, const std::string& y) {
        return std::any_of(std::begin(kPairs), std::end(kPairs),
                           [&](const auto& pair) { return x == pair.first && y == pair.second; });
    };
    size_t prefix = 0, suffix = 0;
    const size_t shorter = std::min(left.size(), right.size());
    while (prefix < shorter && left[prefix] == right[prefix]) ++prefix;
    while (suffix < shorter - prefix && left[left.size() - 1 - suffix] == right[right.size() - 1 - suffix]) ++suffix;
    // "act_i" and "weight_i" have "t_i" in common, but their pair shows when only "_i" is taken away.
    for (size_t p = 0; p <= prefix; ++p) {
        for (size_t t = 0; t <= suffix; ++t) {
            if (known(left.substr(p, left.size() - p - t), right.substr(p, right.size() - p - t))) return true;
        }
    }
    return false;
}

const Port& port_named(const Request& request, const std::vector<Port>& ports, const std::string& name,
                       const char* flag) {
    const auto found = std::find_if(ports.begin(), ports.end(), [&](const Port& port) { return port.name == name; });
    if (found != ports.end()) return *found;
    throw InputError(fmt::format("{}: {} {}: module '{}' has no such port there, only {}", request.name, flag, name,
                                 request.sources.top, fmt::join(names_of(ports), ", ")));
}

double mean_abs_error(Operator op, const Reading& reading, const Evaluations& evaluations) {
    op.kind = reading.kind;
    op.a.is_signed = reading.a_signed;
    op.b.is_signed = reading.b_signed;
    op.y.is_signed = reading.y_signed;
    double sum = 0;
    for (size_t i = 0; i < evaluations.a.size(); ++i)
        sum += std::abs(static_cast<double>(error_of(op, evaluations.a[i], evaluations.b[i], evaluations.y[i])));
    return sum / static_cast<double>(std::max<size_t>(evaluations.a.size(), 1));
}

bool fits_adder(const Operator& op) {
    return op.a.bits == op.b.bits && (op.y.bits == op.a.bits || op.y.bits == op.a.bits + 1) && op.y_lsb == 0;
}

bool fits_multiplier(const Operator& op) {
    return op.a.bits + op.b.bits <= 64 && op.y.bits + op.y_lsb >= op.a.bits + op.b.bits && op.y.bits + op.y_lsb <= 64;
}

/// What is wrong with the widths for this kind.
std::string misfit(const Operator& op, OperatorKind kind) {
    if (kind == OperatorKind::multiplier)
        return fmt::format(
            "{} and {} bits have a product of {} bits (at most 64), but '{}' has {}{}; dropped low bits are named "
            "with --y-lsb",
            op.a.bits, op.b.bits, op.a.bits + op.b.bits, op.y.name, op.y.bits,
            op.y_lsb == 0 ? "" : fmt::format(" above {} dropped ones", op.y_lsb));
    if (op.a.bits != op.b.bits)
        return fmt::format("an adder's operands are equally wide, but '{}' has {} bits and '{}' {}", op.a.name,
                           op.a.bits, op.b.name, op.b.bits);
    if (op.y_lsb != 0) return "--y-lsb is for multipliers only";
    return fmt::format("a sum of {} bits has {} or {} bits, but '{}' has {}", op.a.bits, op.a.bits, op.a.bits + 1,
                       op.y.name, op.y.bits);
}

std::vector<OperatorKind> possible_kinds(const Operator& op, const Request& request) {
    std::vector<OperatorKind> kinds;
    if (fits_multiplier(op)) kinds.push_back(OperatorKind::multiplier);
    if (fits_adder(op)) kinds.push_back(OperatorKind::adder);
    if (request.kind) {
        if (std::find(kinds.begin(), kinds.end(), *request.kind) == kinds.end())
            throw InputError(fmt::format("{}: {}", request.name, misfit(op, *request.kind)));
        return {*request.kind};
    }
    if (kinds.empty())
        throw InputError(fmt::format("{}: neither multiplier nor adder by its widths: {}; {}", request.name,
                                     misfit(op, OperatorKind::multiplier), misfit(op, OperatorKind::adder)));
    return kinds;
}

}  // namespace

void assign_ports(Operator& op, const Request& request, const Design& design) {
    const std::vector<Port>&inputs = design.inputs, &outputs = design.outputs;
    if (inputs.size() != 2 || outputs.size() != 1)
        throw InputError(fmt::format("{}: module '{}' has {} inputs ({}) and {} outputs ({}), expected two and one",
                                     request.name, request.sources.top, inputs.size(),
                                     fmt::join(names_of(inputs), ", "), outputs.size(),
                                     fmt::join(names_of(outputs), ", ")));
    op.y = request.y_port ? port_named(request, outputs, *request.y_port, "--y") : outputs[0];
    size_t first = 0;  // which of the inputs is a
    if (request.a_port || request.b_port) {
        if (request.a_port == request.b_port)
            throw InputError(fmt::format("{}: --a and --b both name '{}'", request.name, *request.a_port));
        if (request.a_port) first = port_named(request, inputs, *request.a_port, "--a").name == inputs[0].name ? 0 : 1;
        if (request.b_port) first = port_named(request, inputs, *request.b_port, "--b").name == inputs[0].name ? 1 : 0;
    } else if (is_pair(inputs[1].name, inputs[0].name)) {
        first = 1;
    } else if (!is_pair(inputs[0].name, inputs[1].name)) {
        throw InputError(
            fmt::format("{}: the names '{}' and '{}' do not say which operand is the activation (accumulator): name it "
                        "with --a",
                        request.name, inputs[0].name, inputs[1].name));
    }
    op.a = inputs[first];
    op.b = inputs[1 - first];
}

std::vector<Reading> possible_readings(const Operator& op, const Request& request, const Design& design) {
    std::vector<Reading> readings;
    for (const OperatorKind kind : possible_kinds(op, request)) {
        if (request.is_signed) {
            readings.push_back({kind, *request.is_signed, *request.is_signed, *request.is_signed});
        } else if (design.has_signed_ports && (op.a.is_signed || op.b.is_signed)) {
            readings.push_back({kind, op.a.is_signed, op.b.is_signed, true});
        } else {
            readings.push_back({kind, false, false, false});
            readings.push_back({kind, true, true, true});
        }
    }
    return readings;
}

std::optional<std::string> choose_reading(Operator& op, const std::vector<Reading>& readings, const Request& request,
                                          const Evaluations& evaluations) {
    constexpr double clearly = 8;  // times smaller than the other's error
    std::vector<double> errors;
    for (const Reading& reading : readings) errors.push_back(mean_abs_error(op, reading, evaluations));
    const size_t best = static_cast<size_t>(std::min_element(errors.begin(), errors.end()) - errors.begin());
    std::optional<std::string> note;
    for (size_t i = 0; i < readings.size(); ++i) {
        if (i == best) continue;
        const bool same_kind = readings[i].kind == readings[best].kind;
        // Both readings of a modular sum are the same circuit.
        if (same_kind && errors[i] == errors[best] && op.y.bits == op.a.bits) continue;
        if (errors[best] * clearly > errors[i])
            throw InputError(fmt::format(
                "{}: mean absolute error {:g} read as {} {}, {:g} read as {} {}: say which it is with {}", request.name,
                errors[best], readings[best].a_signed ? "signed" : "unsigned", sim::to_string(readings[best].kind),
                errors[i], readings[i].a_signed ? "signed" : "unsigned", sim::to_string(readings[i].kind),
                same_kind ? "--signed or --unsigned" : "--kind"));
        if (same_kind)
            note = fmt::format("{}: read as {} (mean absolute error {:g}, against {:g} read as {})", request.name,
                               readings[best].a_signed ? "signed" : "unsigned", errors[best], errors[i],
                               readings[i].a_signed ? "signed" : "unsigned");
    }
    const Reading& chosen = readings[best];
    const double range = std::ldexp(1.0, op.y.bits + op.y_lsb);
    constexpr double absurd = 1.0 / 16;  // of the range: random bits are at about a quarter
    if (!request.kind && errors[best] > absurd * range)
        throw InputError(fmt::format(
            "{}: by its widths a{} {}, but its mean absolute error is {:.0f}% of the range: say what it is with "
            "--kind, and which port is which with --a, --b",
            request.name, chosen.kind == OperatorKind::adder ? "n" : "", sim::to_string(chosen.kind),
            100 * errors[best] / range));
    op.kind = chosen.kind;
    op.a.is_signed = chosen.a_signed;
    op.b.is_signed = chosen.b_signed;
    op.y.is_signed = chosen.y_signed;
    return note;
}

}  // namespace concrete::gen

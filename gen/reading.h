#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gen/elaborate.h"
#include "gen/generate.h"
#include "sim/operator.h"

namespace concrete::gen {

/// Sets op.a, op.b and op.y (name, width, declared sign) from the request, else from the names of the design's ports:
/// after their common letters are taken away, the inputs must be a known pair (a/b, x/y, x/w, 0/1, lhs/rhs, ...).
/// Throws: InputError naming all ports unless there are two inputs and one output, or where names leave doubt.
void assign_ports(sim::Operator& op, const Request& request, const Design& design);

/// What the bits of a module may mean.
struct Reading {
    sim::OperatorKind kind = sim::OperatorKind::multiplier;
    bool a_signed = false, b_signed = false, y_signed = false;
};

/// The readings that request, widths and declared signs leave open, at least one. A sign asked for counts for all
/// ports; declared signs count as they stand (an output is signed if an input is); without either both are open.
/// Throws: InputError if the widths fit neither a product nor a sum.
std::vector<Reading> possible_readings(const sim::Operator& op, const Request& request, const Design& design);

/// Operand pairs with what the module gives for them, as patterns.
struct Evaluations {
    std::vector<uint64_t> a, b, y;
};

/// Chooses the reading whose mean absolute error is at most an eighth of every other's (definitions, "Signedness"), and
/// sets op's kind and signs. Returns a sentence that says what was found where there was a choice.
/// Throws: InputError where there is doubt: names --signed, --unsigned or --kind.
std::optional<std::string> choose_reading(sim::Operator& op, const std::vector<Reading>& readings,
                                          const Request& request, const Evaluations& evaluations);

}  // namespace concrete::gen

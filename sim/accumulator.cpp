#include "sim/accumulator.h"

#include <fmt/format.h>

#include "sim/error.h"

namespace concrete::sim {

void check(const AccumulatorSpec& spec) {
    if (spec.bits < 2 || spec.bits > 64) {
        throw RangeError(fmt::format("accumulator: {} bits; expected 2 to 64", spec.bits));
    }
    if (spec.or_bits < 0 || spec.or_bits > spec.bits) {
        throw RangeError(
            fmt::format("accumulator: a lower-part-OR adder with {} OR-ed bits; expected 0 to {}, the width",
                        spec.or_bits, spec.bits));
    }
}

AccumulatorSpec make_accumulator(int bits, Overflow overflow, std::shared_ptr<const Operator> adder) {
    AccumulatorSpec spec{bits, overflow, 0, nullptr};
    check(spec);
    const Operator& op = *adder;
    if (op.kind != OperatorKind::adder) {
        throw InputError(fmt::format("{}: a {} where an adder is expected", op.name, to_string(op.kind)));
    }
    if (op.a.bits != bits || op.b.bits != bits || (op.y.bits != bits && op.y.bits != bits + 1)) {
        throw InputError(
            fmt::format("{}: its ports have {}, {} and {} bits; an accumulator of {} bits needs {}, {} and {} or {}",
                        op.name, op.a.bits, op.b.bits, op.y.bits, bits, bits, bits, bits, bits + 1));
    }
    switch (op.closed_form) {
        case ClosedForm::sum:
            return spec;
        case ClosedForm::lower_part_or:
            spec.or_bits = op.or_bits;
            check(spec);
            return spec;
        default:
            break;
    }
    if (op.lut.empty() && !op.netlist) {
        throw InputError(
            fmt::format("{}: an adder of {} bits has neither a table nor a closed form (tables go up to 12 bits), and "
                        "no netlist{}{}",
                        op.name, bits, op.netlist_absence.empty() ? "" : ": ", op.netlist_absence));
    }
    spec.adder = std::move(adder);
    return spec;
}

}  // namespace concrete::sim

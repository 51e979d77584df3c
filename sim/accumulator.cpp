#include "sim/accumulator.h"

#include <fmt/format.h>

#include "sim/error.h"

namespace concrete::sim {

LowerPart lower_part_of(ClosedForm form) {
    switch (form) {
        case ClosedForm::lower_part_or_only:
            return LowerPart::or_only;
        case ClosedForm::lower_part_zero:
            return LowerPart::zero;
        case ClosedForm::lower_part_one:
            return LowerPart::one;
        case ClosedForm::lower_part_copy:
            return LowerPart::copy;
        case ClosedForm::lower_part_eta_i:
            return LowerPart::eta_i;
        default:
            return LowerPart::or_with_carry;
    }
}

std::string adder_label(const AccumulatorSpec& spec) {
    if (spec.adder) return spec.adder->name;
    if (spec.or_bits == 0) return "exact";
    const auto name = [&spec] {
        switch (spec.lower_part) {
            case LowerPart::or_with_carry:
                return "loa";
            case LowerPart::or_only:
                return "or_only";
            case LowerPart::zero:
                return "zero";
            case LowerPart::one:
                return "one";
            case LowerPart::copy:
                return "copy";
            case LowerPart::eta_i:
                return "eta_i";
        }
        return "unknown";
    };
    return fmt::format("{} {}", name(), spec.or_bits);
}

void check(const AccumulatorSpec& spec) {
    if (spec.bits < 2 || spec.bits > 64) {
        throw RangeError(fmt::format("accumulator: {} bits; expected 2 to 64", spec.bits));
    }
    if (spec.or_bits < 0 || spec.or_bits > spec.bits) {
        throw RangeError(fmt::format("accumulator: an adder with a lower part of {} bits; expected 0 to {}, the width",
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
    if (op.closed_form == ClosedForm::sum) return spec;
    if (has_lower_part(op.closed_form)) {
        spec.or_bits = op.or_bits;
        spec.lower_part = lower_part_of(op.closed_form);
        check(spec);
        return spec;
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

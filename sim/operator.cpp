#include "sim/operator.h"

#include <fmt/format.h>
#include <limits>

#include "sim/error.h"
#include "sim/hash.h"

namespace concrete::sim {

std::string to_string(OperatorKind kind) {
    switch (kind) {
        case OperatorKind::multiplier:
            return "multiplier";
        case OperatorKind::adder:
            return "adder";
        case OperatorKind::mac:
            return "mac";
    }
    return "multiplier";
}

std::string to_string(ClosedForm form) {
    switch (form) {
        case ClosedForm::none:
            return "none";
        case ClosedForm::product:
            return "product";
        case ClosedForm::sum:
            return "sum";
        case ClosedForm::lower_part_or:
            return "lower_part_or";
        case ClosedForm::lower_part_or_only:
            return "lower_part_or_only";
        case ClosedForm::lower_part_zero:
            return "lower_part_zero";
        case ClosedForm::lower_part_one:
            return "lower_part_one";
        case ClosedForm::lower_part_copy:
            return "lower_part_copy";
        case ClosedForm::lower_part_eta_i:
            return "lower_part_eta_i";
    }
    return "none";
}

int64_t lowest_code(const Port& port) {
    return port.is_signed ? decode(uint64_t{1} << (port.bits - 1), port.bits, true) : 0;
}

int64_t highest_code(const Port& port) {
    if (port.is_signed) return -(lowest_code(port) + 1);
    if (port.bits >= 64) {
        throw RangeError(fmt::format("port '{}': 64 unsigned bits exceed a signed 64-bit code", port.name));
    }
    return decode(~uint64_t{0}, port.bits, false);
}

bool fits_table(const Operator& op) {
    const bool y_fits = op.y.bits < 32 || (op.y.bits == 32 && op.y.is_signed);
    return op.kind != OperatorKind::mac && op.a.bits + op.b.bits <= kMaxTableBits && y_fits;
}

bool fits_decomposition(const Operator& op) {
    return op.kind == OperatorKind::multiplier && fits_table(op) && op.a.bits <= 8 && op.b.bits <= 8;
}

int netlist_input_bits(const Operator& op) {
    return op.a.bits + op.b.bits + (op.kind == OperatorKind::mac ? op.y.bits : 0);
}

uint64_t evaluate_netlist(const Operator& op, uint64_t a_raw, uint64_t b_raw, uint64_t acc_raw) {
    std::vector<uint64_t> inputs;
    const auto add = [&](uint64_t raw, int bits) {
        for (int i = 0; i < bits; ++i) inputs.push_back(raw >> i & 1);
    };
    add(a_raw, op.a.bits);
    add(b_raw, op.b.bits);
    if (op.kind == OperatorKind::mac) add(acc_raw, op.y.bits);
    const std::vector<uint64_t> outputs = evaluate64(*op.netlist, inputs);
    uint64_t y = 0;
    for (size_t i = 0; i < outputs.size(); ++i) y |= (outputs[i] & 1) << i;
    return y;
}

std::string content_hash(const Operator& op) {
    Sha256 hash;
    hash.add(to_string(op.kind));
    for (const Port* port : {&op.a, &op.b, &op.y}) {
        hash.add(port->name).add(uint64_t(port->bits)).add(uint64_t{port->is_signed});
    }
    hash.add(uint64_t(op.y_lsb)).add(to_string(op.closed_form)).add(uint64_t(op.or_bits));
    hash.add(std::span<const int32_t>(op.lut));
    if (op.lut.empty() && op.netlist) {
        for (const Netlist::Node& node : op.netlist->nodes) {
            for (const uint32_t fanin : node.fanin) hash.add(uint64_t{fanin});
            hash.add(uint64_t{node.table});
        }
        for (const uint32_t output : op.netlist->outputs) hash.add(uint64_t{output});
    }
    if (op.mac) {
        hash.add(op.mac->clock).add(op.mac->clear).add(op.mac->enable).add(op.mac->init);
        hash.add(uint64_t{op.mac->clear_low}).add(static_cast<uint64_t>(op.mac->latency));
        hash.add(static_cast<uint64_t>(op.mac->clear_value));
    }
    hash.add(uint64_t{op.sources.files.size()});
    for (const Sources::File& file : op.sources.files) {
        hash.add(file.path).add(file.text).add(uint64_t{file.is_include});
    }
    hash.add(op.sources.top).add(uint64_t{op.sources.parameters.size()});
    for (const auto& [name, value] : op.sources.parameters) hash.add(name).add(value);
    for (const std::string& define : op.sources.defines) hash.add(define);
    return hash.hex();
}

}  // namespace concrete::sim

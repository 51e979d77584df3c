#include "sim/table_export.h"

#include <cctype>
#include <fmt/format.h>
#include <iterator>

#include "sim/error.h"

namespace concrete::sim {

namespace {

constexpr size_t kNpyAlignment = 64;
constexpr size_t kNumbersPerLine = 16;

void append_values(const Operator& op, std::string& out) {
    out.reserve(out.size() + op.lut.size() * 4);
    for (const int32_t y : op.lut) {
        for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>(static_cast<uint32_t>(y) >> shift);
    }
}

/// NumPy's format 1.0: magic, header length, a Python literal padded so that values start at a multiple of 64.
std::string npy(const Operator& op) {
    std::string header = fmt::format("{{'descr': '<i4', 'fortran_order': False, 'shape': ({}, {}), }}",
                                     size_t{1} << op.a.bits, size_t{1} << op.b.bits);
    constexpr size_t kPreamble = 10;
    header.append(kNpyAlignment - (kPreamble + header.size() + 1) % kNpyAlignment, ' ');
    header += '\n';
    std::string out("\x93NUMPY\x01\x00", 8);
    out += static_cast<char>(header.size() & 0xff);
    out += static_cast<char>(header.size() >> 8);
    out += header;
    append_values(op, out);
    return out;
}

std::string csv(const Operator& op) {
    std::string out = "a,b,y\n";
    const uint64_t rows = uint64_t{1} << op.a.bits, columns = uint64_t{1} << op.b.bits;
    for (uint64_t a = 0; a < rows; ++a) {
        for (uint64_t b = 0; b < columns; ++b) {
            fmt::format_to(std::back_inserter(out), "{},{},{}\n", decode(a, op.a.bits, op.a.is_signed),
                           decode(b, op.b.bits, op.b.is_signed), lookup(op, a, b));
        }
    }
    return out;
}

/// The operator's name as a C identifier.
std::string c_name(const Operator& op) {
    std::string name = op.name;
    for (char& c : name) {
        if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
    }
    return std::isdigit(static_cast<unsigned char>(name[0])) != 0 ? "op_" + name : name;
}

/// Text that cannot end a C comment, whoever wrote the operator file.
std::string in_comment(std::string text) {
    for (size_t at; (at = text.find("*/")) != std::string::npos;) text.replace(at, 2, "* /");
    return text;
}

std::string describe(const Port& port) {
    return fmt::format("{}-bit {}", port.bits, port.is_signed ? "two's complement" : "unsigned");
}

std::string c_header(const Operator& op) {
    const std::string name = c_name(op);
    const size_t rows = size_t{1} << op.a.bits, columns = size_t{1} << op.b.bits;
    std::string out = fmt::format(
        "/* {}: {} as a table, {}[a][b] with the raw bit patterns of a ({}) and b ({}) as indices.\n"
        "   Result = entry * 2^{}. Sources: SHA-256 {}. */\n"
        "#pragma once\n#include <stdint.h>\n\nstatic const int32_t {}[{}][{}] = {{\n",
        in_comment(op.name), to_string(op.kind), name, describe(op.a), describe(op.b), op.y_lsb,
        in_comment(op.sources_sha256), name, rows, columns);
    for (size_t a = 0; a < rows; ++a) {
        out += "    {";
        for (size_t b = 0; b < columns; ++b) {
            if (b > 0) out += b % kNumbersPerLine == 0 ? ",\n     " : ", ";
            const int32_t y = lookup(op, a, b);
            // C has no literal for the lowest int32_t: -2147483648 is minus a long.
            if (y == INT32_MIN)
                out += "INT32_MIN";
            else
                fmt::format_to(std::back_inserter(out), "{}", y);
        }
        out += "},\n";
    }
    return out + "};\n";
}

}  // namespace

std::string export_table(const Operator& op, TableFormat format) {
    if (op.lut.empty()) {
        throw InputError(
            fmt::format("{}: has no table to export; tables go up to {} input bits", op.name, kMaxTableBits));
    }
    switch (format) {
        case TableFormat::bin: {
            std::string out;
            append_values(op, out);
            return out;
        }
        case TableFormat::csv:
            return csv(op);
        case TableFormat::npy:
            return npy(op);
        case TableFormat::h:
            return c_header(op);
    }
    return "";
}

}  // namespace concrete::sim

#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "sim/operator.h"

namespace concrete::gen {

/// Most input bits of a table that is imported. The tools take its Verilog in seconds up to here, in minutes beyond.
inline constexpr int kMaxImportBits = 18;

/// How a table is to be read.
struct TableFormat {
    int a_bits = 0, b_bits = 0;     ///< at least 1; both 0: read from the shape of an .npy file
    int y_bits = 0;                 ///< 1 to 32; 0: a_bits + b_bits, of an adder a_bits + 1
    std::optional<bool> is_signed;  ///< what the user says about all ports
    sim::OperatorKind kind = sim::OperatorKind::multiplier;
};

/// A truth table: y for every pair of raw codes, row-major, index a * 2^b_bits + b.
struct Table {
    int a_bits = 0, b_bits = 0, y_bits = 0;
    std::vector<uint32_t> y;  ///< patterns below 2^y_bits
};

/// Reads a truth table in row-major order of raw codes (two's-complement patterns). The ending of the name says how it
/// is written:
///
/// - .bin: integers of 1, 2, 4 or 8 bytes, little-endian; the size of the file says which;
/// - .npy: NumPy's format, such integers, in C order, shape (2^a_bits, 2^b_bits) or flat;
/// - .h, .c: the first C array initializer, flat or with braces around each row;
/// - .txt, .csv, .tsv, .dat: one y a line; or a, b and y a line in any order of pairs, a and b as raw or as signed
///   codes; or the 2^b_bits values of a row a line. Between numbers: blanks, tabs, commas, semicolons. Header line,
///   empty lines and what follows # or // are passed over.
///
/// Throws: InputError naming the file, the line where there are lines, what was found and what was expected; RangeError
/// for widths out of range.
Table read_table(const std::filesystem::path& file, const TableFormat& format);

/// Verilog that computes the table: a module with ports a, b, y, named by the table's hash, so that those of two tables
/// can be simulated together. Its comment names `origin`.
sim::Sources table_sources(const Table& table, const std::string& origin);

/// True for what table_sources() made, by its name and the comment above it. Verilator takes such a circuit in a
/// second; logic synthesis works on the same for minutes (Yosys 0.23, 8 x 8: more than 40 s of CPU time), and finds no
/// circuit worth having.
bool is_imported_table(const sim::Sources& sources);

}  // namespace concrete::gen

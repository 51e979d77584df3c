#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/decomposition.h"
#include "sim/host_device.h"
#include "sim/netlist.h"

namespace concrete::sim {

/// Words of this folder, and of the whole project:
///
///     a ──┐                      a: activation (for an adder: the accumulator)
///         ├─ MUL ─ p ─┐          b: weight     (for an adder: the addend)
///     b ──┘           ├─ ADD ─▶ acc
///              acc ───┘          A code is an integer, a value is real: value = scale * (code - zero_point).
enum class OperatorKind {
    multiplier,
    adder,
    mac,  ///< a clocked multiply-accumulate unit: acc <= F(acc, a, b)
};

/// "multiplier", "adder" or "mac".
std::string to_string(OperatorKind kind);

/// What an operator computes where no table can hold it. Claimed by the catalogue and checked by `gen` on the sweep.
enum class ClosedForm {
    none,
    product,  ///< a * b
    sum,      ///< a + b modulo 2^y_bits
    // Adders with a lower part of Operator::or_bits bits, the kinds of LowerPart in sim/accumulator.h.
    lower_part_or,  ///< LowerPart::or_with_carry
    lower_part_or_only,
    lower_part_zero,
    lower_part_one,
    lower_part_copy,
    lower_part_eta_i,
};

/// All of them.
inline constexpr ClosedForm kClosedForms[] = {ClosedForm::none,
                                              ClosedForm::product,
                                              ClosedForm::sum,
                                              ClosedForm::lower_part_or,
                                              ClosedForm::lower_part_or_only,
                                              ClosedForm::lower_part_zero,
                                              ClosedForm::lower_part_one,
                                              ClosedForm::lower_part_copy,
                                              ClosedForm::lower_part_eta_i};

/// "none", "product", "sum", "lower_part_or", ...: as in the source.
std::string to_string(ClosedForm form);

/// True for an adder with a lower part.
inline bool has_lower_part(ClosedForm form) {
    return form != ClosedForm::none && form != ClosedForm::product && form != ClosedForm::sum;
}

struct Port {
    std::string name;  ///< as in the Verilog
    int bits = 0;      ///< 1 to 64
    bool is_signed = false;

    bool operator==(const Port&) const = default;
};

/// Lowest and highest integer a port can carry. Throws: RangeError for an unsigned port of 64 bits.
int64_t lowest_code(const Port& port);
int64_t highest_code(const Port& port);

/// The Verilog an operator was made from, complete, so that it can be simulated again anywhere.
struct Sources {
    struct File {
        std::string path;  ///< relative, without "..": where it stood below the folder of the first source
        std::string text;
        bool is_include = false;  ///< found by `include, not named on the command line
        bool operator==(const File&) const = default;
    };
    std::vector<File> files;
    std::string top;
    std::map<std::string, std::string> parameters;  ///< values as given to Verilator's -G
    std::vector<std::string> defines;               ///< NAME or NAME=VALUE, as given to -D

    bool operator==(const Sources&) const = default;
};

/// Error figures over all operand pairs (or over the declared sample). error = approximate - exact; an adder without
/// carry-out is compared modulo 2^y_bits. Names and definitions: EvoApproxLib (Mrazek et al., DATE 2017).
struct Metrics {
    double mae = 0;             ///< mean |error|
    double mae_percent = 0;     ///< of 2^(y_bits + y_lsb)
    double wce = 0;             ///< max |error|
    double wce_percent = 0;     ///< of 2^(y_bits + y_lsb)
    double wcre_percent = 0;    ///< max |error| / max(1, |exact|)
    double ep_percent = 0;      ///< share of pairs with an error
    double mre_percent = 0;     ///< mean |error| / max(1, |exact|)
    double mse = 0;             ///< mean error^2
    double mean_error = 0;      ///< bias
    double error_variance = 0;  ///< mse - mean_error^2
    double nmed = 0;            ///< mae / max |exact|

    bool operator==(const Metrics&) const = default;
};

/// Half-widths of the 95 % confidence intervals of figures that come from a sample (normal approximation); 0 for those
/// over all pairs. Worst cases of a sample are lower bounds.
struct Confidence {
    double mae = 0, ep_percent = 0, mre_percent = 0, mse = 0, mean_error = 0;

    bool operator==(const Confidence&) const = default;
};

/// How a netlist was shown to be the circuit of the Verilog.
struct Equivalence {
    bool exhaustive = false;  ///< compared with the Verilated model on every input
    bool formal = false;      ///< proven against the elaborated source by combinational equivalence checking (ABC cec)
    uint64_t vectors = 0;     ///< inputs on which it was compared with the Verilated model, all corners among them
    uint64_t seed = 0;        ///< of these vectors; meaningful if not exhaustive

    bool operator==(const Equivalence&) const = default;
};

/// What a circuit costs, before layout: figures to compare operators by, not those of silicon. The exact operator of
/// the same kind, widths and signs stands beside it.
struct Cost {
    double gates = 0;   ///< two-input AND/XOR gates after synthesis, inverters free
    double nodes = 0;   ///< 3-input look-up nodes
    double depth = 0;   ///< nodes on the longest path
    double energy = 0;  ///< toggles of nodes between two random operand pairs, each weighted by 1 + its fan-out

    bool operator==(const Cost&) const = default;
};

/// The clocked module of a MAC unit: how its ports are driven.
struct MacInterface {
    std::string clock, clear, enable, init;  ///< port names; clear, enable and init may be absent ("")
    bool clear_low = false;                  ///< clear is active low
    int latency = 1;          ///< clock edges from operands to the accumulator that holds their product, 1 to 8
    int64_t clear_value = 0;  ///< of the accumulator after clear, without an init port

    bool operator==(const MacInterface&) const = default;
};

/// One operator, as its file holds it (docs/operator-file.md).
struct Operator {
    std::string name;
    OperatorKind kind = OperatorKind::multiplier;
    Port a, b, y;
    int y_lsb = 0;  ///< value of the product = y * 2^y_lsb
    ClosedForm closed_form = ClosedForm::none;
    int or_bits = 0;  ///< bits of the lower part, 0 where there is none

    Sources sources;
    std::string sources_sha256;
    std::map<std::string, std::string> tools;  ///< "verilator" -> "5.006", ...

    bool exhaustive = false;  ///< metrics and closed form were checked on every pair
    uint64_t swept_pairs = 0;
    uint64_t sample_seed = 0;  ///< meaningful if not exhaustive
    Metrics metrics;
    Confidence confidence;

    /// y as a signed integer, [2^a_bits][2^b_bits] row-major, indexed by raw codes (two's-complement patterns). Empty
    /// where a_bits + b_bits > 24 or y needs more than 32 signed bits.
    std::vector<int32_t> lut;

    /// The circuit as look-up nodes. Inputs: the bits of a, then those of b (mac: then those of the accumulator before
    /// the step, y.bits many), each from bit 0 on; outputs: the bits of y. Absent where no synthesis tool took the
    /// Verilog; netlist_absence then says why.
    std::optional<Netlist> netlist;
    std::string netlist_absence;
    Equivalence equivalence;  ///< of the netlist

    /// The table as products of one-operand tables, where fits_decomposition() and gen found one of few enough terms;
    /// else decomposition_absence says why not. The bound, where known, is the fewest terms that any could have.
    std::optional<Decomposition> decomposition;
    std::optional<size_t> decomposition_bound;
    std::string decomposition_absence;

    std::optional<Cost> cost, exact_cost;  ///< of the netlist, and of the exact operator of the same ports

    std::optional<MacInterface> mac;  ///< of a MAC unit

    bool operator==(const Operator&) const = default;
};

/// Most input bits of an operator that keeps a table.
inline constexpr int kMaxTableBits = 24;

/// True where a table can hold the operator: no MAC unit, a_bits + b_bits <= 24, y within 32 signed bits. Its file then
/// has one.
bool fits_table(const Operator& op);

/// True for multipliers whose tables gen decomposes: with a table and operands of at most 8 bits.
bool fits_decomposition(const Operator& op);

/// Value at raw codes. Requires: a table, a_raw < 2^a_bits, b_raw < 2^b_bits.
inline int32_t lookup(const Operator& op, uint64_t a_raw, uint64_t b_raw) {
    return op.lut[(a_raw << op.b.bits) | b_raw];
}

/// Sign- or zero-extends the low `bits` bits of a pattern (1 <= bits <= 64).
CONCRETE_HOST_DEVICE inline int64_t decode(uint64_t pattern, int bits, bool is_signed) {
    const int shift = 64 - bits;
    return is_signed ? static_cast<int64_t>(pattern << shift) >> shift
                     : static_cast<int64_t>((pattern << shift) >> shift);
}

/// The low `bits` bits of a code (1 <= bits <= 64).
CONCRETE_HOST_DEVICE inline uint64_t encode(int64_t code, int bits) {
    return static_cast<uint64_t>(code) & (~uint64_t{0} >> (64 - bits));
}

/// Bits that the operator's netlist reads: those of a and b, and of a MAC unit also the accumulator's.
int netlist_input_bits(const Operator& op);

/// y as raw pattern at raw codes, from the netlist; acc_raw: the accumulator before the step of a MAC unit, else 0.
/// Slow and obvious. Requires: a netlist.
uint64_t evaluate_netlist(const Operator& op, uint64_t a_raw, uint64_t b_raw, uint64_t acc_raw = 0);

/// Identifies what the operator computes: SHA-256 of kind, ports, table (else netlist), closed form, and sources.
std::string content_hash(const Operator& op);

/// Reads an operator file, after a first complete read in a guarded child process, since HDF5 itself can crash on
/// hostile files. Throws: InputError naming the file, the item, what was found and what was expected.
Operator load_operator(const std::filesystem::path& path);

/// Writes an operator file atomically and byte-reproducibly. Throws: InputError if the folder is not writable.
void save_operator(const Operator& op, const std::filesystem::path& path);

}  // namespace concrete::sim

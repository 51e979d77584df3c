#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sim/operator.h"

namespace concrete::gen {

/// One operator to make from Verilog.
struct Request {
    std::string name;
    sim::Sources sources;
    std::optional<sim::OperatorKind> kind;              ///< worked out from widths and error if not given
    std::optional<std::string> a_port, b_port, y_port;  ///< worked out from names if not given (gen/reading.h)
    /// Of a MAC unit, beside a, b and y: worked out from names if not given (gen/mac_unit.h).
    std::optional<std::string> clock_port, clear_port, enable_port, init_port;
    std::optional<int> latency;     ///< of a MAC unit: what it must turn out to be
    std::optional<bool> is_signed;  ///< of all ports; explicit `signed` in the Verilog if not given
    int y_lsb = 0;
    sim::ClosedForm closed_form = sim::ClosedForm::none;  ///< a claim, checked on the sweep
    int or_bits = 0;           ///< bits of the lower part; beyond the operand width it counts as the width ...
    int or_bits_less = 0;      ///< ... and so many of them, if there are so many, belong to the upper part after all
    int exhaustive_bits = 32;  ///< error figures over all pairs up to so many input bits (24 to 32) ...
    uint64_t samples = uint64_t{1} << 24;  ///< ... beyond, over so many pairs; as many are compared with the Verilog
    uint64_t seed = 1;
    /// An operator without a table (up to 32 input bits) is simulated on all pairs nevertheless where a timed sample
    /// predicts at most so many seconds.
    double sweep_s = 0;
};

/// Done and total operators; called from the calling thread.
using Progress = std::function<void(size_t done, size_t total)>;

/// Sentences for the user about what was worked out ("mul: read as signed (...)"); called from the calling thread.
using Notes = std::function<void(const std::string& note)>;

/// Verilog -> operators.
///
///     elaborate ─▶ build one program for many Verilated models ─▶ sweep: table, figures ─┐
///          └─────▶ synthesize: netlist, cost ────────────────────────────────────────────┴─▶ compare
///
/// Sweeps run with unknown values 0 and 1: a difference is an error. Up to 24 input bits all pairs are simulated, and
/// the netlist must give the same on each. Wider operators are simulated on a sample with all corners (all pairs within
/// Request::sweep_s) and compared likewise; their netlist is proven equal to the elaborated source, too, and gives the
/// error figures. What Yosys alone refuses has no netlist, and must fit a table.
///
/// A request of kind mac is for a clocked unit: see make_mac_unit() in gen/mac_unit.h.
///
/// Results are kept in cache_folder()/operators by hash of request, sources and tool versions; an entry that does not
/// read back is made again. They depend on neither the number of threads nor the company an operator is made in.
/// Throws: InputError naming the request and what leaves doubt, a pair that contradicts the closed form or on which
/// netlist and simulation differ, or what elaborate() refuses; RangeError for exhaustive_bits outside 24 to 32;
/// MissingError without Verilator, g++ or Yosys.
std::vector<sim::Operator> generate(std::span<const Request> requests, int threads, const Progress& progress = {},
                                    const Notes& notes = {});

}  // namespace concrete::gen

#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sim/operator.h"

namespace concrete::gen {

/// Largest number of input bits that keeps a table (design contract).
inline constexpr int kTableBits = 24;

/// One operator to make from Verilog.
struct Request {
    std::string name;
    sim::Sources sources;
    std::optional<sim::OperatorKind> kind;              ///< worked out from the error against + and * if not given
    std::optional<std::string> a_port, b_port, y_port;  ///< worked out from names and order if not given
    std::optional<bool> is_signed;                      ///< of all ports; explicit `signed` in the Verilog if not given
    int y_lsb = 0;
    sim::ClosedForm closed_form = sim::ClosedForm::none;  ///< a claim, checked on the sweep
    int or_bits = 0;
    int exhaustive_bits = 24;              ///< sweep all pairs up to so many input bits (24 to 32) ...
    uint64_t samples = uint64_t{1} << 24;  ///< ... beyond, so many pairs, all corner pairs among them
    uint64_t seed = 1;
};

/// Done and total operators; called from the calling thread.
using Progress = std::function<void(size_t done, size_t total)>;

/// Verilog -> operators: elaborate, check, build one Verilated model for many operators, sweep (with unknown values 0
/// and 1: a difference is an error), compute metrics. Results are cached by hash of request, sources and tool versions.
/// Throws: InputError naming the request and what leaves doubt; MissingError.
std::vector<sim::Operator> generate(std::span<const Request> requests, int threads, const Progress& progress = {});

}  // namespace concrete::gen

#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "sim/operator.h"

namespace concrete::gen {

/// The Verilated modules of some operators, ready to be evaluated in a child process.
class RtlOperators {
  public:
    /// Needs name, ports and sources of each operator. One program for all of them (two for two threads).
    RtlOperators(std::span<const sim::Operator> operators, int threads);

    /// y as raw pattern of operator i for raw operand pairs.
    std::vector<uint64_t> evaluate(size_t i, std::span<const uint64_t> a_raw, std::span<const uint64_t> b_raw) const;

    /// y as raw pattern for all pairs, row-major by a. Requires a_bits + b_bits <= 32. x_value: what unknown bits are
    /// set to.
    std::vector<uint32_t> sweep(size_t i, int x_value = 0) const;

  private:
    struct Program {
        std::filesystem::path path;
        size_t first, count;
    };
    std::vector<sim::Operator> operators_;
    std::vector<Program> programs_;
};

}  // namespace concrete::gen

#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "gen/elaborate.h"
#include "sim/operator.h"

namespace concrete::gen {

/// The Verilated modules of some operators, ready to be evaluated in child processes.
///
/// Every pair is evaluated twice: by a model whose unknown (x) values are 0, in the order given, and by one where they
/// are 1, in reverse order. A circuit whose output depends on unknown values or on what it saw before gives itself
/// away.
class RtlOperators {
  public:
    /// Needs name, ports and sources of each operator. Elaborates all, then builds up to `threads` programs at a time.
    /// Throws: InputError naming the operator for sources that elaborate() refuses or that lack its ports;
    /// MissingError.
    RtlOperators(std::span<const sim::Operator> operators, int threads);

    /// y as raw pattern of operator i for raw operand pairs (a_raw and b_raw equally long).
    /// Throws: InputError naming the operands where unknown or remembered values reach the output; RangeError for
    /// operands wider than their ports.
    std::vector<uint64_t> evaluate(size_t i, std::span<const uint64_t> a_raw, std::span<const uint64_t> b_raw) const;

    /// y as raw pattern for all pairs, row-major by a. Requires a_bits + b_bits <= 32 and y_bits <= 32.
    /// Throws: InputError as evaluate.
    std::vector<uint32_t> sweep(size_t i) const;

    /// y for `count` pairs of that sweep from the pair numbered `first` on (a * 2^b_bits + b), y of up to 64 bits.
    std::vector<uint64_t> sweep_range(size_t i, uint64_t first, uint64_t count) const;

    const Design& design(size_t i) const { return designs_[i]; }

  private:
    struct Place {
        size_t program, index;
    };
    /// Runs the program of operator i on [first, first + count) of a sweep, or on the pairs of a file.
    template <typename T>
    std::vector<T> run(size_t i, const std::vector<std::string>& arguments, uint64_t pairs) const;
    /// part(first, count) for parts of [0, total), one process each, put together again.
    template <typename T, typename Part>
    std::vector<T> in_parts(uint64_t total, const Part& part) const;
    template <typename T>
    std::vector<T> run_range(size_t i, uint64_t first, uint64_t count) const;

    std::vector<sim::Operator> operators_;
    std::vector<Design> designs_;
    std::vector<std::filesystem::path> programs_;
    std::vector<Place> places_;
    int threads_;
};

}  // namespace concrete::gen

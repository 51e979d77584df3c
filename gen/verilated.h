#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "sim/operator.h"

namespace concrete::gen {

/// Verilog turned into a program by Verilator and g++: `driver` is C++20 with a main() that includes "Vtop.h" (class
/// Vtop, whatever the top is called) and talks to its caller through arguments and files.
///
/// Unknown (x) values are set at construction of the model (--x-assign unique, --x-initial unique): the driver
/// chooses 0 or 1 for them through VerilatedContext::randReset(0 or 1), before it makes the model. With several
/// contexts it calls Verilated::threadContextp(&context) before the first eval() of each model.
struct VerilatedSpec {
    sim::Sources sources;  ///< may hold several operators, plus a wrapper as top
    std::string driver;    ///< C++ text
    bool optimize = true;  ///< g++ -O2 for long runs; false: -O1, faster to build
};

/// Builds the program, or finds it in the cache (by hash of everything that goes in, tool versions included). The
/// sources are elaborated first (gen/elaborate.h, clocked circuits allowed), so that nothing hostile is compiled. The
/// Verilator runtime is compiled once a machine and kept beside it.
/// Throws: MissingError if verilator or g++ is absent; InputError with the first message of the tool that refused.
std::filesystem::path build_verilated(const VerilatedSpec& spec);

namespace detail {

/// One of several models in a program: class PREFIX, in "PREFIX.h". The prefix keeps equal module names apart.
struct Model {
    std::string prefix;
    sim::Sources sources;
};

/// As build_verilated, for models the caller has elaborated with exactly these sources.
std::filesystem::path build_models(std::span<const Model> models, const std::string& driver, bool optimize);

/// What g++ says is wrong: its first line that speaks of an error, shortened.
std::string first_error(const std::string& compiler_output);

}  // namespace detail
}  // namespace concrete::gen

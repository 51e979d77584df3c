#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "gen/process.h"
#include "sim/operator.h"

namespace concrete::gen {

/// Verilog turned into a program by Verilator and g++: `driver` is C++ with a main() that includes "Vtop.h" (class
/// Vtop, whatever the top is called) and talks to its caller through arguments and files.
///
/// Unknown (x) values are set at construction of the model (--x-assign unique, --x-initial unique): the driver
/// chooses 0 or 1 for them through VerilatedContext::randReset(0 or 1).
struct VerilatedSpec {
    sim::Sources sources;                      ///< may hold several operators, plus a wrapper as top
    std::string driver;                        ///< C++ text
    std::vector<std::string> verilator_flags;  ///< further flags, "-Wno-fatal" and "-Wno-lint" are always given
    bool optimize = true;                      ///< g++ -O2 for long runs; false: -O1, faster to build
};

/// Builds the program, or finds it in the cache (by hash of everything that goes in, tool versions included). The
/// Verilator runtime is compiled once a machine and kept beside it.
/// Throws: MissingError if verilator or g++ is absent; InputError with the first message of the tool that refused.
std::filesystem::path build_verilated(const VerilatedSpec& spec);

}  // namespace concrete::gen

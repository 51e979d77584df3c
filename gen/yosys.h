#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "gen/process.h"
#include "sim/error.h"
#include "sim/operator.h"

namespace concrete::gen {

/// Yosys does not take Verilog that Verilator took, or gave up on its size: the operator can exist without a netlist.
struct SynthesisRefused : InputError {
    using InputError::InputError;
};

/// Most bytes of a file that Yosys or ABC may write.
inline constexpr uint64_t kMaxSynthesisFile = uint64_t{256} << 20;

/// A run of Yosys on a module of the user's, below a wrapper whose ports have names of our own.
struct YosysTask {
    struct Pin {
        const char* direction;  ///< "input" or "output"
        std::string name;       ///< of the wrapper's port
        std::string port;       ///< of the user's top
        int bits = 1;
    };
    std::vector<Pin> pins;
    /// Commands after the design was read and its hierarchy checked. Files of the folder are "../NAME" to them.
    std::string commands;
    /// What is wrong with the first cell that `commands` list in ../state.txt, if any, and what is expected instead:
    /// "WRONG (cell), expected EXPECTED".
    std::string wrong, expected;
    ProcessLimits limits;
};

/// Yosys reads what Verilator's preprocessor makes of the sources, without what could reach outside of it.
///
/// Args: folder: for its files; the sources go below it.
/// Throws: SynthesisRefused "Yosys refuses it: mul.v:7: ..." with its message, for cells in state.txt, and beyond the
/// limits; MissingError without Yosys; what check_sources() throws.
void run_yosys(const sim::Sources& sources, const YosysTask& task, const std::filesystem::path& folder);

/// Runs a script of ABC's in a folder, without the settings of its user (~/.abc.rc). Its exit status says nothing.
/// Throws: MissingError without yosys-abc.
ProcessResult run_abc(const std::string& script, const std::filesystem::path& folder, const ProcessLimits& limits);

/// Names of the bits of a port in files of Yosys and ABC: "a[0]", ...; of a port of one bit "a".
std::vector<std::string> bit_names(const std::string& port, int bits);

}  // namespace concrete::gen

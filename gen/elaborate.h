#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "sim/operator.h"

namespace concrete::gen {

/// A module's interface after elaboration.
struct Design {
    std::vector<sim::Port> inputs, outputs;  ///< in the order of the port list
    bool has_signed_ports = false;           ///< at least one port is declared signed
};

/// Reads Verilog files and everything they `include. Includes are searched below the folder of the including source
/// and in include_folders, nowhere else.
/// Throws: InputError for unreadable or too large files (16 MiB in all), for includes of files elsewhere, and for text
/// that reaches outside the simulation (`systemc_ blocks).
sim::Sources read_sources(const std::vector<std::filesystem::path>& files, const std::string& top,
                          const std::map<std::string, std::string>& parameters,
                          const std::vector<std::filesystem::path>& include_folders = {},
                          const std::vector<std::string>& defines = {});

/// Writes the files of `sources` below a folder; returns the paths of those to name on a command line.
std::vector<std::filesystem::path> write_sources(const sim::Sources& sources, const std::filesystem::path& folder);

/// Elaborates with Verilator and looks at every node of the result: only node kinds known to be harmless and
/// combinational are allowed.
/// Throws: InputError with file, line and Verilator's own message for Verilog that does not parse or elaborate
/// (unknown module, unknown parameter, width mismatch), has a latch, a clocked process, a combinational loop, an
/// undriven output, or anything that reaches outside the simulation ($system, $c, $fopen, $readmemh, DPI, ...).
Design elaborate(const sim::Sources& sources);

/// SHA-256 over the text of all files, top, parameters and defines.
std::string sources_hash(const sim::Sources& sources);

}  // namespace concrete::gen

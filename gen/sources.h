#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "gen/verilog_text.h"
#include "sim/operator.h"

namespace concrete::gen {

/// Reads Verilog files (.v, .sv, .vh, .svh) and everything they `include. As Verilator does, an include is searched
/// beside the file that names it, then beside the first file, then in include_folders; it must lie below the folder it
/// is found from, symbolic links resolved.
///
/// Paths in the result are relative to the folder of the first file; files from elsewhere stand below "_source<i>/",
/// those found in include_folders[i] below "_include<i>/". Letters that no operator file takes become _. Files stand in
/// the order given, except that a package stands before the files that use it.
///
/// Throws: InputError for files that are unreadable or too large (16 MiB in all), for includes by absolute path, with
/// "..", of files elsewhere or that are no Verilog by their name, for what sim::sources_problem() names, and for text
/// that reaches outside the simulation (`systemc_ blocks, DPI).
sim::Sources read_sources(const std::vector<std::filesystem::path>& files, const std::string& top,
                          const std::map<std::string, std::string>& parameters,
                          const std::vector<std::filesystem::path>& include_folders = {},
                          const std::vector<std::string>& defines = {});

/// Throws: InputError for what sim::sources_problem() names and for text that reaches outside the simulation. For
/// sources that come from a file: everything that writes or runs them calls this first.
void check_sources(const sim::Sources& sources);

/// Writes the files of `sources` below a folder; returns the paths of those to name on a command line, relative to it.
/// Throws: InputError as check_sources.
std::vector<std::string> write_sources(const sim::Sources& sources, const std::filesystem::path& folder);

/// Flags for Verilator, run in the folder of write_sources: include folders and -D (not -G: see parameter_flags).
std::vector<std::string> source_flags(const sim::Sources& sources);

/// -G flags for the parameters of the top module.
std::vector<std::string> parameter_flags(const sim::Sources& sources);

/// What a user calls a file of `sources`: without "_source<i>/" and "_include<i>/".
std::string display_path(const std::string& path);

/// SHA-256 over the text of all files, top, parameters and defines.
std::string sources_hash(const sim::Sources& sources);

}  // namespace concrete::gen

#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "sim/operator.h"

namespace concrete::sim {

/// Longest name, path, parameter value and define; most files, parameters and defines of an operator.
inline constexpr size_t kMaxNameLength = 200;
inline constexpr size_t kMaxSourceFiles = 1000;
inline constexpr size_t kMaxSettings = 100;

/// Letters, digits, _ and $, not beginning with a digit or $: as Verilog has them without a backslash.
bool is_identifier(std::string_view text);

/// At most kMaxNameLength letters from ' ' to '~'.
bool is_printable(std::string_view text);

/// .v, .sv, .vh or .svh: what may be compiled.
bool is_verilog_name(const std::filesystem::path& path);

/// These, and .inc, .vinc, .svinc, .def: what may be included. Nothing that a C++ compiler would pick up.
bool is_include_name(const std::filesystem::path& path);

/// A relative path of plain letters below its folder, without "." and "..".
bool is_plain_path(std::string_view path);

/// A value that means the same to Verilator's -G and between the brackets of #(.P(...)): a decimal number of 32 signed
/// bits without leading zeros ("010" is octal to -G), a real, a sized literal ("8'hff"), or a string without escapes.
bool is_parameter_value(std::string_view value);

/// What keeps a name from standing in an operator file; nothing if it may.
std::optional<std::string> name_problem(std::string_view name);

/// What keeps sources from being written to a file and simulated: number, names, settings, text. Nothing if all is
/// well. Both the generator and the operator file ask here, so that what one takes the other does not refuse.
std::optional<std::string> sources_problem(const Sources& sources);

}  // namespace concrete::sim

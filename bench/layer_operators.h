#pragma once

#include <array>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "sim/operator.h"

/// The operators that bench/layers.cpp times: 8x8 multipliers with a table.
namespace concrete::bench {

using OperatorPointer = std::shared_ptr<const sim::Operator>;

/// Those that are timed on every layer and with every engine: products from one (exact, DRUM) to 128 (Mitchell), and a
/// table without any structure.
inline constexpr const char* kRandomTable = "random_table";
inline constexpr std::array<const char*, 8> kRepresentatives{"mul8s_exact",           "booth8_m4-P8",
                                                             "booth8_m1-P8",          "booth8_m5-P10",
                                                             "mul_s_drum-K4-WIDTH8",  "mul_u_truncated-K8-WIDTH8",
                                                             "mul_u_mitchell-WIDTH8", kRandomTable};

bool is_representative(const std::string& name);

/// A signed 8x8 multiplier with random products of 16 bits, L(0, 0) among them; no netlist.
OperatorPointer random_table();

/// The operator files *.h5 of a folder, and the random table, whose name matches the shell pattern; others than 8x8
/// multipliers with a table are left out. Sorted by name. Throws: InputError as load_operator(), or if none is left.
std::vector<OperatorPointer> operators_of_folder(const std::filesystem::path& folder, const std::string& glob);

/// The same from the catalogue: exact, the Booth families, and the best-known ones of others; `few`: representatives.
/// Throws: as gen::generate().
std::vector<OperatorPointer> operators_of_catalogue(const std::string& glob, bool few);

}  // namespace concrete::bench

#pragma once

#include <filesystem>
#include <string>

#include "gen/adapter.h"

namespace concrete::gen {

/// Translates a combinational circuit in BLIF (Berkeley Logic Interchange Format) to Verilog: one module whose ports
/// are the inputs and outputs of the model, behind an adapter that puts them together to vectors (gen/adapter.h).
/// Models that the top instantiates are put in place.
///
/// Args: top: the model; "" for the first of the file.
/// Throws: InputError naming the file, and the line where there is one, for what read_blif() and flatten_blif() refuse,
/// latches, signals without a driver, loops, and models whose ports are not two operands and a result.
Circuit import_blif(const std::filesystem::path& file, const std::string& top);

}  // namespace concrete::gen

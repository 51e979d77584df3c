#pragma once

#include <filesystem>

#include "gen/elaborate.h"

namespace concrete::gen::detail {

/// Walks the XML that `verilator --xml-only` wrote for a design, in the folder where it ran: refuses every node that is
/// not on the list of harmless ones, and returns the interface of the top module. Throws: InputError naming file, line
/// and construct.
Design check_design(const std::filesystem::path& xml, CircuitKind kind);

}  // namespace concrete::gen::detail

#pragma once

#include <optional>
#include <string>

#include "sim/hdf5.h"
#include "sim/operator.h"

namespace concrete::sim::detail {

/// What keeps an operator's netlist and its record of equivalence from standing in a file; nothing if they may.
std::optional<std::string> netlist_section_problem(const Operator& op);

/// `/netlist` of the operator file (docs/operator-file.md): the nodes, or the attribute that says why there are none.
void write_netlist(Hdf5Writer& file, const Operator& op);

/// Sets netlist, netlist_absence and equivalence; a file without the group leaves them empty.
/// Throws: InputError naming the item.
void read_netlist(const Hdf5Reader& file, Operator& op);

}  // namespace concrete::sim::detail

#pragma once

#include <optional>
#include <string>

#include "sim/hdf5.h"
#include "sim/operator.h"

namespace concrete::sim::detail {

/// What keeps an operator's decomposition from standing in a file; nothing if it may.
std::optional<std::string> decomposition_section_problem(const Operator& op);

/// `/decomposition` of the operator file (docs/operator-file.md): nothing where the table was not analyzed.
void write_decomposition(Hdf5Writer& file, const Operator& op);

/// Sets decomposition, decomposition_bound and decomposition_absence; a file without the group leaves them empty.
/// Requires: the table is read. Throws: InputError naming the item.
void read_decomposition(const Hdf5Reader& file, Operator& op);

}  // namespace concrete::sim::detail

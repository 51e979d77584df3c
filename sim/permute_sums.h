#pragma once

#include <memory>

#include "sim/isa.h"
#include "sim/table_sums.h"

namespace concrete::sim {

/// Sums over any table, row by row: each other position has a row of entries, one a lane position, which serves all
/// lanes of a tile.
///
/// With Isa::avx512_vnni rows lie in vector registers, split into planes of bytes, and byte permutes look up 64 lanes
/// at once. Time grows with the planes that the widest row (largest - smallest entry) needs, 8 bits each, and with the
/// lane positions: up to 64, up to 128, more. Planes that leave bits free are summed faster (sim/permute_sums.cpp).
/// Elsewhere rows are looked up lane by lane, in the same time for every table.
///
/// Requires: a table as SumTable has it. The sums hold what they need of it.
std::unique_ptr<TableSums> permute_sums(const SumTable& table, Isa isa = default_isa());

}  // namespace concrete::sim

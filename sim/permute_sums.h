#pragma once

#include <memory>

#include "sim/isa.h"
#include "sim/table_sums.h"

namespace concrete::sim {

/// Sums over any table, row by row: each other position has a row of entries, one a lane position, which serves all
/// lanes of a tile. Many entries of a row are looked up at once, in registers:
/// - avx512_vnni: permutes of 64 lanes among 128 entries;
/// - avx512, avx2: shuffles of 64 or 32 lanes among 16 entries;
/// - portable: lane by lane, in the same time for every table.
///
/// Permutes and shuffles give bytes. So entries are split into planes, as many as the widest row (largest - smallest
/// entry) needs, 8 bits each, and time grows with them. It grows with the table's lane positions, too: up to 64, up to
/// 128, more. Free bits help avx512_vnni: planes of 7 bits are summed faster than those of 8, of 6 faster still.
///
/// The result holds what it needs of the table.
std::unique_ptr<TableSums> permute_sums(const SumTable& table, Isa isa = default_isa());

}  // namespace concrete::sim

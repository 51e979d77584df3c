#pragma once

#include "sim/gather.h"

namespace concrete::sim {

/// The same product of code matrices as gather(), on netlists instead of tables: for what has no table, wide
/// multipliers, wide approximate adders and whole MAC units.
///
/// Bit-sliced: a word holds one bit of 64 accumulators, and one step of mac_netlist() does 64 MACs a word. The longer
/// side of the product lies along the lanes, its codes transposed to planes of bits once; codes of the other side are
/// the same for all lanes. A MAC unit without init port starts from its clear value, and init is added at the end.
///
/// Throws: as check(MatmulArgs); InputError where mac_netlist_problem() finds one.
void netlist_matmul(const MatmulArgs& args, int threads);

}  // namespace concrete::sim

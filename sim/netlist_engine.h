#pragma once

#include "sim/gather.h"
#include "sim/netlist_mac.h"

namespace concrete::sim {

/// The same product of code matrices as gather(), on netlists instead of tables: for what has no table, wide
/// multipliers, wide approximate adders and whole MAC units.
///
/// Bit-sliced: a plane holds one bit of many accumulators, and a node of the circuit is evaluated for all of them at
/// once. The side of the product that fills blocks of lanes better, mostly the longer one, lies along the lanes, its
/// codes transposed to planes of bits; codes of the other side are the same for all lanes. A MAC unit without init port
/// starts from its clear value, and init is added at the end.
///
/// Throws: as check(MatmulArgs); InputError where mac_netlist_problem() finds one.
void netlist_matmul(const MatmulArgs& args, int threads);

/// With circuits made before, for the same products and accumulator; args.products and args.acc are not read.
void netlist_matmul(const MatmulArgs& args, const NetlistMac& mac, int threads);

}  // namespace concrete::sim

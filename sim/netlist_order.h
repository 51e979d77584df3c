#pragma once

#include <cstdint>
#include <vector>

#include "sim/netlist.h"

namespace concrete::sim {

/// Most results of nodes that wait for a reader at one time, when nodes are evaluated in order: what an evaluator needs
/// in registers or scratch memory. Inputs are read where they lie; outputs count only while nodes still read them.
uint32_t max_live(const Netlist& netlist);

/// An order of the nodes (their indices) that is topological and keeps few values live: the given one, or one of some
/// depth-first and greedy orders where that is better, over and over until none is. Deterministic, and the identity for
/// a netlist that stands in such an order already.
std::vector<uint32_t> order_for_few_live(const Netlist& netlist);

}  // namespace concrete::sim

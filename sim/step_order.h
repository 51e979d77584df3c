#pragma once

#include <cstdint>
#include <vector>

#include "sim/netlist.h"

namespace concrete::sim {

/// An order of the nodes that reach an output (their indices) in which a processor finds work that is ready:
/// topological, near one that keeps few values live, but with a node put off until its operands are there.
///
/// A result is there three cycles after its node is begun, and 3.5 nodes are begun a cycle: measured on Zen 5, whose
/// vpternlog takes two to three cycles and can be begun four times in each. Of the next nodes of the order for few live
/// values, as far as this looks ahead, that one follows which can begin first.
std::vector<uint32_t> order_for_latency(const Netlist& netlist);

}  // namespace concrete::sim

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "sim/netlist.h"

namespace concrete::sim {

/// A node as a function of different signals that are no constants, in rising order. Bit sum(value of signals[k] <<
/// (count - 1 - k)) of the table is the result, so that it is one of Netlist::Node where there are three.
struct NodeFunction {
    std::array<uint32_t, 3> signals{};
    size_t count = 0;
    unsigned table = 0;

    bool same_signals(const NodeFunction& other) const { return count == other.count && signals == other.signals; }
};

NodeFunction function_of(const Netlist::Node& node);

}  // namespace concrete::sim

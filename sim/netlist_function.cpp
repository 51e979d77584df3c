#include "sim/netlist_function.h"

#include <algorithm>

namespace concrete::sim {

NodeFunction function_of(const Netlist::Node& node) {
    NodeFunction function;
    std::array<uint32_t, 3> sorted = node.fanin;
    std::sort(sorted.begin(), sorted.end());
    for (const uint32_t signal : sorted) {
        const auto end = function.signals.begin() + static_cast<ptrdiff_t>(function.count);
        if (signal >= Netlist::kFirstInput && std::find(function.signals.begin(), end, signal) == end)
            function.signals[function.count++] = signal;
    }
    for (unsigned index = 0; index < 1u << function.count; ++index) {
        unsigned node_index = 0;
        for (const uint32_t fanin : node.fanin) {
            unsigned value = fanin == Netlist::kOne ? 1 : 0;
            for (size_t k = 0; k < function.count; ++k)
                if (function.signals[k] == fanin) value = index >> (function.count - 1 - k) & 1;
            node_index = 2 * node_index + value;
        }
        function.table |= (unsigned{node.table} >> node_index & 1) << index;
    }
    return function;
}

}  // namespace concrete::sim

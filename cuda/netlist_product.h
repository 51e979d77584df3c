#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "cuda/product.h"

namespace concrete::cuda {

/// Why netlists cannot compute a task on a device ("mul8: has no netlist"); nothing if they can.
std::optional<std::string> netlist_problem(const sim::ProductTask& task);

/// Bit-sliced look-up nodes: sim/netlist_engine.h on a device, for any width, any adder and MAC units. The circuit of
/// one MAC is compiled when this is called (cuda/netlist_kernel.h).
///
/// Args: piece_bytes: of planes and accumulators. A layer runs in pieces of rows that take no more, but 256 rows at
/// least; 64 MiB hold enough threads for a large GPU and lie in its second-level cache or near it.
/// Throws: InputError with netlist_problem(); MissingError where there is no compiler; OutOfDeviceMemory; DeviceError.
std::unique_ptr<DeviceProduct> make_netlist_product(const ProductSetup& setup, size_t piece_bytes = size_t{64} << 20);

}  // namespace concrete::cuda

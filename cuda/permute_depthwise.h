#pragma once

#include <cstddef>
#include <memory>

#include "cuda/permute_layout.h"
#include "cuda/product.h"

namespace concrete::cuda {

/// Sums over a table where every channel is a group of its own, for which PermuteRows would use one of its eight
/// columns and one of four k. Null for other layers, entries of more than 16 bits, and codes of two bytes.
/// Throws: OutOfDeviceMemory.
std::unique_ptr<DeviceProduct> make_depthwise(const ProductSetup& setup, const PermuteTable& table);

/// Of a block, which the device must have.
extern const size_t kDepthwiseSharedBytes;

}  // namespace concrete::cuda

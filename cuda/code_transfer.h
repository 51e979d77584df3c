#pragma once

#include <cstdint>
#include <vector>

#include "cuda/code_map.h"
#include "sim/tensor.h"

/// Tensors of the host, channels first, as they lie on devices, channels last, and back.
namespace concrete::cuda {

/// The bytes of a map. Args: codes: [images, channels, h, w] or, for maps of 1 x 1, [images, features]; within the
/// format. map: its data is not looked at.
std::vector<uint8_t> packed_codes(const sim::Tensor<int32_t>& codes, const CodeMap& map);

/// Args: map: data in host memory. Returns: [images, channels, h, w].
sim::Tensor<int32_t> unpacked_codes(const CodeMap& map);

/// Args: values: [images][pixels][channels]. Returns: [images, channels, h, w].
sim::Tensor<int64_t> channels_first(const int64_t* values, const sim::Shape& shape);

}  // namespace concrete::cuda

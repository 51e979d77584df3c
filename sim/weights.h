#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "sim/network.h"
#include "sim/tensor.h"

namespace concrete::sim {

/// Tensors by name ("conv1.weight", "conv1.bias").
using Weights = std::map<std::string, Tensor<float>>;

/// Reads exactly the tensors that the network needs. Throws: InputError naming file and tensor if one is missing, is
/// of another shape, holds a value that is not finite, or belongs to no layer.
Weights load_weights(const std::filesystem::path& path, const Network& network);

/// Writes all tensors as float32 data sets at the root, and the attributes given.
void save_weights(const Weights& weights, const std::filesystem::path& path,
                  const std::map<std::string, std::string>& attributes = {});

/// SHA-256 over names, shapes and bits.
std::string content_hash(const Weights& weights);

}  // namespace concrete::sim

#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "sim/network.h"
#include "sim/tensor.h"

namespace concrete::sim {

/// Tensors by name ("conv1.weight", "conv1.bias").
using Weights = std::map<std::string, Tensor<float>>;

/// Names and shapes of the tensors that a network needs: NAME.weight of every MAC layer, and NAME.bias where it has
/// one.
std::map<std::string, Shape> weight_shapes(const Network& network);

/// Reads exactly the tensors that the network needs, each a data set of its name at the root (docs/network.md). Files
/// without the attribute `format` (made by other tools) are read too. Throws: InputError naming file and tensor if one
/// is missing, is of another shape, holds a value that is not finite, or belongs to no layer, and for another version.
Weights load_weights(const std::filesystem::path& path, const Network& network);

/// Writes all tensors as float32 data sets at the root, and the attributes given beside `format` and `version`.
void save_weights(const Weights& weights, const std::filesystem::path& path,
                  const std::map<std::string, std::string>& attributes = {});

/// SHA-256 over names, shapes and bits: equal for equal weights, whatever file they came from.
std::string content_hash(const Weights& weights);

}  // namespace concrete::sim

#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace concrete::sim {

/// Places of some vectors whose sum has even entries only, in rising order; empty if there are none (elimination over
/// GF(2)). A vector of even entries is such a set by itself. Requires: all vectors of one size.
std::vector<size_t> even_subset(const std::vector<const std::vector<int32_t>*>& vectors);

}  // namespace concrete::sim

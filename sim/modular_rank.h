#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace concrete::sim {

/// Rank of an integer matrix, [rows][columns], modulo the prime 2^31 - 1: never above its rank over the rationals, and
/// equal to it unless the prime divides every minor of that size.
size_t modular_rank(std::span<const int64_t> matrix, size_t rows, size_t columns);

}  // namespace concrete::sim

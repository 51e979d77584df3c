#pragma once

#include <cstddef>
#include <vector>

namespace concrete::cuda {

/// Memory that is needed from one step to another, both included.
struct ArenaPiece {
    size_t bytes = 0;
    size_t first_step = 0, last_step = 0;
};

/// Where pieces lie in one piece of memory: those that are needed at the same time apart, each aligned to 256 bytes.
struct ArenaPlan {
    std::vector<size_t> offsets;  ///< by piece
    size_t bytes = 0;             ///< of all
};

/// The largest pieces are placed first, each as low as it fits ("greedy by size": Pisarchyk and Lee, MLSys workshops
/// 2020, arXiv:2001.03288).
ArenaPlan plan_arena(const std::vector<ArenaPiece>& pieces);

}  // namespace concrete::cuda

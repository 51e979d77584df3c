#pragma once

#include <cstdint>
#include <vector>

#include "sim/engine.h"

namespace concrete::sim {

/// What args ask for, as a task: the activations that occur, the transposed weights. Borrows args.products, as args do:
/// they must outlive it, and what is prepared for it.
class MatmulTask {
  public:
    /// Throws: as check(MatmulArgs).
    explicit MatmulTask(const MatmulArgs& args);
    MatmulTask(const MatmulTask&) = delete;
    MatmulTask& operator=(const MatmulTask&) = delete;

    ProductTask task;

  private:
    std::vector<int32_t> w_;  // [n][k], what task.w points at
};

/// Computes args on an engine. Throws: as check(MatmulArgs); InputError with engine_problem().
void matmul(const MatmulArgs& args, Engine engine, int threads);
/// The same on a prepared engine. Throws: as check(MatmulArgs); RangeError for an activation code, or kSkip, that is
/// not among those it was prepared for.
void matmul(const MatmulArgs& args, const PreparedProduct& prepared, int threads);

}  // namespace concrete::sim

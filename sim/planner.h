#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/engine.h"
#include "sim/mac_layer.h"
#include "sim/machine_rates.h"

namespace concrete::sim {

/// Pictures of a batch that engines are chosen for: enough that small layers fill tiles.
inline constexpr size_t kPlannedImages = 64;

/// What an engine would need for a task, or why it cannot.
struct EnginePlan {
    Engine engine = Engine::gather;
    SumMethod method = SumMethod::permute;                         ///< of logic
    size_t passes = 0;                                             ///< int8 products, where the table is decomposed
    double seconds = 0;                                            ///< of one thread
    std::string problem;                                           ///< "" if it can
    std::shared_ptr<const Decomposition> decomposition = nullptr;  ///< where the table is decomposed
};

/// Every engine for a task of so many rows: those that can by rising time, then those that cannot.
///
///     permute      n k (row + lanes mac)                     for each tile of lanes; mac by byte planes and positions
///     decomposed   lanes k (tile + passes (expand + n product)) + lanes n output
///     logic        one of the two on the rounded table, and lanes n k or
///     these        and lanes k pack + lanes n store, where lanes are rows
///     gather       m k n mac + m k unroll                    by kind of accumulator
///     netlist      m k n nodes node + m k unroll             m or n rounded up to the lanes of a program
///
/// Lanes are rows or, where these are few, columns (columns_in_lanes()); what is done to a tile's codes counts for each
/// of its column_ranges(). Decompositions are only searched for where they could win.
std::vector<EnginePlan> plan_engines(const ProductTask& task, size_t rows, const MachineRates& rates);

/// The engine asked for, else the fastest by plan_engines(), made ready. Args: rates: null for machine_rates(), which
/// are asked for only where there is a choice. Throws: InputError that says why the engine asked for, or else any,
/// cannot.
PreparedProduct prepare_planned(const ProductTask& task, size_t rows, std::optional<Engine> forced = {},
                                const MachineRates* rates = nullptr);

/// plan_engines() of a layer for batches of so many pictures, by machine_rates().
std::vector<EnginePlan> plan_engines(const MacLayer& layer, size_t images);

/// prepare_planned() for a layer and batches of so many pictures; the layer is then ready to run.
/// Throws: InputError as above.
void prepare_planned(MacLayer& layer, size_t images, std::optional<Engine> forced = {},
                     const MachineRates* rates = nullptr);

}  // namespace concrete::sim

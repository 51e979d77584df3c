#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "cuda/executor.h"
#include "cuda/product.h"
#include "sim/planner.h"

namespace concrete::cuda {

/// Every engine for a layer on a device: those that can by rising time, then those that cannot, with the reason.
///
///     decomposed   rows n k passes / int8 rate + rows k ceil(passes / 4) ceil(n / tile) / look-up rate
///     permute      rows n planes k / (look-up rate / wavefronts)
///     logic        one of the two on the rounded table, and what its reduction of low parts takes
///     gather       rows n k / rate of loads
///     netlist      rows n k nodes / rate of logic operations
///
/// rows, n and k in whole tiles; planes: of 16 bits, of the table. The rates are what a multiprocessor does in a clock
/// by its makers' tables (CUDA C++ Programming Guide, "Throughput of Native Arithmetic Instructions"; architecture
/// white papers), times the share of it that such kernels are expected to reach; they were not measured. Decompositions
/// are only searched for where they could win.
std::vector<sim::EnginePlan> plan_engines(const DeviceLimits& limits, const sim::ProductTask& task,
                                          const ConvShape& shape, size_t images);

/// The engine asked for, else the fastest by plan_engines(), made ready for batches of so many pictures.
/// Throws: InputError that says why the engine asked for, or else any, cannot; MissingError where one needs a library
/// that is missing; OutOfDeviceMemory.
std::unique_ptr<DeviceProduct> make_product(const ProductSetup& setup, std::optional<sim::Engine> forced,
                                            size_t images = sim::kPlannedImages);

}  // namespace concrete::cuda

#include "cuda/device_planner.h"

#include <algorithm>
#include <fmt/format.h>

#include "cuda/decomposed.h"
#include "cuda/gather.h"
#include "cuda/logic.h"
#include "cuda/netlist_product.h"
#include "cuda/permute.h"
#include "cuda/permute_depthwise.h"
#include "sim/decomposed_sums.h"
#include "sim/error.h"
#include "sim/mac_step.h"
#include "sim/task_decomposition.h"

namespace concrete::cuda {
namespace {

using sim::Engine;
using sim::EnginePlan;
using sim::SumMethod;

/// Most terms of a decomposition that is searched for: with more, permute is faster on large layers, and a search takes
/// seconds.
constexpr size_t kMostTerms = 48;

/// 8-bit multiply-accumulates of the tensor cores of a multiprocessor in a clock, by `mma`.
double int8_macs(const DeviceLimits& limits) {
    const int capability = 10 * limits.compute_major + limits.compute_minor;
    if (capability >= 90) return 2560;  // five eighths of what wgmma does (Luo et al., arXiv:2402.13499)
    return capability == 80 ? 2048 : 1024;
}

/// What one multiprocessor does in a clock, and how many of them there are.
struct DeviceRates {
    double products, look_ups = 32, logic_operations = 64, loads = 8;
    double clocks;  ///< of all multiprocessors, in a second
    double multiprocessors;
    bool has_depthwise;  ///< enough shared memory for make_depthwise()

    explicit DeviceRates(const DeviceLimits& limits)
        : products(int8_macs(limits)),
          clocks(limits.multiprocessors * limits.clock_ghz * 1e9),
          multiprocessors(limits.multiprocessors),
          has_depthwise(limits.shared_bytes >= kDepthwiseSharedBytes) {}

    /// Seconds for work that so many blocks share: fewer than multiprocessors leave some idle.
    double seconds(double work_clocks, double blocks) const {
        return work_clocks / clocks * std::max(1.0, multiprocessors / blocks);
    }
};

double whole(size_t value, size_t tile) {
    const size_t tiles = (value + tile - 1) / tile;
    return static_cast<double>(tiles * tile);
}

/// A layer as the kernels see it.
struct Extents {
    size_t rows, n, k, groups;
    size_t taps, channels;  ///< of k

    Extents(const ConvShape& shape, size_t images)
        : rows(images * shape.pixels()),
          n(shape.group_outputs()),
          k(shape.k()),
          groups(shape.groups),
          taps(shape.taps()),
          channels(shape.group_inputs()) {}
    bool is_depthwise() const { return n == 1 && channels == 1; }
    double macs() const { return static_cast<double>(rows * n * k * groups); }
};

double decomposed_s(size_t passes, const Extents& e, const DeviceRates& rates) {
    constexpr size_t kDepth = 32, kTermsAtOnce = 4, kFewRows = 32, kRows = 128;
    constexpr double kShare = 0.6;  // of the tensor cores' rate
    // The tiles of cuda/decomposed.cpp.
    const size_t tile_rows = e.rows <= kFewRows ? kFewRows : kRows;
    const size_t tile_columns = e.rows <= kFewRows || e.n <= 32 ? 32 : (e.n + 63) / 64 % 2 == 0 ? 128 : 64;
    const double rows = whole(e.rows, tile_rows), n = whole(e.n, tile_columns), k = whole(e.k, kDepth);
    const double tiles = n / static_cast<double>(tile_columns) * static_cast<double>(e.groups);
    const double products = rows * n * k * static_cast<double>(e.groups * passes) / (rates.products * kShare);
    const double look_ups = rows * k * tiles * (whole(passes, kTermsAtOnce) / kTermsAtOnce);
    return rates.seconds(products + look_ups / rates.look_ups, rows / static_cast<double>(tile_rows) * tiles);
}

/// Args: planes: of 16 bits, of the table.
double permute_s(const Extents& e, size_t planes, const DeviceRates& rates) {
    constexpr size_t kLanes = 512, kOthers = 8, kDepth = 4, kLarge = size_t{1} << 22;
    // A wavefront gives two MACs; building rows and loading codes take their part, and in small tiles bank conflicts.
    const double macs_per_look_up = e.rows * e.n * e.groups >= kLarge ? 0.95 : 0.45;
    if (e.is_depthwise() && planes == 1 && rates.has_depthwise) {
        constexpr size_t kRows = 512, kChannels = 64;
        constexpr double kMacs = 8;  // of a multiprocessor in a clock: some dozen instructions for 32 of them
        const double rows = whole(e.rows, kRows), channels = whole(e.groups, kChannels);
        return rates.seconds(rows * channels * static_cast<double>(e.k) / kMacs, rows / kRows * channels / kChannels);
    }
    // Few rows change places with the columns, and few blocks share out k: no multiprocessor is idle.
    const auto macs = [&](size_t along, size_t across) {
        return whole(along, kLanes) * whole(across * planes, kOthers);
    };
    const double padded = e.groups > 1 ? macs(e.rows, e.n) : std::min(macs(e.rows, e.n), macs(e.n, e.rows));
    const double k = whole(e.channels, kDepth) * static_cast<double>(e.taps * e.groups);
    return rates.seconds(padded * k / (rates.look_ups * macs_per_look_up), rates.multiprocessors);
}

double gather_s(const sim::AccumulatorSpec& acc, const Extents& e, const DeviceRates& rates) {
    constexpr size_t kBlock = 256;
    const double per_mac = acc.is_modular() ? 1 : acc.adder ? 4 : 2;  // loads, or instructions that take as long
    const auto outputs = static_cast<double>(e.rows * e.n * e.groups);
    return rates.seconds(e.macs() * per_mac / rates.loads, std::max(1.0, outputs / kBlock));
}

double netlist_s(const sim::ProductTask& task, const Extents& e, const DeviceRates& rates) {
    constexpr size_t kLanes = 32, kBlock = 128;
    constexpr double kShare = 0.7;  // of the rate of logic operations; the rest loads and spreads bits
    const auto nodes = static_cast<double>(mac_netlist(*task.products, task.acc).netlist.nodes.size());
    const double words = whole(e.rows, kLanes) / kLanes * static_cast<double>(e.n * e.groups);
    return rates.seconds(words * static_cast<double>(e.k) * nodes / (rates.logic_operations * kShare),
                         std::max(1.0, words / kBlock));
}

/// The ways to sum the task's table.
std::vector<EnginePlan> plan_sums(const sim::ProductTask& task, const Extents& extents, const DeviceRates& rates) {
    const bool is_logic = !sim::effective_accumulator(task).is_modular();
    // Random low parts are full after a small part of k, which ends the reduction.
    constexpr double kReductionShare = 0.3;
    const double ors_s = is_logic ? kReductionShare * permute_s(extents, 1, rates) : 0;
    const double by_rows_s = permute_s(extents, PermuteTable::of_sums(sim::summed_table(task)).planes(), rates);
    std::vector<EnginePlan> plans;
    plans.push_back({is_logic ? Engine::logic : Engine::permute, SumMethod::permute, 0, by_rows_s + ors_s, ""});
    if (const auto problem = decomposed_problem(task)) {
        if (!is_logic) plans.push_back({Engine::decomposed, SumMethod::decomposed, 0, 0, "decomposed: " + *problem});
        return plans;
    }
    size_t most = 0;
    while (most < kMostTerms && decomposed_s(most + 1, extents, rates) < by_rows_s) ++most;
    if (auto found = sim::task_decomposition(task, most)) {
        const size_t passes = sim::decomposed_passes(*found);
        plans.push_back({is_logic ? Engine::logic : Engine::decomposed, SumMethod::decomposed, passes,
                         decomposed_s(passes, extents, rates) + ors_s, "",
                         std::make_shared<const sim::Decomposition>(*std::move(found))});
    } else if (!is_logic) {
        plans.push_back(
            {Engine::decomposed, SumMethod::decomposed, 0, 0,
             fmt::format("decomposed: needs more than the {} int8 products up to which it is faster here", most)});
    }
    return plans;
}

}  // namespace

std::vector<EnginePlan> plan_engines(const DeviceLimits& limits, const sim::ProductTask& task, const ConvShape& shape,
                                     size_t images) {
    const DeviceRates rates(limits);
    const Extents extents(shape, images);
    std::vector<EnginePlan> plans;
    const auto cannot = [&](Engine engine, const std::string& problem) {
        plans.push_back({engine, SumMethod::permute, 0, 0, sim::to_string(engine) + ": " + problem});
    };
    if (const auto problem = sim::table_product_problem(task)) {
        for (const Engine engine : {Engine::permute, Engine::decomposed, Engine::logic}) cannot(engine, *problem);
    } else {
        plans = plan_sums(task, extents, rates);
        const bool is_logic = !sim::effective_accumulator(task).is_modular();
        for (const Engine engine : {Engine::permute, Engine::decomposed, Engine::logic}) {
            if ((engine == Engine::logic) == is_logic) continue;
            plans.push_back({engine, SumMethod::permute, 0, 0, *sim::engine_problem(engine, task)});
        }
    }
    if (const auto problem = gather_problem(task)) {
        cannot(Engine::gather, *problem);
    } else {
        plans.push_back({Engine::gather, SumMethod::permute, 0, gather_s(task.acc, extents, rates), ""});
    }
    if (const auto problem = netlist_problem(task)) {
        cannot(Engine::netlist, *problem);
    } else {
        plans.push_back({Engine::netlist, SumMethod::permute, 0, netlist_s(task, extents, rates), ""});
    }
    std::stable_sort(plans.begin(), plans.end(), [](const EnginePlan& a, const EnginePlan& b) {
        if (a.problem.empty() != b.problem.empty()) return a.problem.empty();
        return a.problem.empty() ? a.seconds < b.seconds : a.engine < b.engine;
    });
    return plans;
}

namespace {

std::unique_ptr<DeviceProduct> make_sums(const ProductSetup& setup, const EnginePlan& plan) {
    if (plan.method == SumMethod::decomposed) return make_decomposed(setup, plan.decomposition);
    return make_permute(setup);
}

std::unique_ptr<DeviceProduct> make_planned(const ProductSetup& setup, const EnginePlan& plan) {
    switch (plan.engine) {
        case Engine::gather:
            return make_gather(setup);
        case Engine::netlist:
            return make_netlist_product(setup);
        case Engine::logic:
            return make_logic(setup, make_sums(setup, plan));
        case Engine::permute:
        case Engine::decomposed:
            break;
    }
    return make_sums(setup, plan);
}

/// The engine asked for, one of those that need no plan, however long it takes.
std::unique_ptr<DeviceProduct> make_forced(const ProductSetup& setup, Engine engine) {
    if (engine == Engine::gather) return make_gather(setup);
    if (engine == Engine::netlist) return make_netlist_product(setup);
    // These sum any table, but the accumulator may need more than a sum.
    if (const auto problem = sim::engine_problem(engine, setup.task)) throw InputError("engine " + *problem);
    return engine == Engine::permute ? make_permute(setup) : make_decomposed(setup);
}

}  // namespace

std::unique_ptr<DeviceProduct> make_product(const ProductSetup& setup, std::optional<Engine> forced, size_t images) {
    if (forced && *forced != Engine::logic) return make_forced(setup, *forced);
    std::string problems;
    for (const EnginePlan& plan : plan_engines(setup.executor.limits(), setup.task, setup.shape, images)) {
        if (forced && plan.engine != *forced) continue;
        if (plan.problem.empty()) return make_planned(setup, plan);
        problems += (problems.empty() ? "" : "; ") + plan.problem;
    }
    if (forced) throw InputError("engine " + problems);
    throw InputError("no engine can run these operators on a GPU, use --backend cpu: " + problems);
}

}  // namespace concrete::cuda

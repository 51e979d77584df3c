#include "sim/planner.h"

#include <algorithm>
#include <bit>
#include <fmt/format.h>
#include <limits>

#include "sim/decomposed_sums.h"
#include "sim/error.h"
#include "sim/mac_step.h"
#include "sim/task_decomposition.h"

namespace concrete::sim {
namespace {

constexpr double kNanosecond = 1e-9;

size_t parts_of(size_t count, size_t size) {
    return (count + size - 1) / size;
}

/// Sizes of a task as engines with tiles see them.
struct Extents {
    bool swapped;         ///< columns lie along the lanes
    double tiles, lanes;  ///< lanes: those of all tiles, in whole steps
    double k, n;          ///< n: what does not lie along the lanes, of all groups
    double macs, codes;   ///< codes of tiles, as often as they are packed
    double outputs;

    Extents(const ProductTask& task, size_t rows) : swapped(columns_in_lanes(task.groups, task.n, rows)) {
        const size_t along = swapped ? task.n : rows, across = swapped ? rows : task.n;
        tiles = static_cast<double>(parts_of(along, kTileLanes));
        lanes = static_cast<double>(parts_of(along, kLaneStep) * kLaneStep);
        k = static_cast<double>(task.k);
        n = static_cast<double>(task.groups * across);
        macs = lanes * k * n;
        codes = lanes * k * static_cast<double>(task.groups * (swapped ? 1 : column_ranges(task.n)));
        outputs = static_cast<double>(rows * task.groups * task.n);
    }

    /// What both ways to sum have beside the sums.
    double tiling_ns(const MachineRates& rates) const {
        return (swapped ? 0 : codes * rates.pack_code_ns) + outputs * rates.store_output_ns;
    }
};

/// Bytes that tell apart the entries of every row (of one other position).
size_t byte_planes(const SumTable& table) {
    uint64_t widest = 0;
    for (size_t other = 0; other < table.others; ++other) {
        int64_t lowest = std::numeric_limits<int64_t>::max(), highest = std::numeric_limits<int64_t>::min();
        for (size_t lane = 0; lane < table.lanes; ++lane) {
            lowest = std::min<int64_t>(lowest, table.at(lane, other));
            highest = std::max<int64_t>(highest, table.at(lane, other));
        }
        widest = std::max(widest, static_cast<uint64_t>(highest - lowest));
    }
    return std::max<size_t>(1, (static_cast<size_t>(std::bit_width(widest)) + 7) / 8);
}

double permute_ns(const SumTable& table, const Extents& e, const MachineRates& rates) {
    const size_t positions = e.swapped ? table.others : table.lanes;
    const size_t domain = positions <= 64 ? 0 : positions <= 128 ? 1 : 2;
    const auto ns = [&](size_t planes) {
        return e.macs * rates.permute_mac_ns[planes - 1][domain] +
               e.tiles * e.k * e.n * rates.permute_row_ns[planes - 1][domain];
    };
    return ns(1) + static_cast<double>(byte_planes(table) - 1) * (ns(2) - ns(1)) + e.tiling_ns(rates);
}

double decomposed_ns(size_t passes, const Extents& e, const MachineRates& rates) {
    const auto terms = static_cast<double>(passes);
    return e.codes * (rates.tile_code_ns + terms * rates.expand_code_ns) + terms * e.macs * rates.product_mac_ns +
           e.lanes * e.n * rates.output_ns + e.tiling_ns(rates);
}

double unroll_ns(const ProductTask& task, size_t rows, const MachineRates& rates) {
    return static_cast<double>(rows * task.k * task.groups) * rates.unroll_code_ns;
}

double gather_ns(const ProductTask& task, size_t rows, const MachineRates& rates) {
    const AccumulatorSpec& acc = task.acc;
    const double mac = acc.is_modular()                               ? rates.gather_mac_ns
                       : acc.overflow == Overflow::wrap && !acc.adder ? rates.gather_low_mac_ns
                                                                      : rates.gather_step_mac_ns;
    return static_cast<double>(rows * task.k * task.n * task.groups) * mac + unroll_ns(task, rows, rates);
}

double netlist_ns(const ProductTask& task, size_t rows, const MachineRates& rates) {
    constexpr size_t kLanes = 512;
    const double nodes = static_cast<double>(mac_netlist(*task.products, task.acc).netlist.nodes.size());
    const size_t by_rows = parts_of(rows, kLanes) * kLanes * task.n,
                 by_columns = parts_of(task.n, kLanes) * kLanes * rows;
    return static_cast<double>(std::min(by_rows, by_columns) * task.k * task.groups) * nodes * rates.node_lane_ns +
           unroll_ns(task, rows, rates);
}

/// The ways to sum the task's table: permute, and decomposed where it could be faster and a decomposition is found.
std::vector<EnginePlan> plan_sums(const ProductTask& task, size_t rows, const MachineRates& rates) {
    const Extents extents(task, rows);
    const SumTable table = summed_table(task);
    const bool is_logic = !effective_accumulator(task).is_modular();
    const double ors_ns = is_logic ? extents.macs * rates.or_mac_ns : 0;
    const double by_permutes_ns = permute_ns(table, extents, rates);
    std::vector<EnginePlan> plans;
    plans.push_back({is_logic ? Engine::logic : Engine::permute, SumMethod::permute, 0,
                     (by_permutes_ns + ors_ns) * kNanosecond, ""});
    size_t most = 0;
    while (most < kMostPasses && decomposed_ns(most + 1, extents, rates) < by_permutes_ns) ++most;
    auto found = task_decomposition(task, most);
    if (found) {
        const size_t passes = decomposed_passes(*found);
        plans.push_back({is_logic ? Engine::logic : Engine::decomposed, SumMethod::decomposed, passes,
                         (decomposed_ns(passes, extents, rates) + ors_ns) * kNanosecond, "",
                         std::make_shared<const Decomposition>(*std::move(found))});
    } else if (!is_logic) {
        plans.push_back(
            {Engine::decomposed, SumMethod::decomposed, 0, 0,
             fmt::format("decomposed: needs more than the {} int8 products up to which it is faster here", most)});
    }
    return plans;
}

}  // namespace

std::vector<EnginePlan> plan_engines(const ProductTask& task, size_t rows, const MachineRates& rates) {
    std::vector<EnginePlan> able, unable;
    const auto add = [&](const EnginePlan& plan) { (plan.problem.empty() ? able : unable).push_back(plan); };
    const auto add_engine = [&](Engine engine, const auto& ns) {
        const auto problem = engine_problem(engine, task);
        add({engine, SumMethod::permute, 0, problem ? 0 : ns() * kNanosecond, problem.value_or("")});
    };
    if (const auto problem = table_product_problem(task)) {
        for (const Engine engine : {Engine::permute, Engine::decomposed, Engine::logic})
            add({engine, SumMethod::permute, 0, 0, to_string(engine) + ": " + *problem});
    } else {
        for (const EnginePlan& plan : plan_sums(task, rows, rates)) add(plan);
        const bool is_logic = !effective_accumulator(task).is_modular();
        for (const Engine engine : {Engine::permute, Engine::decomposed, Engine::logic})
            if ((engine == Engine::logic) != is_logic)
                add({engine, SumMethod::permute, 0, 0, *engine_problem(engine, task)});
    }
    add_engine(Engine::gather, [&] { return gather_ns(task, rows, rates); });
    add_engine(Engine::netlist, [&] { return netlist_ns(task, rows, rates); });
    std::stable_sort(able.begin(), able.end(),
                     [](const EnginePlan& a, const EnginePlan& b) { return a.seconds < b.seconds; });
    std::stable_sort(unable.begin(), unable.end(),
                     [](const EnginePlan& a, const EnginePlan& b) { return a.engine < b.engine; });
    able.insert(able.end(), unable.begin(), unable.end());
    return able;
}

PreparedProduct prepare_planned(const ProductTask& task, size_t rows, std::optional<Engine> forced,
                                const MachineRates* rates) {
    if (forced && *forced != Engine::logic) return prepare(task, *forced);
    std::string problems;
    for (const EnginePlan& plan : plan_engines(task, rows, rates ? *rates : machine_rates())) {
        if (forced && plan.engine != *forced) continue;
        if (plan.problem.empty()) return prepare(task, plan.engine, plan.method, plan.decomposition);
        problems += (problems.empty() ? "" : "; ") + plan.problem;
    }
    throw InputError((forced ? "engine " : "no engine can run these operators: ") + problems);
}

std::vector<EnginePlan> plan_engines(const MacLayer& layer, size_t images) {
    return plan_engines(product_task(layer), images * layer.out_h * layer.out_w, machine_rates());
}

void prepare_planned(MacLayer& layer, size_t images, std::optional<Engine> forced, const MachineRates* rates) {
    prepare(layer, prepare_planned(product_task(layer), images * layer.out_h * layer.out_w, forced, rates));
}

}  // namespace concrete::sim

#include "sim/engine.h"

#include <fmt/format.h>
#include <utility>

#include "sim/decomposed_sums.h"
#include "sim/error.h"
#include "sim/mac_step.h"
#include "sim/task_decomposition.h"

namespace concrete::sim {
namespace {

std::optional<std::string> gather_problem(const ProductTask& task) {
    const ProductModel& products = *task.products;
    const Operator& op = products.multiplier();
    if (products.is_mac_unit()) return fmt::format("{} is a MAC unit, which has no table", op.name);
    if (!products.has_table() && !products.is_exact()) return fmt::format("{} has no table", op.name);
    if (task.acc.adder && task.acc.adder->lut.empty()) return fmt::format("{} has no table", task.acc.adder->name);
    return std::nullopt;
}

std::optional<std::string> problem_of(Engine engine, const ProductTask& task) {
    switch (engine) {
        case Engine::gather:
            return gather_problem(task);
        case Engine::netlist:
            return mac_netlist_problem(*task.products, task.acc);
        default:
            break;
    }
    if (auto problem = table_product_problem(task)) return problem;
    const bool is_logic = !effective_accumulator(task).is_modular();
    if (is_logic && engine != Engine::logic) return "the accumulator is not modular; use logic";
    if (!is_logic && engine == Engine::logic) return "the accumulator is an exact one; use permute or decomposed";
    if (engine == Engine::decomposed && fewest_terms(task) > kMostPasses) {
        return fmt::format("{} needs {} int8 products or more; at most {} are looked for",
                           task.products->multiplier().name, fewest_terms(task), kMostPasses);
    }
    return std::nullopt;
}

}  // namespace

const std::vector<Engine>& all_engines() {
    static const std::vector<Engine> engines{Engine::gather, Engine::permute, Engine::decomposed, Engine::netlist,
                                             Engine::logic};
    return engines;
}

std::string to_string(Engine engine) {
    switch (engine) {
        case Engine::gather:
            return "gather";
        case Engine::permute:
            return "permute";
        case Engine::decomposed:
            return "decomposed";
        case Engine::netlist:
            return "netlist";
        case Engine::logic:
            return "logic";
    }
    return "unknown";
}

std::vector<std::string> engine_names() {
    std::vector<std::string> names;
    for (const Engine engine : all_engines()) names.push_back(to_string(engine));
    return names;
}

std::optional<Engine> engine_named(const std::string& name) {
    for (const Engine engine : all_engines())
        if (to_string(engine) == name) return engine;
    return std::nullopt;
}

std::optional<std::string> engine_problem(Engine engine, const ProductTask& task) {
    if (const auto problem = problem_of(engine, task)) return to_string(engine) + ": " + *problem;
    return std::nullopt;
}

PreparedProduct prepare(const ProductTask& task, Engine engine, SumMethod method,
                        std::shared_ptr<const Decomposition> decomposition) {
    if (const auto problem = engine_problem(engine, task)) throw InputError("engine " + *problem);
    PreparedProduct result;
    result.engine = engine;
    if (engine == Engine::netlist) result.netlist = std::make_shared<const NetlistMac>(task.products, task.acc);
    if (engine == Engine::gather || engine == Engine::netlist) return result;
    result.method = engine == Engine::logic        ? method
                    : engine == Engine::decomposed ? SumMethod::decomposed
                                                   : SumMethod::permute;
    if (result.method == SumMethod::permute) {
        result.sums = std::make_shared<const TableProduct>(task, result.method);
        return result;
    }
    if (!decomposition) {
        auto found = task_decomposition(task);
        if (!found) {
            throw InputError(fmt::format("engine {}: no decomposition of {} into at most {} int8 products was found",
                                         to_string(engine), task.products->multiplier().name, kMostPasses));
        }
        decomposition = std::make_shared<const Decomposition>(*std::move(found));
    }
    result.passes = decomposed_passes(*decomposition);
    result.sums = std::make_shared<const TableProduct>(task, result.method, decomposition.get());
    return result;
}

}  // namespace concrete::sim

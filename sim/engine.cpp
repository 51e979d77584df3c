#include "sim/engine.h"

#include <fmt/format.h>

#include "sim/error.h"
#include "sim/mac_step.h"
#include "sim/netlist_engine.h"

namespace concrete::sim {

std::string to_string(Engine engine) {
    return engine == Engine::gather ? "gather" : "netlist";
}

std::optional<Engine> engine_named(const std::string& name) {
    if (name == "auto") return std::nullopt;
    return name == "gather" ? Engine::gather : Engine::netlist;
}

std::optional<std::string> engine_problem(Engine engine, const ProductModel& products, const AccumulatorSpec& acc) {
    if (engine == Engine::netlist) {
        const auto problem = mac_netlist_problem(products, acc);
        return problem ? std::optional("netlist: " + *problem) : std::nullopt;
    }
    const Operator& op = products.multiplier();
    if (products.is_mac_unit()) return fmt::format("gather: {} is a MAC unit, which has no table", op.name);
    if (!products.has_table() && !products.is_exact()) return fmt::format("gather: {} has no table", op.name);
    if (acc.adder && acc.adder->lut.empty()) return fmt::format("gather: {} has no table", acc.adder->name);
    return std::nullopt;
}

Engine choose_engine(const ProductModel& products, const AccumulatorSpec& acc, std::optional<Engine> forced) {
    if (forced) {
        if (const auto problem = engine_problem(*forced, products, acc)) throw InputError("engine " + *problem);
        return *forced;
    }
    const auto no_gather = engine_problem(Engine::gather, products, acc);
    if (!no_gather) return Engine::gather;
    const auto no_netlist = engine_problem(Engine::netlist, products, acc);
    if (!no_netlist) return Engine::netlist;
    throw InputError(fmt::format("no engine can run these operators: {}; {}", *no_gather, *no_netlist));
}

void matmul(const MatmulArgs& args, Engine engine, int threads) {
    engine == Engine::gather ? gather(args, threads) : netlist_matmul(args, threads);
}

}  // namespace concrete::sim

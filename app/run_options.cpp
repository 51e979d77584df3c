#include "app/run_options.h"

#include <fmt/ranges.h>
#include <set>

#include "app/operators.h"
#include "sim/error.h"
#include "sim/experiment.h"
#include "sim/machine_rates.h"

namespace concrete::app {

void RunOptions::declare(CLI::App& app) {
    app.add_option("config", config, "The experiment: a YAML file (docs/configuration.md).")
        ->required()
        ->type_name("CONFIG.yaml");
    app.add_option("--set", overrides,
                   "Replace one entry of the configuration, for instance defaults.multiplier.P=4; may be repeated.")
        ->type_name("KEY.PATH=VALUE")
        ->allow_extra_args(false);
    app.add_option("--limit", limit, "Use only the first N pictures; 0 uses all.")
        ->type_name("N")
        ->check(CLI::Range(0.0, kMostImages))
        ->capture_default_str();
    add_threads(app, threads);
}

void RunOptions::declare_engine(CLI::App& app) {
    declare_backend(app, backend);
    declare_engine_choice(app, engine, recalibrate);
}

void declare_engine_choice(CLI::App& app, std::string& engine, bool& recalibrate) {
    std::vector<std::string> names = sim::engine_names();
    names.insert(names.begin(), "auto");
    app.add_option(
           "--engine", engine,
           "How to compute; every engine gives the same numbers. gather: one table look-up a MAC, the reference; "
           "permute: table rows in vector registers, for 8-bit codes; decomposed: exact int8 matrix products; "
           "logic: one of these around an approximate adder with a closed form; netlist: look-up nodes, "
           "bit-sliced, for any width and adder; auto: the fastest of those that can.")
        ->type_name(fmt::format("{}", fmt::join(names, "|")))
        ->check(CLI::IsMember(names))
        ->capture_default_str();
    app.add_flag("--recalibrate", recalibrate,
                 "Measure anew how fast the engines are on this machine (half a second); `auto` chooses by that, and "
                 "keeps it in the cache folder.");
}

LoadedRun load_run(const RunOptions& options) {
    const Backend backend = choose_backend(options.backend);
    if (options.recalibrate) sim::machine_rates(true);
    sim::RunConfig config = sim::load_run_config(options.config, options.overrides);
    sim::Dataset data = sim::load_dataset(config.data, options.limit);
    sim::check_fits(config.network, data, config.data.dir.string());
    return {backend,
            sim::prepare_run(std::move(config), operator_provider(options.threads), options.threads,
                             layer_preparer(backend, options.engine)),
            std::move(data)};
}

std::string multiplier_text(const sim::MacLayer& layer) {
    return layer.products->multiplier().name + (layer.products->sign_magnitude() ? ", sign-magnitude" : "");
}

std::string accumulator_text(const sim::MacLayer& layer) {
    const sim::AccumulatorSpec& acc = layer.acc;
    if (layer.products->is_mac_unit()) return fmt::format("{} bits, its own", acc.bits);
    return fmt::format("{} bits, {}, {}", acc.bits, adder_label(acc),
                       acc.overflow == sim::Overflow::wrap ? "wrap" : "saturate");
}

Json operators_json(const sim::PreparedRun& run) {
    Json result = Json::array();
    std::set<std::string> seen;
    const auto add = [&](const sim::Operator* op) {
        if (!op) return;
        const std::string hash = sim::content_hash(*op);
        if (seen.insert(hash).second) result.push_back({{"name", op->name}, {"sha256", hash}});
    };
    for (const sim::MacLayer& layer : run.network.mac_layers()) {
        add(&layer.products->multiplier());
        add(layer.adder.get());
    }
    return result;
}

}  // namespace concrete::app

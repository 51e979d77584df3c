#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "app/backend.h"
#include "app/command.h"
#include "sim/quantized_network.h"

namespace concrete::app {

/// Largest number of pictures that options take.
inline constexpr double kMostImages = 1e12;

/// Options that the commands which run a network share.
struct RunOptions {
    std::filesystem::path config;
    std::vector<std::string> overrides;
    std::string backend = "auto", engine = "auto";
    bool recalibrate = false;
    uint64_t limit = 0;
    int threads = 0;

    /// CONFIG, --set, --limit, --threads.
    void declare(CLI::App& app);
    /// --backend, --engine and --recalibrate.
    void declare_engine(CLI::App& app);
};

/// A configuration with everything bound to a back end, and its pictures.
struct LoadedRun {
    Backend backend;
    sim::PreparedRun run;
    sim::Dataset data;
};

/// Loads configuration, weights, operators (generated where needed), calibration and pictures.
/// Throws: InputError; MissingError as choose_backend().
LoadedRun load_run(const RunOptions& options);

/// --engine and --recalibrate, as the commands that compute products have them.
void declare_engine_choice(CLI::App& app, std::string& engine, bool& recalibrate);

/// "mul8s_exact" or, with the sign put back outside, "mul8u_exact, sign-magnitude".
std::string multiplier_text(const sim::MacLayer& layer);
/// "32 bits, exact, wrap", "24 bits, loa 6, saturate", "12 bits, my_adder, wrap"; of a MAC unit "32 bits, its own"
std::string accumulator_text(const sim::MacLayer& layer);

/// Every operator of a run: {"name": ..., "sha256": ...}, in order of first use.
Json operators_json(const sim::PreparedRun& run);

}  // namespace concrete::app

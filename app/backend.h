#pragma once

#include <memory>
#include <string>

#include "app/command.h"
#include "sim/network_runner.h"

namespace concrete::app {

/// Where a command computes.
struct Backend {
    std::string name = "cpu";  ///< "cpu" or "cuda"
    std::string reason = {};   ///< why no GPU computes, one clause, where --backend does not say so; else empty

    bool on_gpu() const { return name == "cuda"; }
};

/// --backend, as the commands that compute have it.
void declare_backend(CLI::App& app, std::string& backend);

/// The back end that --backend asks for. Args: asked: auto, cpu or cuda; auto takes a usable GPU where there is one,
/// else the CPU (never the host executor of CONCRETE_CUDA_EMULATE). Throws: MissingError, with why and what to do,
/// where cuda is asked for and there is none.
Backend choose_backend(const std::string& asked);

/// `backend` and, where there is one, `backend_reason`.
void fill_backend(Json& json, const Backend& backend);

/// What makes layers ready for the back end. Args: engine: as --engine names it.
sim::LayerPreparer layer_preparer(const Backend& backend, const std::string& engine);

/// A runner on the back end, for a network whose layers layer_preparer() made ready and which outlives it. Throws:
/// InputError naming a layer that the engine, or none of the back end, can compute.
std::unique_ptr<sim::NetworkRunner> make_runner(const Backend& backend, const sim::QuantizedNetwork& network,
                                                const std::string& engine, int threads);

}  // namespace concrete::app

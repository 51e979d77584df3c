#include "app/backend.h"

#include <stdexcept>

#include "cuda/device.h"
#include "sim/cpu_runner.h"

namespace concrete::app {
namespace {

/// Why no GPU can compute here, one clause; empty where one can.
std::string gpu_problem() {
    const cuda::DeviceList list = cuda::list_devices();
    if (list.devices.empty()) return list.reason;
    return "the CUDA back end runs no networks yet";  // goes when the end of this file has a runner for the GPU
}

void require_cpu(const Backend& backend) {
    if (backend.on_gpu()) throw std::logic_error("networks do not run on the GPU");
}

}  // namespace

void declare_backend(CLI::App& app, std::string& backend) {
    app.add_option("--backend", backend,
                   "Where to compute; all back ends give the same numbers. cuda: on a GPU; auto: on a GPU where there "
                   "is a usable one, else on the CPU.")
        ->type_name("auto|cpu|cuda")
        ->check(CLI::IsMember({"auto", "cpu", "cuda"}))
        ->capture_default_str();
}

Backend choose_backend(const std::string& asked) {
    if (asked == "cpu") return {"cpu"};
    std::string problem = gpu_problem();
    if (problem.empty()) return {"cuda"};
    if (asked == "cuda") throw MissingError(fmt::format("--backend cuda: {}; use --backend cpu", problem));
    return {"cpu", std::move(problem)};
}

void fill_backend(Json& json, const Backend& backend) {
    json["backend"] = backend.name;
    if (!backend.reason.empty()) json["backend_reason"] = backend.reason;
}

sim::LayerPreparer layer_preparer(const Backend& backend, const std::string& engine) {
    require_cpu(backend);
    return sim::cpu_preparer(sim::engine_named(engine));
}

std::unique_ptr<sim::NetworkRunner> make_runner(const Backend& backend, const sim::QuantizedNetwork& network,
                                                int threads) {
    require_cpu(backend);
    return std::make_unique<sim::CpuRunner>(network, threads);
}

}  // namespace concrete::app

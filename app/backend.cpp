#include "app/backend.h"

#include "cuda/cuda_runner.h"
#include "cuda/executors.h"
#include "sim/cpu_runner.h"

namespace concrete::app {
namespace {

void print_notice(const std::string& text) {
    fmt::print(stderr, "concrete: {}\n", text);
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
    if (asked == "cuda" && cuda::is_emulated()) {
        return {"cuda", "CONCRETE_CUDA_EMULATE is 1: the host executor stands in for a GPU"};
    }
    std::string problem = cuda::gpu_problem();
    if (problem.empty()) return {"cuda"};
    if (asked == "cuda") throw MissingError(fmt::format("--backend cuda: {}; use --backend cpu", problem));
    return {"cpu", std::move(problem)};
}

void fill_backend(Json& json, const Backend& backend) {
    json["backend"] = backend.name;
    if (!backend.reason.empty()) json["backend_reason"] = backend.reason;
}

sim::LayerPreparer layer_preparer(const Backend& backend, const std::string& engine) {
    if (backend.on_gpu()) return [](sim::MacLayer&) {};  // make_runner() does it
    return sim::cpu_preparer(sim::engine_named(engine));
}

std::unique_ptr<sim::NetworkRunner> make_runner(const Backend& backend, const sim::QuantizedNetwork& network,
                                                const std::string& engine, int threads) {
    if (!backend.on_gpu()) return std::make_unique<sim::CpuRunner>(network, threads);
    return std::make_unique<cuda::CudaRunner>(cuda::make_executors(), network,
                                              cuda::product_maker(sim::engine_named(engine)),
                                              cuda::CudaRunnerOptions{.threads = threads, .notice = print_notice});
}

}  // namespace concrete::app

#include "app/explain.h"

#include <algorithm>
#include <functional>

#include "cuda/device_planner.h"
#include "cuda/executors.h"
#include "sim/planner.h"

namespace concrete::app {
namespace {

constexpr double kMilliseconds = 1e3, kMicroseconds = 1e6;

/// "decomposed, 4 products", "logic, permute"
std::string engine_text(sim::Engine engine, sim::SumMethod method, size_t passes) {
    std::string text = sim::to_string(engine);
    if (engine == sim::Engine::logic) text += method == sim::SumMethod::permute ? ", permute" : ", decomposed";
    if (passes > 0) text += fmt::format(", {} int8 product{}", passes, passes == 1 ? "" : "s");
    return text;
}

Json plan_json(const sim::EnginePlan& plan) {
    Json json{{"engine", sim::to_string(plan.engine)}};
    if (!plan.problem.empty()) {
        json["problem"] = plan.problem;
        return json;
    }
    if (plan.engine == sim::Engine::logic)
        json["sums"] = plan.method == sim::SumMethod::permute ? "permute" : "decomposed";
    json["passes"] = plan.passes;
    json["time_s"] = plan.seconds;
    return json;
}

/// What computes a layer.
struct Choice {
    sim::Engine engine;
    sim::SumMethod method;
    size_t passes;
};

/// What differs between the back ends.
struct Explainer {
    std::string unit, machine;
    double per_second;  ///< units
    std::function<std::vector<sim::EnginePlan>(const sim::MacLayer&)> plans;
    std::function<Choice(const sim::MacLayer&, const std::vector<sim::EnginePlan>&)> choice;
};

Explainer cpu_explainer() {
    return {"milliseconds of one thread", "this machine", kMilliseconds,
            [](const sim::MacLayer& layer) { return sim::plan_engines(layer, sim::kPlannedImages); },
            [](const sim::MacLayer& layer, const auto&) -> Choice {
                return {layer.prepared.engine, layer.prepared.method, layer.prepared.passes};
            }};
}

/// Layers are planned here, not prepared: nothing is sent to the GPU.
Explainer gpu_explainer(const std::string& engine) {
    const auto executors = cuda::make_executors();
    const auto plans = [limits = executors[0]->limits()](const sim::MacLayer& layer) {
        return cuda::plan_engines(limits, sim::product_task(layer), cuda::ConvShape(layer), sim::kPlannedImages);
    };
    const auto choice = [forced = sim::engine_named(engine)](const sim::MacLayer&,
                                                             const std::vector<sim::EnginePlan>& all) -> Choice {
        const auto at =
            std::find_if(all.begin(), all.end(), [&](const auto& plan) { return !forced || plan.engine == *forced; });
        return {at->engine, at->method, at->passes};
    };
    return {"microseconds", executors[0]->label() + ", whose rates are its maker's and not measured", kMicroseconds,
            plans, choice};
}

}  // namespace

void explain(Context& context, const sim::QuantizedNetwork& network, const Backend& backend,
             const std::string& engine) {
    const Explainer explainer = backend.on_gpu() ? gpu_explainer(engine) : cpu_explainer();
    context.print("{} for {} pictures, by the cost model of {}\n", explainer.unit, sim::kPlannedImages,
                  explainer.machine);
    Json layers = Json::array();
    for (const sim::MacLayer& layer : network.mac_layers()) {
        const auto plans = explainer.plans(layer);
        const Choice chosen = explainer.choice(layer, plans);
        context.print("{}: {} rows x {} x {}{}: {}\n", layer.name, layer.out_h * layer.out_w * sim::kPlannedImages,
                      layer.k(), layer.out_channels / layer.groups,
                      layer.groups > 1 ? fmt::format(", {} groups", layer.groups) : "",
                      engine_text(chosen.engine, chosen.method, chosen.passes));
        Json entry{{"name", layer.name}, {"engine", sim::to_string(chosen.engine)}, {"plans", Json::array()}};
        for (const sim::EnginePlan& plan : plans) {
            entry["plans"].push_back(plan_json(plan));
            if (plan.problem.empty()) {
                context.print("    {:>10.3f}  {}\n", plan.seconds * explainer.per_second,
                              engine_text(plan.engine, plan.method, plan.passes));
            } else {
                context.print("             -  {}\n", plan.problem);
            }
        }
        layers.push_back(std::move(entry));
    }
    context.result["images"] = sim::kPlannedImages;
    context.result["layers"] = std::move(layers);
}

}  // namespace concrete::app

#include "app/explain.h"

#include "sim/planner.h"

namespace concrete::app {
namespace {

constexpr double kMilliseconds = 1e3;

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

}  // namespace

void explain(Context& context, const sim::QuantizedNetwork& network) {
    context.print("milliseconds of one thread for {} pictures, by the cost model of this machine\n",
                  sim::kPlannedImages);
    Json layers = Json::array();
    for (const sim::MacLayer& layer : network.mac_layers()) {
        const auto plans = sim::plan_engines(layer, sim::kPlannedImages);
        const sim::PreparedProduct& chosen = layer.prepared;
        context.print("{}: {} rows x {} x {}{}: {}\n", layer.name, layer.out_h * layer.out_w * sim::kPlannedImages,
                      layer.k(), layer.out_channels / layer.groups,
                      layer.groups > 1 ? fmt::format(", {} groups", layer.groups) : "",
                      engine_text(chosen.engine, chosen.method, chosen.passes));
        Json entry{{"name", layer.name}, {"engine", sim::to_string(chosen.engine)}, {"plans", Json::array()}};
        for (const sim::EnginePlan& plan : plans) {
            entry["plans"].push_back(plan_json(plan));
            if (plan.problem.empty()) {
                context.print("    {:>10.3f}  {}\n", plan.seconds * kMilliseconds,
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

#include "sim/cpu_runner.h"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>

namespace concrete::sim {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

}  // namespace

RunTimes CpuRunner::run(const RunRequest& request) {
    double observing_s = 0;
    const MacObserver observer = [&](const MacLayerRecord& record) {
        const auto start = Clock::now();
        request.observer(record);
        observing_s += seconds_since(start);
    };
    RunTimes times;
    times.layer_seconds.resize(network_.mac_layers().size());
    const Network& net = network_.network();
    const auto start = Clock::now();
    for (size_t first = 0; first < request.data.size(); first += request.batch) {
        const size_t count = std::min(request.batch, request.data.size() - first);
        const bool observed = request.observer && first < request.observed_images;
        const Tensor<double> logits =
            network_.run(normalize(request.data, first, count, net.mean, net.std_dev), threads_,
                         observed ? observer : MacObserver(), first, times.layer_seconds);
        if (request.sink) request.sink(first, logits);
    }
    times.seconds = seconds_since(start) - observing_s;
    return times;
}

LayerEngine CpuRunner::engine_of(size_t number) const {
    const PreparedProduct& prepared = network_.mac_layers().at(number).prepared;
    return {to_string(prepared.engine), prepared.passes};
}

std::string CpuRunner::label() const {
    return fmt::format("{}, {} thread{}", backend(), threads_, threads_ == 1 ? "" : "s");
}

}  // namespace concrete::sim

#include "bench/gpu_networks.h"

#include <algorithm>
#include <fmt/format.h>

#include "cuda/cuda_runner.h"
#include "sim/cpu_runner.h"
#include "sim/error.h"
#include "sim/random.h"
#include "sim/train.h"

namespace concrete::bench {
namespace {

sim::Dataset random_pictures(const sim::Shape& shape, size_t count) {
    sim::Dataset data{sim::Tensor<uint8_t>({count, shape[0], shape[1], shape[2]}), std::vector<uint8_t>(count)};
    sim::Random random(6);
    for (uint8_t& pixel : data.pixels.data) pixel = static_cast<uint8_t>(random.bits());
    return data;
}

/// The network on an operator. Weights have a variance that keeps activations near 1, and so do the scales.
sim::QuantizedNetwork bind_network(const sim::Network& network, const sim::Weights& weights, const OperatorPointer& op,
                                   const sim::LayerPreparer& prepare) {
    constexpr double kScale = 0.03;  // codes to 127 are values to 4
    sim::RunConfig config;
    config.network = network;
    sim::Calibration calibration;
    for (const sim::Layer& layer : network.layers) {
        calibration.activations[layer.name] = {kScale, 0};
        if (layer.is_mac()) config.layers[layer.name].multiplier.name = op->name;
    }
    const auto operators = bind_operators(config, [&](const sim::OperatorRef&) { return op; });
    return {config, weights, operators, plan_codes(config, operators), calibration, prepare};
}

struct Rate {
    double images_per_s = 0;
    std::vector<double> logits;  ///< of all pictures
};

/// The second of two runs: the first loads kernels and makes memory ready.
Rate measure(sim::NetworkRunner& runner, const sim::Dataset& data, size_t batch) {
    Rate rate;
    const sim::RunRequest request{.data = data, .batch = batch, .sink = [&](size_t, const sim::Tensor<double>& logits) {
                                      rate.logits.insert(rate.logits.end(), logits.data.begin(), logits.data.end());
                                  }};
    runner.run(request);
    rate.logits.clear();
    rate.images_per_s = static_cast<double>(data.size()) / runner.run(request).seconds;
    return rate;
}

/// Whole batches that take a second or so, two at least.
size_t picture_count(uint64_t macs_per_image, size_t batch) {
    constexpr double kMacs = 3e12;
    constexpr double kFewest = 2, kMost = 40;
    const double batches = kMacs / (static_cast<double>(macs_per_image) * static_cast<double>(batch));
    return batch * static_cast<size_t>(std::clamp(batches, kFewest, kMost));
}

/// Pictures of which the CPU, at some 50 GMAC/s, computes one run in a second or so.
size_t cpu_count(uint64_t macs_per_image, size_t pictures) {
    constexpr double kMacs = 5e10;
    return static_cast<size_t>(
        std::clamp(kMacs / static_cast<double>(macs_per_image), 2.0, static_cast<double>(pictures)));
}

}  // namespace

/// Weights are large: those of the latest network are kept.
void NetworkBench::load(const std::filesystem::path& description) {
    if (description == description_) return;
    network_ = sim::load_network(description);
    weights_ = sim::initial_weights(network_, 7);
    description_ = description;
}

void NetworkBench::time_network(benchmark::State& state, const std::filesystem::path& description,
                                const OperatorPointer& op) {
    load(description);
    const auto unprepared = [](sim::MacLayer&) {};
    const sim::QuantizedNetwork on_gpu = bind_network(network_, weights_, op, unprepared);
    const uint64_t macs = on_gpu.macs_per_image();
    const sim::Dataset data = random_pictures(network_.input().output_shape, picture_count(macs, batch_));

    Rate gpu;
    for (auto _ : state) {
        std::vector<std::unique_ptr<cuda::Executor>> executors;
        executors.push_back(make_executor_());
        cuda::CudaRunner runner(std::move(executors), on_gpu, cuda::product_maker(),
                                {.threads = threads_, .usual_batch = batch_});
        gpu = measure(runner, data, batch_);
        state.SetIterationTime(1 / gpu.images_per_s);
    }
    const sim::QuantizedNetwork on_cpu = bind_network(network_, weights_, op, sim::cpu_preparer());
    sim::CpuRunner runner(on_cpu, threads_);
    const size_t count = cpu_count(macs, data.size());
    std::vector<size_t> first(count);
    for (size_t i = 0; i < count; ++i) first[i] = i;
    const Rate cpu = measure(runner, subset(data, first), count);

    const auto [c, g] = std::mismatch(cpu.logits.begin(), cpu.logits.end(), gpu.logits.begin(), gpu.logits.end());
    if (c != cpu.logits.end())
        throw MismatchError(fmt::format("{} on {}: logit {} of the GPU is not the CPU's", network_.name, op->name,
                                        c - cpu.logits.begin()));
    state.counters["images/s"] = gpu.images_per_s;
    state.counters["MAC/s"] = gpu.images_per_s * static_cast<double>(macs);
    state.counters["cpu_images/s"] = cpu.images_per_s;
    state.counters["cpu_threads"] = threads_;
    state.counters["x_cpu"] = gpu.images_per_s / cpu.images_per_s;
}

}  // namespace concrete::bench

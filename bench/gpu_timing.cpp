#include "bench/gpu_timing.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "sim/random.h"

namespace concrete::bench {
namespace {

constexpr size_t kSetsBytes = size_t{192} << 20;  // more than second-level caches hold
constexpr double kSampleSeconds = 1e-3;           // a thousand times what events resolve
constexpr size_t kMostCalls = InputSets::kSets, kFewestSamples = 5, kMostSamples = 200;
constexpr double kMostBudgets = 5;  // after which fewer samples have to do

template <typename Enqueue>
double seconds_of(cuda::Stream& stream, const Enqueue& enqueue) {
    const auto begin = stream.mark();
    enqueue();
    const auto end = stream.mark();
    return stream.seconds_between(*begin, *end);
}

double median(std::vector<double> values) {
    std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
    return values[values.size() / 2];
}

/// The calls as one graph; null where they cannot be captured.
template <typename Enqueue>
std::unique_ptr<cuda::Graph> captured(cuda::Stream& stream, const Enqueue& enqueue) {
    stream.begin_capture();
    bool is_enqueued = true;
    try {
        enqueue();
    } catch (const Error&) {
        is_enqueued = false;
    }
    try {
        auto graph = stream.end_capture();  // also after a failure, which leaves the stream capturing
        if (is_enqueued) return graph;
    } catch (const cuda::DeviceError&) {
    }
    return nullptr;
}

}  // namespace

InputSets::InputSets(cuda::Executor& executor, size_t set_bytes, const std::vector<uint8_t>& values, size_t most)
    : stride_((set_bytes + 255) / 256 * 256),
      sets_(std::clamp<size_t>(kSetsBytes / stride_, 1, most)),
      memory_(executor, sets_ * stride_) {
    const auto stream = executor.make_stream();
    for (size_t at = 0; at < memory_.size(); at += values.size())
        stream->upload(memory_.data() + at, values.data(), std::min(values.size(), memory_.size() - at));
    stream->synchronize();
}

std::vector<uint8_t> random_bytes(unsigned lowest, unsigned count) {
    sim::Random random(3);
    std::vector<uint8_t> bytes(kInputValues);
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(lowest + random.below(count));
    return bytes;
}

std::vector<uint8_t> random_floats() {
    sim::Random random(4);
    std::vector<float> values(kInputValues / sizeof(float));
    for (float& value : values) value = static_cast<float>(2 * random.unit() - 1);
    std::vector<uint8_t> bytes(kInputValues);
    std::memcpy(bytes.data(), values.data(), bytes.size());
    return bytes;
}

GpuTiming time_calls(cuda::Stream& stream, double budget, const GpuCall& call) {
    size_t set = 0;
    const auto one = [&] { call(stream, set++); };
    one();  // loads the kernels
    stream.synchronize();
    seconds_of(stream, one);
    const double first = seconds_of(stream, one);

    GpuTiming timing;
    timing.calls = static_cast<size_t>(std::clamp(kSampleSeconds / first, 1.0, static_cast<double>(kMostCalls)));
    const auto all = [&] {
        for (size_t i = 0; i < timing.calls; ++i) one();
    };
    const auto graph = captured(stream, all);
    timing.is_graph = graph != nullptr;
    const auto sample = [&] { return seconds_of(stream, [&] { graph ? stream.replay(*graph) : all(); }); };

    for (double spent = 0; spent < budget / 2;) spent += sample();
    std::vector<double> samples;
    const auto is_enough = [&](double spent) {
        if (samples.size() < kFewestSamples) return !samples.empty() && spent > kMostBudgets * budget;
        return spent > budget || samples.size() >= kMostSamples;
    };
    for (double spent = 0; !is_enough(spent); spent += samples.back()) samples.push_back(sample());
    timing.samples = samples.size();
    timing.seconds = median(samples) / static_cast<double>(timing.calls);
    return timing;
}

}  // namespace concrete::bench

#include "bench/layer_bench.h"

#include <algorithm>
#include <fmt/format.h>
#include <sys/resource.h>

#include "bench/timing.h"
#include "sim/error.h"

namespace concrete::bench {
namespace {

constexpr const char* kNoSuchLayer = "oneDNN has no such layer";

ScalarLoop scalar_loop(const Case& c) {
    const sim::MacLayer layer = make_layer(c.shape, c.op, c.codes, {});
    return {layer, make_codes(layer, c.batch)};
}

std::function<void()> dnnl_call(const Case& c, Baseline baseline) {
    return dnnl_layer(c.shape, c.batch, baseline == Baseline::fp32 ? DnnlType::fp32 : DnnlType::int8, c.threads);
}

/// Binds the layer to the case's engine, or skips the case.
std::optional<Binding> bind_or_skip(benchmark::State& state, const Case& c, sim::MacLayer& layer) {
    try {
        return bind_engine(layer, c.batch, c.engine);
    } catch (const InputError& error) {
        state.SkipWithError(error.what());
        return std::nullopt;
    }
}

template <typename Call>
void run_once(benchmark::State& state, int threads, Call call) {
    for (auto _ : state) {
        const double start = clock_seconds(threads);
        call();
        state.SetIterationTime(clock_seconds(threads) - start);
    }
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    state.counters["peak_MiB"] = static_cast<double>(usage.ru_maxrss) / 1024;
}

void expect_equal(const std::string& what, const std::vector<int64_t>& expected, const std::vector<int64_t>& got) {
    const auto [e, g] = std::mismatch(expected.begin(), expected.end(), got.begin(), got.end());
    if (e == expected.end() && g == got.end()) return;
    if (expected.size() != got.size())
        throw MismatchError(fmt::format("{}: {} outputs, expected {}", what, got.size(), expected.size()));
    throw MismatchError(fmt::format("{}: output {} is {}, expected {}", what, e - expected.begin(), *g, *e));
}

}  // namespace

std::string to_string(Baseline baseline) {
    return baseline == Baseline::fp32 ? "fp32" : baseline == Baseline::int8 ? "int8" : "scalar";
}

std::string Case::place() const {
    return fmt::format("{}/batch:{}/threads:{}", shape.name, batch, threads);
}

std::string Case::operands() const {
    return fmt::format("{}/{}/{}/{}/{}", op->name, acc.name(), to_string(codes), shape.name, batch);
}

std::string Case::name() const {
    return fmt::format("{}/{}/{}/{}/{}", engine ? to_string(*engine) : "auto", op->name, acc.name(), to_string(codes),
                       place());
}

std::string Case::name(Baseline baseline) const {
    return fmt::format("baseline/{}/-/{}/{}", to_string(baseline), to_string(codes), place());
}

void LayerBench::time_engine(benchmark::State& state, const Case& c) {
    sim::MacLayer layer = make_layer(c.shape, c.op, c.codes, c.acc);
    const auto binding = bind_or_skip(state, c, layer);
    if (!binding) return;
    const sim::Tensor<int32_t> codes = make_codes(layer, c.batch);
    expect_equal(c.name(), reference(c).data, run_mac_layer(layer, codes, c.threads).data);

    // In turns, so that both see the same machine; each long enough to warm its caches.
    double engine = 1e30, fp32 = 1e30;
    for (auto _ : state) {
        for (int turn = 0; turn < 2; ++turn) {
            fp32 = std::min(fp32, best_call_seconds(c.threads, budget(c) / 2, dnnl(c, Baseline::fp32)));
            engine = std::min(engine, best_call_seconds(c.threads, budget(c), [&] {
                                  benchmark::DoNotOptimize(run_mac_layer(layer, codes, c.threads));
                              }));
        }
        state.SetIterationTime(engine);
    }
    const double int8 = baseline_seconds(c, Baseline::int8);
    state.SetLabel(sim::to_string(binding->engine));
    state.counters["MAC/s"] = c.macs() / engine;
    state.counters["x_fp32"] = engine / fp32;
    if (int8 > 0) state.counters["x_int8"] = engine / int8;
    state.counters["x_scalar"] = baseline_seconds(c, Baseline::scalar) / engine;
    if (binding->passes > 0) state.counters["passes"] = static_cast<double>(binding->passes);
}

void LayerBench::time_baseline(benchmark::State& state, const Case& c, Baseline baseline) {
    const double seconds = baseline_seconds(c, baseline);
    if (seconds == 0) return state.SkipWithError(kNoSuchLayer);
    for (auto _ : state) state.SetIterationTime(seconds);
    state.counters["MAC/s"] = c.macs() / seconds;
}

void LayerBench::run_engine_once(benchmark::State& state, const Case& c) {
    sim::MacLayer layer = make_layer(c.shape, c.op, c.codes, c.acc);
    const auto binding = bind_or_skip(state, c, layer);
    if (!binding) return;
    const sim::Tensor<int32_t> codes = make_codes(layer, c.batch);
    run_once(state, c.threads, [&] { benchmark::DoNotOptimize(run_mac_layer(layer, codes, c.threads)); });
    state.SetLabel(sim::to_string(binding->engine));
}

void LayerBench::run_baseline_once(benchmark::State& state, const Case& c, Baseline baseline) {
    if (baseline == Baseline::scalar) {
        ScalarLoop loop = scalar_loop(c);
        return run_once(state, c.threads, [&] { loop.run(c.threads); });
    }
    const auto call = dnnl_call(c, baseline);
    call ? run_once(state, c.threads, call) : state.SkipWithError(kNoSuchLayer);
}

/// What the gather engine makes of the case's operands. Where zero points are 0 and the accumulator exact, the scalar
/// loop must make the same.
const sim::Tensor<int64_t>& LayerBench::reference(const Case& c) {
    if (operands_ == c.operands()) return reference_;
    sim::MacLayer layer = make_layer(c.shape, c.op, c.codes, c.acc);
    bind_engine(layer, c.batch, sim::Engine::gather);
    reference_ = run_mac_layer(layer, make_codes(layer, c.batch), 1);
    operands_ = c.operands();
    if (c.acc.or_bits == 0 && layer.a_params.zero_point == 0) {
        ScalarLoop loop = scalar_loop(c);
        loop.run(1);
        expect_equal(c.operands() + ": gather engine and scalar loop", loop.result().data, reference_.data);
    }
    return reference_;
}

/// oneDNN's call, made once a place.
const std::function<void()>& LayerBench::dnnl(const Case& c, Baseline baseline) {
    const std::string key = to_string(baseline) + "/" + c.place();
    if (const auto known = dnnl_.find(key); known != dnnl_.end()) return known->second;
    return dnnl_[key] = dnnl_call(c, baseline);
}

/// Measured once a place and codes; 0 where there is none.
double LayerBench::baseline_seconds(const Case& c, Baseline baseline) {
    const std::string key = c.name(baseline);
    if (const auto known = seconds_.find(key); known != seconds_.end()) return known->second;
    double seconds = 0;
    if (baseline == Baseline::scalar) {
        ScalarLoop loop = scalar_loop(c);
        seconds = best_call_seconds(c.threads, 2 * budget(c), [&] { loop.run(c.threads); });
    } else if (const auto& call = dnnl(c, baseline)) {
        seconds = best_call_seconds(c.threads, 2 * budget(c), call);
    }
    return seconds_[key] = seconds;
}

}  // namespace concrete::bench

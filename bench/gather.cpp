// MAC/s of the gather engine (sim/gather.h) on layers of LeNet-5, and how many times that is a scalar loop over the
// definition, measured in the same run.
#include "sim/gather.h"

#include <benchmark/benchmark.h>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>

#include "bench/workload.h"

namespace concrete::bench {
namespace {

using sim::AccumulatorSpec;
using sim::Overflow;

struct NamedAccumulator {
    const char* name;
    AccumulatorSpec spec;
};

// MAC/s of the scalar loop, measured once for each case; the engine's result must be the loop's.
double baseline_rate(const std::string& name, const Workload& work) {
    static std::map<std::string, double> rates;
    if (const auto known = rates.find(name); known != rates.end()) return known->second;
    sim::gather(work.args(), 1);
    const std::vector<int64_t> engine = work.out();
    const double rate = work.macs() / best_seconds([&] { scalar_loop(work.args()); });
    if (engine != work.out()) {
        std::fprintf(stderr, "bench_gather: %s: the engine and the scalar loop differ\n", name.c_str());
        std::exit(3);
    }
    return rates[name] = rate;
}

void run(benchmark::State& state, const LayerShape& shape, const NamedAccumulator& acc, size_t batch, int threads) {
    const Workload work(shape, batch, acc.spec);
    const double baseline = baseline_rate(std::string(shape.name) + acc.name + std::to_string(batch), work);
    const auto start = std::chrono::steady_clock::now();
    for (auto _ : state) {
        sim::gather(work.args(), threads);
        benchmark::DoNotOptimize(work.out().data());
        benchmark::ClobberMemory();
    }
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    const double rate = work.macs() * static_cast<double>(state.iterations()) / seconds.count();
    state.counters["MAC/s"] = rate;
    state.counters["x_scalar_loop"] = rate / baseline;
}

void register_all() {
    const std::vector<NamedAccumulator> accumulators = {
        {"exact", {}},
        {"loa8", {32, Overflow::wrap, 8, nullptr}},
        {"saturate16", {16, Overflow::saturate, 0, nullptr}},
    };
    for (const LayerShape& shape : {kConv1, kConv2, kFc1})
        for (const NamedAccumulator& acc : accumulators)
            for (const size_t batch : {1, 64})
                for (const int threads : {1, 2}) {
                    const std::string name = std::string("gather/") + shape.name + "/" + acc.name +
                                             "/batch:" + std::to_string(batch) + "/threads:" + std::to_string(threads);
                    benchmark::RegisterBenchmark(name.c_str(), run, shape, acc, batch, threads)->UseRealTime();
                }
}

}  // namespace
}  // namespace concrete::bench

int main(int argc, char** argv) {
    concrete::bench::register_all();
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return 0;
}

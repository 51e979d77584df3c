// MAC/s of whole layers (sim/mac_layer.h) by engine, operator, accumulator and codes, beside oneDNN in fp32 and int8
// and a scalar look-up loop on the same layer in the same run. Every result is compared with the gather engine's, and
// that with the scalar loop's. bench/layers_table turns the figures into tables.
//
// What is timed, since all pairs are too many: with the engine that would be chosen, every operator on three layers and
// representative operators on all; these with each engine, too, and for batch 1 on one thread and two.
#include <benchmark/benchmark.h>
#include <cstdio>
#include <fmt/format.h>
#include <string_view>

#include "bench/bench_main.h"
#include "bench/layer_bench.h"
#include "sim/error.h"

namespace concrete::bench {
namespace {

constexpr char kUsage[] =
    "bench_layers [--operators DIR] [--only GLOB] [--quick] [--once] [--benchmark_...]\n"
    "  --operators DIR  operator files to time (default: the best-known of the catalogue, made or from the cache)\n"
    "  --only GLOB      operators whose name matches, as in 'booth8_m4-*'\n"
    "  --quick          representative operators on three layers, shorter: under 2 minutes\n"
    "  --once           one call a case, unchecked, without baselines: for the peak memory of the process; to be used\n"
    "                   with a --benchmark_filter that matches one case\n";

struct Options {
    std::string folder;
    std::string only = "*";
    bool quick = false, once = false;
};

/// Takes our options out of argv; the rest is Google Benchmark's.
Options parse(int& argc, char** argv) {
    Options options;
    int kept = 1;
    for (int i = 1; i < argc; ++i) {
        const std::string_view option = argv[i];
        const bool has_value = option == "--operators" || option == "--only";
        if (has_value && i + 1 == argc) throw UsageError(fmt::format("{} needs a value", option));
        if (option == "--operators")
            options.folder = argv[++i];
        else if (option == "--only")
            options.only = argv[++i];
        else if (option == "--quick")
            options.quick = true;
        else if (option == "--once")
            options.once = true;
        else
            argv[kept++] = argv[i];
    }
    argc = kept;
    return options;
}

template <typename Run>
void add(const std::string& name, Run run) {
    benchmark::RegisterBenchmark(name.c_str(), run)->UseManualTime()->Iterations(1)->Unit(benchmark::kMillisecond);
}

/// Registers what the options ask for.
class Selection {
  public:
    Selection(LayerBench& bench, const Options& options) : bench_(bench), options_(options) {}

    void add_baselines(const OperatorPointer& op) {
        for (const LayerShape& shape : kLayers)
            for (const Codes codes : {Codes::all, Codes::relu})
                for (const auto& [batch, threads] : batches_and_threads(shape))
                    if (!options_.quick || (is_few(shape) && batch == shape.batch && threads == 1))
                        add_baselines({op, {}, codes, shape, batch, threads, {}});
    }

    void add_operator(const OperatorPointer& op) {
        const bool thorough = is_representative(op->name) && !options_.quick;
        for (const LayerShape& shape : kLayers) {
            if (!thorough && !is_few(shape)) continue;
            for (const Codes codes : {Codes::all, Codes::relu}) {
                const Case chosen{op, {}, codes, shape, shape.batch, 1, {}};
                add_case(chosen);
                if (thorough) add_engines(chosen);
            }
            for (const auto& [batch, threads] : batches_and_threads(shape))
                if (thorough && (batch != shape.batch || threads != 1))
                    add_case({op, {}, Codes::relu, shape, batch, threads, {}});
        }
    }

    /// Lower-part-OR accumulation.
    void add_or_accumulation(const OperatorPointer& op) {
        for (const LayerShape& shape : kFewLayers)
            for (const Codes codes : {Codes::all, Codes::relu})
                for (const int or_bits : {4, 8}) {
                    const Case chosen{op, {or_bits}, codes, shape, shape.batch, 1, {}};
                    add_case(chosen);
                    if (!options_.quick) add_engines(chosen);
                }
    }

  private:
    /// One thread and two, for the batch of the layer and for one picture; each pair once.
    static std::vector<std::pair<size_t, int>> batches_and_threads(const LayerShape& shape) {
        std::vector<std::pair<size_t, int>> pairs{{shape.batch, 1}, {shape.batch, 2}};
        if (shape.batch > 1) pairs.insert(pairs.end(), {{1, 1}, {1, 2}});
        return pairs;
    }

    static bool is_few(const LayerShape& shape) {
        for (const LayerShape& few : kFewLayers)
            if (std::string_view(few.name) == shape.name) return true;
        return false;
    }

    void add_case(const Case& c) {
        add(c.name(), [bench = &bench_, c, once = options_.once](benchmark::State& state) {
            once ? LayerBench::run_engine_once(state, c) : bench->time_engine(state, c);
        });
    }

    void add_engines(Case c) {
        for (const sim::Engine engine : engines_for(*c.op, c.acc)) {
            c.engine = engine;
            add_case(c);
        }
    }

    void add_baselines(const Case& c) {
        for (const Baseline baseline : {Baseline::fp32, Baseline::int8, Baseline::scalar})
            add(c.name(baseline), [bench = &bench_, c, baseline, once = options_.once](benchmark::State& state) {
                once ? LayerBench::run_baseline_once(state, c, baseline) : bench->time_baseline(state, c, baseline);
            });
    }

    LayerBench& bench_;
    const Options& options_;
};

void register_all(LayerBench& bench, const Options& options) {
    const std::vector<OperatorPointer> operators = options.folder.empty()
                                                       ? operators_of_catalogue(options.only, options.quick)
                                                       : operators_of_folder(options.folder, options.only);
    Selection selection(bench, options);
    selection.add_baselines(random_table());
    for (const OperatorPointer& op : operators) {
        if (options.quick && !is_representative(op->name)) continue;
        selection.add_operator(op);
        if (op->name == "mul8s_exact" || op->name == "booth8_m4-P8") selection.add_or_accumulation(op);
    }
}

int run(int argc, char** argv) {
    const Options options = parse(argc, argv);
    initialize<kUsage>(argc, argv);
    LayerBench bench(options.quick ? 0.02 : 0.05);
    register_all(bench, options);
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return 0;
}

}  // namespace
}  // namespace concrete::bench

int main(int argc, char** argv) {
    return concrete::bench::bench_main("bench_layers", [&] { return concrete::bench::run(argc, argv); });
}

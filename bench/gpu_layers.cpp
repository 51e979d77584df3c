// MAC/s of whole layers (cuda/device_layer.h) on a GPU by engine, operator, accumulator and codes, beside cuDNN and
// cuBLASLt in fp32, TF32 and int8 on the same layer and what the card does at most (bench/gpu_ceilings.h) in the same
// run. Every result is compared with the gather engine's. bench/gpu_table turns the figures into tables.
//
// What is timed, the most important first, since time on a GPU may be short: ceilings and baselines; every operator
// with the engine that would be chosen; representative operators with each engine, lower-part-OR accumulation, and
// codes after ReLU.
#include <benchmark/benchmark.h>
#include <chrono>
#include <cstdio>
#include <fmt/format.h>
#include <string_view>

#include "bench/bench_main.h"
#include "bench/gpu_bench.h"
#include "bench/gpu_cudnn.h"
#include "bench/gpu_networks.h"
#include "bench/gpu_shapes.h"
#include "cuda/cuda_executor.h"
#include "cuda/host_executor.h"
#include "sim/error.h"
#include "sim/parallel.h"

namespace concrete::bench {
namespace {

constexpr char kUsage[] =
    "bench_gpu_layers [--operators DIR] [--only GLOB] [--network FILE]... [--quick] [--batch N] [--seconds S]\n"
    "                 [--emulate] [--benchmark_...]\n"
    "  --operators DIR  operator files to time (default: the random table alone)\n"
    "  --only GLOB      operators whose name matches, as in 'booth8_m4-*'\n"
    "  --network FILE   network description to time with random weights; may be repeated\n"
    "  --quick          representative operators only\n"
    "  --batch N        pictures of a call (default: 64, in networks 250)\n"
    "  --seconds S      begin no case later than S seconds after the start; those are skipped (default: no limit)\n"
    "  --emulate        on the host in the place of a GPU: tries the program, its times say nothing; to be used with "
    "a\n"
    "                   --benchmark_filter and a small batch\n";

struct Options {
    std::string folder;
    std::string only = "*";
    std::vector<std::filesystem::path> networks;
    size_t batch = kGpuBatch, network_batch = 250;
    double seconds = 0;
    bool quick = false, emulate = false;
};

/// Takes our options out of argv; the rest is Google Benchmark's.
Options parse(int& argc, char** argv) {
    Options options;
    int kept = 1;
    for (int i = 1; i < argc; ++i) {
        const std::string_view option = argv[i];
        const bool has_value = option == "--operators" || option == "--only" || option == "--network" ||
                               option == "--batch" || option == "--seconds";
        if (has_value && i + 1 == argc) throw UsageError(fmt::format("{} needs a value", option));
        if (option == "--operators")
            options.folder = argv[++i];
        else if (option == "--only")
            options.only = argv[++i];
        else if (option == "--network")
            options.networks.emplace_back(argv[++i]);
        else if (option == "--batch")
            options.batch = options.network_batch = std::strtoul(argv[++i], nullptr, 10);
        else if (option == "--seconds")
            options.seconds = std::strtod(argv[++i], nullptr);
        else if (option == "--quick")
            options.quick = true;
        else if (option == "--emulate")
            options.emulate = true;
        else
            argv[kept++] = argv[i];
    }
    if (options.batch == 0) throw UsageError("--batch needs a number of 1 or more");
    argc = kept;
    return options;
}

std::unique_ptr<cuda::Executor> make_executor(const Options& options) {
    if (options.emulate) return std::make_unique<cuda::HostExecutor>();
    const cuda::DeviceList list = cuda::list_devices();
    if (list.devices.empty()) throw MissingError("no GPU to measure: " + list.reason);
    return make_cuda_executor(list.devices[0]);
}

/// Registers what the options ask for.
class Selection {
  public:
    Selection(GpuBench& bench, NetworkBench& networks, const Options& options)
        : bench_(bench), networks_(networks), options_(options) {}

    void add_ceilings() {
        for (const Ceiling ceiling : kCeilings)
            add("ceiling/" + to_string(ceiling),
                [this, ceiling](benchmark::State& state) { bench_.time_ceiling(state, ceiling); });
    }

    void add_baselines() {
        for (const LayerShape& shape : kGpuLayers)
            for (const ProductType type : {ProductType::fp32, ProductType::tf32, ProductType::int8})
                add(baseline_name(shape, options_.batch, type), [this, shape, type](benchmark::State& state) {
                    bench_.time_baseline(state, shape, options_.batch, type);
                });
    }

    /// With the engine that would be chosen.
    void add_operator(const OperatorPointer& op, Accumulation acc = {}, Codes codes = Codes::all) {
        for (const LayerShape& shape : kGpuLayers) add_case({op, acc, codes, shape, options_.batch, {}});
    }

    /// With each engine.
    void add_engines(const OperatorPointer& op, Accumulation acc = {}) {
        for (const LayerShape& shape : kGpuLayers)
            for (const sim::Engine engine : engines_for(*op, acc))
                add_case({op, acc, Codes::all, shape, options_.batch, engine});
    }

    void add_network(const std::filesystem::path& description, const OperatorPointer& op) {
        add(fmt::format("network/{}/{}", op->name, description.stem().string()),
            [this, description, op](benchmark::State& state) { networks_.time_network(state, description, op); });
    }

    /// Some case computed something else than the gather engine or the CPU.
    bool has_mismatch() const { return has_mismatch_; }

  private:
    void add_case(const GpuCase& c) {
        add(c.name(), [this, c](benchmark::State& state) { bench_.time_engine(state, c); });
    }

    template <typename Run>
    void add(const std::string& name, Run run) {
        const auto run_in_time = [this, run](benchmark::State& state) {
            const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start_;
            if (options_.seconds > 0 && spent.count() > options_.seconds)
                return state.SkipWithError("the time of --seconds was over");
            try {
                run(state);
            } catch (const Error& error) {  // the other cases are wanted all the same
                if (error.code() == ExitCode::mismatch) has_mismatch_ = true;
                state.SkipWithError(error.what());
            }
        };
        benchmark::RegisterBenchmark(name.c_str(), run_in_time)
            ->UseManualTime()
            ->Iterations(1)
            ->Unit(benchmark::kMicrosecond);
    }

    GpuBench& bench_;
    NetworkBench& networks_;
    const Options& options_;
    bool has_mismatch_ = false;
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

bool is_for_or_accumulation(const std::string& name) {
    return name == "mul8s_exact" || name == "booth8_m4-P8";
}

/// The exact one, a cheap one, one of many passes, and one that cannot be decomposed.
bool is_for_networks(const std::string& name) {
    return is_for_or_accumulation(name) || name == "booth8_m5-P10" || name == kRandomTable;
}

void register_all(Selection& selection, const Options& options) {
    const std::vector<OperatorPointer> operators =
        options.folder.empty() ? std::vector{random_table()} : operators_of_folder(options.folder, options.only);
    selection.add_ceilings();
    selection.add_baselines();
    const auto for_each = [&](bool representative, const auto& body) {
        for (const OperatorPointer& op : operators)
            if (is_representative(op->name) == representative) body(op);
    };
    for_each(true, [&](const OperatorPointer& op) { selection.add_operator(op); });
    if (!options.quick) for_each(false, [&](const OperatorPointer& op) { selection.add_operator(op); });
    for (const OperatorPointer& op : operators)
        for (const int or_bits : {4, 8})
            if (is_for_or_accumulation(op->name)) selection.add_operator(op, {or_bits});
    for (const std::filesystem::path& network : options.networks)
        for (const OperatorPointer& op : operators)
            if (is_for_networks(op->name)) selection.add_network(network, op);
    for_each(true, [&](const OperatorPointer& op) { selection.add_operator(op, {}, Codes::relu); });
    for_each(true, [&](const OperatorPointer& op) { selection.add_engines(op); });
    for (const OperatorPointer& op : operators)
        if (is_for_or_accumulation(op->name)) selection.add_engines(op, {8});
}

void describe(const cuda::Executor& executor) {
    const cuda::DeviceLimits& limits = executor.limits();
    benchmark::AddCustomContext("device", executor.label());
    benchmark::AddCustomContext("compute_capability", fmt::format("{}.{}", limits.compute_major, limits.compute_minor));
    benchmark::AddCustomContext("multiprocessors", std::to_string(limits.multiprocessors));
    benchmark::AddCustomContext("clock_ghz", fmt::format("{:.3f}", limits.clock_ghz));
    benchmark::AddCustomContext("cuda_runtime", cuda::runtime_version());
    benchmark::AddCustomContext("cudnn", cudnn_version());
    benchmark::AddCustomContext("cublaslt", cublas_version());
}

int run(int argc, char** argv) {
    const Options options = parse(argc, argv);
    initialize<kUsage>(argc, argv);
    const std::unique_ptr<cuda::Executor> executor = make_executor(options);
    describe(*executor);
    GpuBench bench(*executor, options.quick ? 0.02 : 0.05);
    NetworkBench networks([&] { return make_executor(options); }, options.network_batch, sim::default_threads());
    Selection selection(bench, networks, options);
    register_all(selection, options);
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return static_cast<int>(selection.has_mismatch() ? ExitCode::mismatch : ExitCode::done);
}

}  // namespace
}  // namespace concrete::bench

int main(int argc, char** argv) {
    return concrete::bench::bench_main("bench_gpu_layers", [&] { return concrete::bench::run(argc, argv); });
}

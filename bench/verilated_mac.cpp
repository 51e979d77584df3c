// MAC/s of the Verilated MAC unit (rtl/mac_unit.v), one product a clock, beside the gather engine on conv2 of LeNet-5.
// The exact unit's accumulator is compared with plain arithmetic at the end of every run.
#include <benchmark/benchmark.h>
#include <cstdio>
#include <fmt/format.h>
#include <map>
#include <sstream>

#include "bench/workload.h"
#include "gen/process.h"
#include "gen/verilated.h"
#include "sim/error.h"
#include "sim/file.h"

namespace concrete::bench {
namespace {

constexpr uint64_t kMacs = 2'000'000;  // of one run

// Operands from a linear congruential generator that both sides run (Knuth's MMIX constants).
constexpr const char* kDriver = R"(
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>
int main(int, char** argv) {
    const uint64_t count = std::strtoull(argv[1], nullptr, 10);
    std::vector<uint16_t> operands(count);
    uint64_t state = 1;
    for (uint16_t& pair : operands) pair = (state = state * 6364136223846793005u + 1442695040888963407u) >> 48;
    VerilatedContext context;
    Vtop unit{&context};
    const auto tick = [&] {
        unit.clk = 0;
        unit.eval();
        unit.clk = 1;
        unit.eval();
    };
    unit.init = 0;
    unit.enable = 1;
    unit.clear = 1;
    tick();
    unit.clear = 0;
    const auto start = std::chrono::steady_clock::now();
    for (const uint16_t pair : operands) {
        unit.a = pair & 0xff;
        unit.b = pair >> 8;
        tick();
    }
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    std::printf("%.9f %u\n", seconds.count(), unsigned(unit.acc));
}
)";

struct Unit {
    const char* name;
    const char* multiplier;  // as rtl/mac_unit.v wants it; "" for its default, the exact one
    const char* adder;
    bool is_exact;
};
constexpr Unit kExact{"exact", "", "", true};
constexpr Unit kApproximate{"booth8_m4-P8_loa8", "booth8 #(.ENCODER(1), .COMPRESSOR(0), .P(8))",
                            "add_loa #(.W(W), .K(8))", false};

std::filesystem::path build(const Unit& unit) {
    const std::filesystem::path rtl = std::filesystem::path(CONCRETE_SOURCE_DIR) / "rtl";
    gen::VerilatedSpec spec;
    // rtl/mac_unit.v takes its operators from macros, which a file before it defines.
    if (!unit.is_exact)
        spec.sources.files.push_back(
            {"operators.v",
             fmt::format("`define CONCRETE_MULTIPLIER {}\n`define CONCRETE_ADDER {}\n", unit.multiplier, unit.adder),
             false});
    for (const char* file : {"mac_unit.v", "mul_s_exact.v", "add_exact.v", "booth8.v", "add_loa.v"})
        spec.sources.files.push_back({file, read_file(rtl / file), false});
    spec.sources.top = "mac_unit";
    spec.driver = std::string("#include \"Vtop.h\"\n") + kDriver;
    return gen::build_verilated(spec);
}

uint32_t expected_exact() {
    uint32_t acc = 0;
    uint64_t state = 1;
    for (uint64_t i = 0; i < kMacs; ++i) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        const uint64_t pair = state >> 48;
        acc += static_cast<uint32_t>(sim::decode(pair & 0xff, 8, true) * sim::decode(pair >> 8, 8, true));
    }
    return acc;
}

double gather_rate(const Unit& unit) {
    static std::map<std::string, double> rates;
    if (const auto known = rates.find(unit.name); known != rates.end()) return known->second;
    sim::AccumulatorSpec acc;
    if (!unit.is_exact) acc.or_bits = 8;
    const Workload work(kConv2, 64, acc);
    return rates[unit.name] = work.macs() / best_seconds([&] { sim::gather(work.args(), 1); });
}

void run(benchmark::State& state, const Unit& unit) {
    const std::filesystem::path program = build(unit);
    const uint32_t expected = expected_exact();
    double total = 0;
    for (auto _ : state) {
        const gen::ProcessResult result = gen::run_process({program.string(), std::to_string(kMacs)}, ".");
        double seconds = 0;
        uint32_t acc = 0;
        if (result.exit_status != 0 || !(std::istringstream(result.out) >> seconds >> acc)) {
            state.SkipWithError("the Verilated program failed");
            return;
        }
        if (unit.is_exact && acc != expected) {
            state.SkipWithError("the exact unit's accumulator is wrong");
            return;
        }
        state.SetIterationTime(seconds);
        total += seconds;
    }
    const double rate = static_cast<double>(kMacs) * static_cast<double>(state.iterations()) / total;
    state.counters["MAC/s"] = rate;
    state.counters["gather_MAC/s"] = gather_rate(unit);
    state.counters["gather_x_verilated"] = gather_rate(unit) / rate;
}

}  // namespace
}  // namespace concrete::bench

int main(int argc, char** argv) {
    using namespace concrete::bench;
    for (const Unit& unit : {kExact, kApproximate})
        benchmark::RegisterBenchmark((std::string("verilated_mac/") + unit.name).c_str(), run, unit)
            ->UseManualTime()
            ->Unit(benchmark::kMillisecond);
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
    try {
        benchmark::RunSpecifiedBenchmarks();
    } catch (const concrete::Error& error) {
        std::fprintf(stderr, "bench_verilated_mac: %s\n", error.what());
        return static_cast<int>(error.code());
    }
    benchmark::Shutdown();
    return 0;
}

// Evaluations/s of multipliers bit-sliced (sim/bitslice.h), beside their Verilated modules, and the rate of exhaustive
// error figures on the netlist (gen/netlist_metrics.h); MAC/s of products of matrices (sim/netlist_engine.h). Rates of
// one thread are per second of processor time, so that they hold on a machine that does other things. Outputs of
// netlist and modules are compared.
#include <algorithm>
#include <array>
#include <benchmark/benchmark.h>
#include <cstdio>
#include <ctime>
#include <fmt/format.h>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <sstream>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "gen/catalogue.h"
#include "gen/netlist_metrics.h"
#include "gen/process.h"
#include "gen/synthesis.h"
#include "gen/verilated.h"
#include "sim/bitslice.h"
#include "sim/error.h"
#include "sim/mac_step.h"
#include "sim/netlist_engine.h"
#include "sim/planes.h"
#include "sim/random.h"

namespace concrete::bench {
namespace {

double cpu_seconds() {
    return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

/// Processor time of one call: the best of several, together at least 0.3 s.
template <typename Call>
double best_cpu_seconds(Call call) {
    double best = 1e30;
    for (double total = 0; total < 0.3;) {
        const double start = cpu_seconds();
        call();
        const double seconds = cpu_seconds() - start;
        best = std::min(best, seconds);
        total += seconds;
    }
    return best;
}

#if defined(__x86_64__)
constexpr int kRounds = 5'000'000, kChains = 16;

/// kRounds vpternlog on registers in each of kChains chains: enough to hide that each waits two or three cycles for the
/// one before.
[[gnu::target("avx512f")]] void ternary_logic() {
    __m512i x0{}, x1{}, x2{}, x3{}, x4{}, x5{}, x6{}, x7{};
    __m512i x8{}, x9{}, x10{}, x11{}, x12{}, x13{}, x14{}, x15{};
    const __m512i y = _mm512_set1_epi32(77), z = _mm512_set1_epi32(1234);
    const auto once = [&](__m512i & chain) __attribute__((always_inline, target("avx512f"))) {
        chain = _mm512_ternarylogic_epi64(chain, y, z, 0x96);
        asm volatile("" : "+v"(chain));  // as it stands: no two rounds in one
    };
    for (int round = 0; round < kRounds; ++round) {
        once(x0), once(x1), once(x2), once(x3), once(x4), once(x5), once(x6), once(x7);
        once(x8), once(x9), once(x10), once(x11), once(x12), once(x13), once(x14), once(x15);
    }
}
#endif

/// vpternlog/s of one thread, which no evaluator can exceed. On a processor without AVX-512: nothing.
std::optional<double> ternary_logic_bound() {
#if defined(__x86_64__)
    static const std::optional<double> rate =
        sim::available_isas().back() >= sim::Isa::avx512
            ? std::optional(double{kRounds} * kChains / best_cpu_seconds(ternary_logic))
            : std::nullopt;
    return rate;
#else
    return std::nullopt;
#endif
}

struct Case {
    const char* name;  // in the catalogue
    int bits;
    bool is_signed;
};
constexpr std::array<Case, 4> kCases{{{"booth8_m4-P8", 8, true},
                                      {"mul8u_exact", 8, false},
                                      {"mul_u_exact-A_BITS12-B_BITS12", 12, false},
                                      {"mul16u_exact", 16, false}}};

/// Sources of an instance of the catalogue.
sim::Sources sources_of(const char* name) {
    static const gen::Catalogue catalogue = gen::load_catalogue(gen::default_catalogue_path());
    const auto [family, parameters] = gen::parse_instance_name(catalogue, name);
    return gen::catalogue_request(*family, parameters).sources;
}

/// The operator with its netlist, synthesized once.
const sim::Operator& operator_of(const Case& c) {
    static std::map<std::string, sim::Operator> made;
    if (const auto known = made.find(c.name); known != made.end()) return known->second;
    sim::Operator op;
    op.name = c.name;
    op.a = {"a", c.bits, c.is_signed};
    op.b = {"b", c.bits, c.is_signed};
    op.y = {"y", 2 * c.bits, c.is_signed};
    op.sources = sources_of(c.name);
    op.netlist = gen::synthesize(op).netlist;
    return made[c.name] = op;
}

// Operands from a linear congruential generator that both sides run (Knuth's MMIX constants). Printed: seconds of
// processor time for all of them, and the sum of all y.
constexpr const char* kDriver = R"(
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <vector>
int main(int, char** argv) {
    const uint64_t count = std::strtoull(argv[1], nullptr, 10), mask = std::strtoull(argv[2], nullptr, 10);
    struct Pair { uint16_t a, b; };
    std::vector<Pair> operands(count);
    uint64_t state = 1;
    for (Pair& pair : operands) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        pair = {uint16_t(state >> 48 & mask), uint16_t(state >> 32 & mask)};
    }
    VerilatedContext context;
    Vtop circuit{&context};
    uint64_t sum = 0, rounds = 0;
    double seconds = 0;
    const std::clock_t start = std::clock();
    while (seconds < 0.3) {
        sum = 0;
        for (const Pair& pair : operands) {
            circuit.a = pair.a;
            circuit.b = pair.b;
            circuit.eval();
            sum += circuit.y;
        }
        ++rounds;
        seconds = double(std::clock() - start) / CLOCKS_PER_SEC;
    }
    std::printf("%.9f %llu\n", seconds / double(rounds), (unsigned long long)sum);
}
)";

/// The same sum from the netlist.
uint64_t expected_sum(const Case& c, uint64_t count) {
    const sim::NetlistProgram program(*operator_of(c).netlist);
    const uint64_t mask = (uint64_t{1} << c.bits) - 1;
    const size_t words = (count + 63) / 64, a_words = static_cast<size_t>(c.bits) * words;
    std::vector<uint64_t> a, b, y(count), inputs(program.inputs() * words), outputs(program.outputs() * words);
    uint64_t state = 1;
    for (uint64_t i = 0; i < count; ++i) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        a.push_back(state >> 48 & mask);
        b.push_back(state >> 32 & mask);
    }
    sim::codes_to_planes(a, c.bits, words, std::span(inputs).first(a_words));
    sim::codes_to_planes(b, c.bits, words, std::span(inputs).subspan(a_words));
    program.evaluate(words, inputs, outputs);
    sim::planes_to_codes(outputs, 2 * c.bits, words, y);
    return std::accumulate(y.begin(), y.end(), uint64_t{0});
}

/// A node as an expression: about its first fanin, with the usual names for functions of the others.
std::string expression(uint8_t table, const std::array<std::string, 3>& f) {
    const auto two = [&](unsigned t) {
        const std::array<std::string, 16> text{"1'b0",  "~(p|q)", "(~p&q)", "~p",     "(p&~q)", "~q",
                                               "(p^q)", "~(p&q)", "(p&q)",  "~(p^q)", "q",      "(~p|q)",
                                               "p",     "(p|~q)", "(p|q)",  "1'b1"};
        std::string result;
        for (const char letter : text[t])
            result += letter == 'p' ? f[1] : letter == 'q' ? f[2] : std::string(1, letter);
        return result;
    };
    const unsigned zero = table & 15u, one = table >> 4u;
    if (zero == one) return two(zero);
    if (zero == (one ^ 15u)) return fmt::format("{}^{}", f[0], two(zero));
    return fmt::format("({0}&{1})|(~{0}&{2})", f[0], two(one), two(zero));
}

/// The netlist as flat Verilog, one assignment a node: what libraries of circuits publish.
std::string gate_level(const Case& c) {
    const sim::Netlist& netlist = *operator_of(c).netlist;
    const auto name = [&](uint32_t signal) -> std::string {
        if (signal < sim::Netlist::kFirstInput) return signal == sim::Netlist::kOne ? "1'b1" : "1'b0";
        const auto bits = static_cast<uint32_t>(c.bits), input = signal - sim::Netlist::kFirstInput;
        if (signal >= netlist.first_node()) return fmt::format("n{}", signal);
        return input < bits ? fmt::format("a[{}]", input) : fmt::format("b[{}]", input - bits);
    };
    std::string text =
        fmt::format("module gates(input [{0}:0] a, input [{0}:0] b, output [{1}:0] y);\n", c.bits - 1, 2 * c.bits - 1);
    for (uint32_t i = 0; i < netlist.nodes.size(); ++i) {
        const auto& [fanin, table] = netlist.nodes[i];
        text += fmt::format("wire {} = {};\n", name(netlist.first_node() + i),
                            expression(table, {name(fanin[0]), name(fanin[1]), name(fanin[2])}));
    }
    for (size_t i = 0; i < netlist.outputs.size(); ++i)
        text += fmt::format("assign y[{}] = {};\n", i, name(netlist.outputs[i]));
    return text + "endmodule\n";
}

enum class Level { module, gates };

/// Evaluations/s of the Verilated circuit; throws if its outputs are not the netlist's.
double verilated_rate(const Case& c, Level level) {
    static std::map<std::string, double> rates;
    const std::string key = c.name + std::string(level == Level::gates ? "/gates" : "");
    if (const auto known = rates.find(key); known != rates.end()) return known->second;
    gen::VerilatedSpec spec;
    spec.sources = operator_of(c).sources;
    if (level == Level::gates) spec.sources = {{{"gates.v", gate_level(c), false}}, "gates", {}, {}};
    spec.driver = std::string("#include \"Vtop.h\"\n") + kDriver;
    const std::filesystem::path program = gen::build_verilated(spec);
    const uint64_t count = 1 << 18, expected = expected_sum(c, count);
    double best = 1e30;
    for (int run = 0; run < 3; ++run) {
        const gen::ProcessResult result =
            gen::run_process({program.string(), std::to_string(count), std::to_string((1 << c.bits) - 1)}, ".");
        double seconds = 0;
        uint64_t sum = 0;
        if (result.exit_status != 0 || !(std::istringstream(result.out) >> seconds >> sum))
            throw Error(ExitCode::missing, key + ": the Verilated program failed");
        if (sum != expected) throw MismatchError(key + ": the Verilated circuit and the netlist differ");
        best = std::min(best, seconds);
    }
    return rates[key] = static_cast<double>(count) / best;
}

void verilated(benchmark::State& state, const Case& c, Level level) {
    double rate = 0;
    for (auto _ : state) rate = verilated_rate(c, level);
    state.counters["evaluations/s"] = rate;
}

void evaluate(benchmark::State& state, const Case& c, sim::Isa isa) {
    const sim::NetlistProgram program(*operator_of(c).netlist, isa);
    const size_t words = 64;
    std::vector<uint64_t> inputs(program.inputs() * words), outputs(program.outputs() * words);
    for (size_t bit = 0; bit < program.inputs(); ++bit)
        sim::counting_plane(static_cast<int>(bit), 0x12345000, std::span(inputs).subspan(bit * words, words));
    const int calls = 200;
    const double lanes = 64.0 * words * calls, nodes = static_cast<double>(program.nodes());
    double best = 1e30;
    for (auto _ : state) {
        const double start = cpu_seconds();
        for (int call = 0; call < calls; ++call) {
            program.evaluate(words, inputs, outputs);
            benchmark::DoNotOptimize(outputs.data());
            benchmark::ClobberMemory();
        }
        best = std::min(best, cpu_seconds() - start);
    }
    state.counters["nodes"] = nodes;
    state.counters["slots"] = static_cast<double>(program.slots());
    state.counters["evaluations/s"] = lanes / best;
    state.counters["node_evaluations/s"] = nodes * lanes / best;
    state.counters["x_verilated"] = lanes / best / verilated_rate(c, Level::module);
    state.counters["x_verilated_gates"] = lanes / best / verilated_rate(c, Level::gates);
    if (isa >= sim::Isa::avx512) {
        state.counters["vpternlog_bound/s"] = *ternary_logic_bound();
        state.counters["share_of_bound"] = nodes * lanes / 512 / best / *ternary_logic_bound();
    }
}

/// An accumulator for the products: exact, or with an adder of the catalogue as a netlist.
struct Adder {
    const char* name;  // nullptr for exact
    int bits;
};
constexpr std::array<Adder, 5> kAdders{
    {{nullptr, 24}, {nullptr, 32}, {"add_eta_i-K8-W24", 24}, {"add_eta_i-K8-W32", 32}, {"add_loa-K8-W32", 32}}};

sim::AccumulatorSpec accumulator_of(const Adder& adder) {
    sim::AccumulatorSpec spec{adder.bits, sim::Overflow::wrap, 0, nullptr};
    if (adder.name == nullptr) return spec;
    auto op = std::make_shared<sim::Operator>();
    op->name = adder.name;
    op->kind = sim::OperatorKind::adder;
    op->a = {"a", adder.bits, false};
    op->b = {"b", adder.bits, false};
    op->sources = sources_of(adder.name);
    op->y = {"y", adder.bits + 1, false};
    op->netlist = gen::synthesize(*op).netlist;
    spec.adder = op;
    return spec;
}

/// A product of matrices as a layer has it, on circuits made before, with one thread. The bound counts the nodes of one
/// multiplier and accumulator.
void multiply(benchmark::State& state, const Case& c, const Adder& adder, sim::Isa isa,
              sim::NetlistMac::Method method) {
    constexpr size_t m = 4096, k = 576, n = 64;
    const sim::AccumulatorSpec spec = accumulator_of(adder);
    const auto op = std::make_shared<const sim::Operator>(operator_of(c));
    const sim::CodeRange range{sim::lowest_code(op->a), sim::highest_code(op->a)};
    const auto products = std::make_shared<const sim::ProductModel>(op, range, range, false);
    sim::Random random(1);
    const auto draw = [&](size_t count) {
        std::vector<int32_t> codes(count);
        for (int32_t& code : codes)
            code = static_cast<int32_t>(range.lowest + static_cast<int64_t>(random.below(range.count())));
        return codes;
    };
    const std::vector<int32_t> a = draw(m * k), w = draw(k * n);
    const std::vector<int64_t> init(n, 5);
    std::vector<int64_t> out(m * n);
    const sim::MatmulArgs args{m, k, n, a.data(), w.data(), init.data(), false, products.get(), spec, out.data()};
    const sim::NetlistMac mac(products, spec, isa, method);
    double start = cpu_seconds();
    mac.runner(sim::LaneSide::a, false);
    state.counters["prepare_ms"] = 1000 * (cpu_seconds() - start);
    double best = 1e30;
    for (auto _ : state) {
        start = cpu_seconds();
        sim::netlist_matmul(args, mac, 1);
        best = std::min(best, cpu_seconds() - start);
    }
    const double rate = double{m} * k * n / best;
    const auto nodes = static_cast<double>(sim::mac_netlist(*products, spec).netlist.nodes.size());
    state.counters["nodes"] = nodes;
    state.counters["mac/s"] = rate;
    if (isa >= sim::Isa::avx512) state.counters["share_of_bound"] = nodes * rate / 512 / *ternary_logic_bound();
}

void metrics(benchmark::State& state, const Case& c, sim::Isa isa, int threads) {
    const sim::Operator& op = operator_of(c);
    double seconds = 0, pairs = 0;
    for (auto _ : state) {
        const double start = cpu_seconds();
        const gen::NetlistMetrics figures = gen::netlist_metrics(op, {}, threads, {}, isa);
        seconds += cpu_seconds() - start;
        pairs += static_cast<double>(figures.pairs);
        state.counters["mae"] = figures.metrics.mae;
    }
    state.counters["pairs_per_cpu_s"] = pairs / seconds;
    state.counters["cpu_s"] = seconds / static_cast<double>(state.iterations());
}

void register_all() {
    for (const Case& c : kCases) {
        const std::string name = c.name;
        for (const auto& [level, text] : {std::pair{Level::module, "module"}, {Level::gates, "gates"}})
            benchmark::RegisterBenchmark(("verilated/" + name + "/" + text).c_str(), verilated, c, level)
                ->Iterations(1);
        for (const sim::Isa isa : sim::available_isas())
            benchmark::RegisterBenchmark(("netlist/" + name + "/" + to_string(isa)).c_str(), evaluate, c, isa);
    }
    for (const Case& c : kCases) {
        const auto add = [&](const Adder& adder, sim::Isa isa, sim::NetlistMac::Method method, const char* how) {
            benchmark::RegisterBenchmark(fmt::format("matmul/{}/{}W{}/{}", c.name,
                                                     adder.name ? fmt::format("{}/", adder.name) : "", adder.bits, how)
                                             .c_str(),
                                         multiply, c, adder, isa, method)
                ->Unit(benchmark::kMillisecond);
        };
        for (const Adder& adder : kAdders) add(adder, sim::default_isa(), sim::NetlistMac::Method::fastest, "fastest");
        for (const sim::Isa isa : sim::available_isas())
            add(kAdders[0], isa, sim::NetlistMac::Method::interpreted, to_string(isa).c_str());
    }
    for (const Case& c : kCases)
        for (const sim::Isa isa : sim::available_isas())
            for (const int threads : {1, 2}) {
                if (c.bits == 16 && isa != sim::available_isas().back()) continue;
                benchmark::RegisterBenchmark(
                    fmt::format("metrics/{}/{}/threads:{}", c.name, to_string(isa), threads).c_str(), metrics, c, isa,
                    threads)
                    ->Unit(benchmark::kSecond)
                    ->UseRealTime()
                    ->Iterations(1);
            }
}

}  // namespace
}  // namespace concrete::bench

int main(int argc, char** argv) {
    concrete::bench::register_all();
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
    try {
        benchmark::RunSpecifiedBenchmarks();
    } catch (const concrete::Error& error) {
        std::fprintf(stderr, "bench_netlist: %s\n", error.what());
        return static_cast<int>(error.code());
    }
    benchmark::Shutdown();
    return 0;
}

// concrete verify: sampled multiply-accumulates of a run, replayed in the Verilated MAC unit.
#include <algorithm>
#include <chrono>

#include "app/command.h"
#include "app/progress.h"
#include "app/run_options.h"
#include "verify/dump.h"
#include "verify/hardware.h"
#include "verify/operator_check.h"
#include "verify/replay.h"

namespace concrete::app {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Sums over layers.
struct Totals {
    size_t neurons = 0, mismatches = 0;
    uint64_t macs = 0;
    double seconds = 0;  // inside the simulation

    explicit Totals(const std::vector<verify::LayerReplay>& layers) {
        for (const verify::LayerReplay& layer : layers) {
            neurons += layer.neurons;
            mismatches += layer.mismatches;
            macs += layer.macs;
            seconds += layer.seconds;
        }
    }
    double macs_per_s() const { return seconds > 0 ? static_cast<double>(macs) / seconds : 0; }
};

class Verify : public Command {
  public:
    std::string name() const override { return "verify"; }
    std::string summary() const override { return "replay sampled multiply-accumulates of a run in the Verilated RTL"; }
    std::string details() const override {
        return "Picks output neurons of every quantised layer, runs their pictures, and clocks their operands through "
               "the "
               "Verilated MAC unit with the layer's own multiplier, adder, width and overflow rule. The accumulator is "
               "compared after every MAC, then the corrected accumulator and the requantised code with what the engine "
               "recorded. Exit code 3 where anything differs.\n"
               "--dump writes the same operands and results as vectors, with all Verilog and a test bench: in each of "
               "its folders, `iverilog -g2005 -c files.f -o replay.vvp && vvp -n replay.vvp` prints PASS or FAIL.";
    }
    std::string example() const override {
        return "$ concrete verify configs/demo/mixed.yaml\n"
               "layer  hardware                                                     neurons  MACs replayed  "
               "mismatches\n"
               "conv1  mul8s_exact, exact, 24 bits, saturate                            100           2500           "
               "0\n"
               "conv2  booth8_e1a-P10, exact, 24 bits, saturate                         100          15000           "
               "0\n"
               "fc1    booth8_m6-P6, loa 6, 32 bits, wrap                               100          40000           "
               "0\n"
               "fc2    mul8u_exact (sign and magnitude), loa 8, 24 bits, saturate       100          12000           "
               "0\n"
               "fc3    mul8s_exact, exact, 24 bits, saturate                            100           8400           "
               "0\n"
               "5 layers, 500 neurons of 10000 pictures, 77900 MACs replayed, 0 mismatches; 5.0 s, Verilated unit 4.95 "
               "MMAC/s; cpu, 2 threads\n";
    }

    void declare(CLI::App& app) override {
        options_.declare(app);
        options_.declare_engine(app);
        app.add_option("--samples", samples_, "Replay N output neurons of each quantised layer.")
            ->type_name("N")
            ->check(CLI::Range(1, 1'000'000))
            ->capture_default_str();
        app.add_option("--seed", seed_, "Which neurons are picked.")->type_name("N")->capture_default_str();
        app.add_flag("--tables", tables_,
                     "Also compare the table of every operator with its Verilog, on all pairs of operands.");
        app.add_option("--dump", dump_, "Write vectors and a Verilog test bench to a new folder.")->type_name("DIR");
    }

    ExitCode run(Context& context) override {
        const auto start = Clock::now();
        const LoadedRun loaded = load_run(options_);
        if (loaded.run.network.mac_layers().empty()) {
            throw InputError(fmt::format("{}: every layer is `mode: float`, so that there is nothing to replay",
                                         options_.config.string()));
        }
        const auto runner = make_runner(loaded.backend, loaded.run.network, options_.engine, options_.threads);
        const std::vector<verify::NeuronCase> cases = sample(*runner, loaded.data);
        if (!dump_.empty()) dumped_ = verify::dump_vectors(cases, verify::rtl_folder(), dump_);
        const std::vector<verify::LayerReplay> layers = replay(cases);
        const std::vector<verify::OperatorCheck> tables = check_tables(loaded);
        const double seconds = seconds_since(start);
        fill(context.result, loaded, layers, tables, seconds);
        print(context, loaded, *runner, layers, tables, seconds);
        const bool tables_agree =
            std::all_of(tables.begin(), tables.end(), [](const auto& check) { return check.differences == 0; });
        return Totals(layers).mismatches == 0 && tables_agree ? ExitCode::done : ExitCode::mismatch;
    }

  private:
    std::vector<verify::NeuronCase> sample(sim::NetworkRunner& runner, const sim::Dataset& data) const {
        const sim::QuantizedNetwork& network = runner.network();
        verify::NeuronSampler sampler(network.mac_layers(), data.size(), samples_, seed_);
        const std::vector<size_t> needed = sampler.images();
        const sim::Dataset pictures = sim::subset(data, needed);
        Progress progress(network.network().name, needed.size());
        runner.run({.data = pictures,
                    .sink = [&](size_t first, const auto& logits) { progress.update(first + logits.shape[0]); },
                    .observer = sampler.observer(needed)});
        return sampler.cases();
    }

    std::vector<verify::LayerReplay> replay(const std::vector<verify::NeuronCase>& cases) const {
        Progress progress("replay", 1);
        verify::ReplayOptions options;
        options.threads = options_.threads;
        options.progress = [&](size_t done, size_t total) { progress.update(done, total); };
        return verify::replay(cases, options);
    }

    std::vector<verify::OperatorCheck> check_tables(const LoadedRun& loaded) const {
        if (!tables_) return {};
        std::vector<sim::Operator> operators;
        const auto add = [&](const sim::Operator* op) {
            if (op && std::find(operators.begin(), operators.end(), *op) == operators.end()) operators.push_back(*op);
        };
        for (const sim::MacLayer& layer : loaded.run.network.mac_layers()) {
            if (!layer.products->is_mac_unit()) add(&layer.products->multiplier());
            add(layer.adder.get());
        }
        return verify::check_operators(operators, options_.threads);
    }

    void fill(Json& json, const LoadedRun& loaded, const std::vector<verify::LayerReplay>& layers,
              const std::vector<verify::OperatorCheck>& tables, double seconds) const {
        const Totals total(layers);
        json["config"] = options_.config.string();
        json["overrides"] = options_.overrides;
        fill_backend(json, loaded.backend);
        json["engine"] = options_.engine;
        json["threads"] = options_.threads;
        json["seed"] = seed_;
        json["samples"] = samples_;
        json["images"] = loaded.data.size();
        json["calibration_sha256"] = loaded.run.calibration.hash;
        json["operators"] = operators_json(loaded.run);
        json["neurons"] = total.neurons;
        json["macs_replayed"] = total.macs;
        json["mismatches"] = total.mismatches;
        json["time_s"] = seconds;
        json["verilated_time_s"] = total.seconds;
        json["verilated_macs_per_s"] = total.macs_per_s();
        json["layers"] = Json::array();
        for (const verify::LayerReplay& layer : layers) {
            Json entry{
                {"name", layer.layer},         {"hardware", layer.hardware},     {"neurons", layer.neurons},
                {"macs_replayed", layer.macs}, {"mismatches", layer.mismatches}, {"verilated_time_s", layer.seconds}};
            if (!layer.first_mismatch.empty()) entry["first_mismatch"] = layer.first_mismatch;
            json["layers"].push_back(std::move(entry));
        }
        if (tables_) json["tables"] = Json::array();
        for (const verify::OperatorCheck& check : tables) {
            Json entry{{"name", check.name}, {"pairs", check.pairs}, {"differences", check.differences}};
            if (!check.report.empty()) entry["first_difference"] = check.report;
            json["tables"].push_back(std::move(entry));
        }
    }

    void print(Context& context, const LoadedRun& loaded, const sim::NetworkRunner& runner,
               const std::vector<verify::LayerReplay>& layers, const std::vector<verify::OperatorCheck>& tables,
               double seconds) const {
        size_t name_width = 5, hardware_width = 8;
        for (const verify::LayerReplay& layer : layers) {
            name_width = std::max(name_width, layer.layer.size());
            hardware_width = std::max(hardware_width, layer.hardware.size());
        }
        context.print("{:<{}}  {:<{}}  {:>8}  {:>13}  {:>10}\n", "layer", name_width, "hardware", hardware_width,
                      "neurons", "MACs replayed", "mismatches");
        for (const verify::LayerReplay& layer : layers) {
            context.print("{:<{}}  {:<{}}  {:>8}  {:>13}  {:>10}\n", layer.layer, name_width, layer.hardware,
                          hardware_width, layer.neurons, layer.macs, layer.mismatches);
        }
        for (const verify::LayerReplay& layer : layers)
            if (!layer.first_mismatch.empty()) context.print("{}\n", layer.first_mismatch);
        for (const verify::OperatorCheck& check : tables) {
            if (check.report.empty())
                context.print("{}: {} equals RTL on {} pairs\n", check.name, check.exhaustive ? "table" : "model",
                              check.pairs);
            if (!check.report.empty()) context.print("{}\n", check.report);
        }
        if (!dumped_.empty()) context.print("vectors and test benches in {}\n", dump_.string());
        const Totals total(layers);
        context.print(
            "{} layers, {} neurons of {} pictures, {} MACs replayed, {} mismatches; {:.1f} s, Verilated unit {:.2f} "
            "MMAC/s; {}\n",
            layers.size(), total.neurons, loaded.data.size(), total.macs, total.mismatches, seconds,
            total.macs_per_s() * 1e-6, runner.label());
    }

    RunOptions options_;
    uint64_t samples_ = 100, seed_ = 1;
    bool tables_ = false;
    std::filesystem::path dump_;
    std::vector<std::filesystem::path> dumped_;
};

}  // namespace

std::unique_ptr<Command> make_verify() {
    return std::make_unique<Verify>();
}

}  // namespace concrete::app

// concrete run: the accuracy of a network on approximate hardware.
#include <chrono>
#include <cmath>
#include <optional>

#include "app/command.h"
#include "app/explain.h"
#include "app/json.h"
#include "app/progress.h"
#include "app/run_options.h"
#include "sim/experiment.h"
#include "sim/file.h"
#include "sim/operand_recorder.h"

namespace concrete::app {
namespace {

Json layer_json(const sim::MacLayer& layer, const sim::LayerEngine& engine, const sim::LayerResult& result) {
    const sim::LayerError& e = result.error;
    return {{"name", layer.name},
            {"multiplier", layer.products->multiplier().name},
            {"sign_magnitude", layer.products->sign_magnitude()},
            {"accumulator", accumulator_text(layer)},
            {"engine", engine.name},
            {"passes", engine.passes},
            {"weights_bits", layer.w_spec.bits},
            {"activations_bits", layer.a_spec.bits},
            {"macs", result.macs},
            {"time_s", result.seconds},
            {"compared_accumulators", e.accumulators},
            {"mean_error_lsb", e.mean_error},
            {"mae_lsb", e.mae},
            {"wce_lsb", e.wce},
            {"mse_lsb2", e.mse},
            {"snr_db", e.snr_db()}};
}

/// "inf" is right but unfriendly: a layer without errors shows a dash.
std::string decibels(const sim::LayerError& error) {
    return std::isinf(error.snr_db()) ? "-" : fmt::format("{:.1f}", error.snr_db());
}

using Clock = std::chrono::steady_clock;

class Run : public Command {
  public:
    std::string name() const override { return "run"; }
    std::string summary() const override { return "run a network on approximate operators and print its accuracy"; }
    std::string details() const override {
        return "Every convolution and fully connected layer computes with the multiplier and adder that the "
               "configuration "
               "names, bit for bit; catalogue operators are generated when they are needed first. The table shows for "
               "each "
               "layer what the approximation does to its accumulators: error = approximate - exact on the same input "
               "codes, in accumulator LSBs, and the signal-to-noise ratio.";
    }
    std::string example() const override {
        return "$ concrete run configs/demo/mixed.yaml --limit 1000\n"
               "layer  multiplier                   accumulator               MACs/image  mean error         MAE  SNR "
               "(dB)\n"
               "conv1  mul8s_exact                  24 bits, exact, saturate      117600        0.00        0.00       "
               "  -\n"
               "conv2  booth8_e1a-P10               24 bits, exact, saturate      240000      300.23     1097.17      "
               "19.6\n"
               "fc1    booth8_m6-P6                 32 bits, loa 6, wrap           48000    -2239.16     2241.00      "
               "24.5\n"
               "fc2    mul8u_exact, sign-magnitude  24 bits, loa 8, saturate       10080       35.14      273.72      "
               "28.7\n"
               "fc3    mul8s_exact                  24 bits, exact, saturate         840        0.00        0.00       "
               "  -\n"
               "calibration d576a50e2575a8c1\n"
               "accuracy 91.70% (917 of 1000 pictures), 0.04 s, 10.05 GMAC/s; cpu, 2 threads\n";
    }
    void declare(CLI::App& app) override {
        options_.declare(app);
        options_.declare_engine(app);
        app.add_flag("--explain", explain_,
                     "Print how each layer would be computed, what the other engines would need by the cost model, and "
                     "stop.");
        app.add_option("--error-images", error_images_, "Take the layers' error figures from the first N pictures.")
            ->type_name("N")
            ->check(CLI::Range(0.0, kMostImages))
            ->capture_default_str();
        app.add_option("--record-operands", operands_,
                       "Write how often each pair of activation and weight codes reached the multipliers, layer by "
                       "layer (docs/operand-distributions.md), for `concrete inspect --weights`.")
            ->type_name("FILE.h5");
        app.add_option("--out", out_dir_, "Write result.json, layers.csv and predictions.csv to this folder.")
            ->type_name("DIR");
    }

    std::vector<std::filesystem::path> inputs() const override { return {options_.config}; }
    std::vector<std::filesystem::path> outputs() const override { return {operands_}; }

    ExitCode run(Context& context) override {
        if (!operands_.empty()) AtomicFile writable(operands_);  // better now than after the run
        const LoadedRun loaded = load_run(options_);
        if (explain_) {
            explain(context, loaded.run.network, loaded.backend, options_.engine);
            return ExitCode::done;
        }
        const auto runner = make_runner(loaded.backend, loaded.run.network, options_.engine, options_.threads);
        std::optional<Recording> recording;
        if (!operands_.empty()) recording.emplace(loaded.run.network, options_.threads);
        const sim::ExperimentResult result = execute(*runner, loaded.data, recording);
        fill(context.result, loaded, *runner, result);
        print(context, loaded, *runner, result);
        if (recording) write_operands(context, loaded, *recording);
        if (!out_dir_.empty()) write_files(context.result, loaded, result);
        return ExitCode::done;
    }

  private:
    /// Operands counted, and the time it took.
    struct Recording {
        sim::OperandRecorder recorder;
        double seconds = 0;

        Recording(const sim::QuantizedNetwork& network, int threads) : recorder(network, threads) {}
        void observe(const sim::MacLayerRecord& record) {
            const auto start = Clock::now();
            recorder.observe(record);
            seconds += std::chrono::duration<double>(Clock::now() - start).count();
        }
    };

    sim::ExperimentResult execute(sim::NetworkRunner& runner, const sim::Dataset& data,
                                  std::optional<Recording>& recording) const {
        Progress progress(runner.network().network().name, data.size());
        sim::ExperimentOptions options;
        options.threads = options_.threads;
        options.error_images = error_images_;
        options.progress = [&](size_t done, size_t total) { progress.update(done, total); };
        if (recording) options.observer = [&](const sim::MacLayerRecord& record) { recording->observe(record); };
        return sim::run_experiment(runner, data, options);
    }

    void fill(Json& json, const LoadedRun& loaded, const sim::NetworkRunner& runner,
              const sim::ExperimentResult& result) const {
        json["config"] = options_.config.string();
        json["overrides"] = options_.overrides;
        json["network"] = loaded.run.config.network.name;
        json["weights"] = loaded.run.config.weights_path.filename().string();
        fill_backend(json, loaded.backend);
        json["engine"] = options_.engine;
        json["threads"] = options_.threads;
        json["calibration_sha256"] = loaded.run.calibration.hash;
        json["operators"] = operators_json(loaded.run);
        json["images"] = result.images;
        json["correct"] = result.correct;
        json["accuracy_percent"] = result.accuracy_percent();
        json["macs"] = result.macs();
        json["time_s"] = result.seconds;
        json["macs_per_s"] = static_cast<double>(result.macs()) / result.seconds;
        json["layers"] = Json::array();
        for (size_t i = 0; i < result.layers.size(); ++i) {
            json["layers"].push_back(
                layer_json(loaded.run.network.mac_layers()[i], runner.engine_of(i), result.layers[i]));
        }
    }

    static void print(Context& context, const LoadedRun& loaded, const sim::NetworkRunner& runner,
                      const sim::ExperimentResult& result) {
        const auto& layers = loaded.run.network.mac_layers();
        if (layers.empty()) {
            context.print("all layers in fp32\n");
        } else {
            print_layers(context, layers, result.layers);
        }
        context.print("calibration {}\n", loaded.run.calibration.hash.substr(0, 16));
        context.print("accuracy {:.2f}% ({} of {} pictures), {:.2f} s", result.accuracy_percent(), result.correct,
                      result.images, result.seconds);
        if (result.macs() > 0) {
            context.print(", {:.2f} GMAC/s", static_cast<double>(result.macs()) / result.seconds * 1e-9);
        }
        context.print("; {}\n", runner.label());
    }

    static void print_layers(Context& context, const std::vector<sim::MacLayer>& layers,
                             const std::vector<sim::LayerResult>& results) {
        size_t name = 5, multiplier = 10, accumulator = 11;  // widths of the headings
        for (const sim::MacLayer& layer : layers) {
            name = std::max(name, layer.name.size());
            multiplier = std::max(multiplier, multiplier_text(layer).size());
            accumulator = std::max(accumulator, accumulator_text(layer).size());
        }
        context.print("{:<{}}  {:<{}}  {:<{}}  {:>10}  {:>10}  {:>10}  {:>8}\n", "layer", name, "multiplier",
                      multiplier, "accumulator", accumulator, "MACs/image", "mean error", "MAE", "SNR (dB)");
        for (size_t i = 0; i < layers.size(); ++i) {
            const sim::LayerError& e = results[i].error;
            context.print("{:<{}}  {:<{}}  {:<{}}  {:>10}  {:>10.2f}  {:>10.2f}  {:>8}\n", layers[i].name, name,
                          multiplier_text(layers[i]), multiplier, accumulator_text(layers[i]), accumulator,
                          layers[i].macs_per_image(), e.mean_error, e.mae, decibels(e));
        }
    }

    void write_operands(Context& context, const LoadedRun& loaded, Recording& recording) const {
        const auto start = Clock::now();
        const sim::OperandDistribution distribution =
            recording.recorder.result(options_.config.filename().string(), loaded.run.calibration.hash);
        sim::save_operand_distribution(distribution, operands_);
        const double seconds = recording.seconds + std::chrono::duration<double>(Clock::now() - start).count();
        Json& json = context.result["recorded_operands"];
        json = {{"file", operands_.string()}, {"time_s", seconds}, {"has_total", distribution.total.has_value()}};
        json["layers"] = Json::array();
        for (const auto& [layer, counts] : distribution.layers) {
            json["layers"].push_back({{"name", layer}, {"macs", counts.macs()}, {"joint", !counts.joint.empty()}});
            if (counts.joint.empty())
                context.print("layer {}: operands recorded one by one, not as pairs: {}\n", layer,
                              counts.joint_absence);
        }
        if (!distribution.total)
            context.print("no total over the layers: their multipliers differ in width or signedness\n");
        context.print("operands of {} layers in {}, {:.2f} s\n", distribution.layers.size(), operands_.string(),
                      seconds);
    }

    void write_files(const Json& json, const LoadedRun& loaded, const sim::ExperimentResult& result) const {
        write_file(out_dir_ / "result.json", envelope(name(), ExitCode::done, "", json));
        std::string csv = "layer,multiplier,macs,time_s,mean_error_lsb,mae_lsb,wce_lsb,mse_lsb2,snr_db\n";
        for (const sim::LayerResult& layer : result.layers) {
            const size_t i = static_cast<size_t>(&layer - result.layers.data());
            csv += fmt::format("{},{},{},{},{},{},{},{},{}\n", layer.name,
                               csv_field(loaded.run.network.mac_layers()[i].products->multiplier().name), layer.macs,
                               layer.seconds, layer.error.mean_error, layer.error.mae, layer.error.wce, layer.error.mse,
                               decibels(layer.error));
        }
        write_file(out_dir_ / "layers.csv", csv);
        csv = "image,label,prediction\n";
        for (size_t i = 0; i < result.images; ++i) {
            csv += fmt::format("{},{},{}\n", i, loaded.data.labels[i], result.predictions[i]);
        }
        write_file(out_dir_ / "predictions.csv", csv);
    }

    RunOptions options_;
    bool explain_ = false;
    uint64_t error_images_ = 64;
    std::filesystem::path operands_, out_dir_;
};

}  // namespace

std::unique_ptr<Command> make_run() {
    return std::make_unique<Run>();
}

}  // namespace concrete::app

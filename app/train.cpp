// concrete train: float training of a network.
#include "sim/train.h"

#include <chrono>

#include "app/command.h"
#include "app/progress.h"
#include "sim/file.h"

namespace concrete::app {

namespace {

class Train : public Command {
  public:
    std::string name() const override { return "train"; }
    std::string summary() const override { return "train a network in floating point"; }
    std::string details() const override {
        return "CONFIG.yaml names the network, the pictures, the file for the weights and how to train: "
               "docs/configuration.md. "
               "Everything random comes from its seed; two runs with the same number of threads on the same machine "
               "give "
               "the same weights. The weights are written once, after the last epoch.";
    }
    std::string example() const override {
        return "$ concrete train configs/train/lenet5_fashion.yaml\n"
               "lenet5: 60000 pictures to train on, 10000 to test on, 2 threads\n"
               "epoch  1 of 20: loss 0.5213, train 80.91 %, test 85.64 %, 18 s\n"
               "...\n"
               "wrote nets/weights/lenet5_fashion.h5: test accuracy 91.23 %\n";
    }

    void declare(CLI::App& app) override {
        app.add_option("CONFIG", config_, "Description of the training (YAML).")->required();
        app.add_option("--out", out_, "Write the weights to this file instead of the configuration's `output`.")
            ->type_name("FILE.h5");
        add_threads(app, threads_)
            ->description(
                "Threads to use, 1 to 1024. Sums are split by threads, so that the weights depend on it in the last "
                "bits. Default: all of the machine.");
    }

    ExitCode run(Context& context) override {
        sim::TrainConfig config = sim::load_train_config(config_);
        if (!out_.empty()) config.output = out_;
        { const AtomicFile writable(config.output); }  // better now than after the last epoch
        const sim::Network network = sim::load_network(config.network);
        const sim::Dataset train_data = load(config.data, sim::Split::train);
        const sim::Dataset test_data = load(config.data, sim::Split::test);
        Json& result = context.result;
        result["config"] = config_;
        result["network"] = network.name;
        result["seed"] = config.seed;
        result["threads"] = threads_;
        result["train_images"] = train_data.size();
        result["test_images"] = test_data.size();
        result["epochs"] = Json::array();
        context.print("{}: {} pictures to train on, {} to test on, {} threads\n", network.name, train_data.size(),
                      test_data.size(), threads_);
        const auto start = std::chrono::steady_clock::now();
        sim::EpochResult last;
        const sim::Weights weights = train(context, config, network, train_data, test_data, last);
        sim::save_trained_weights(config, weights, last);
        result["time_s"] = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        result["test_accuracy_percent"] = last.test_accuracy_percent;
        result["weights"] = config.output.string();
        result["weights_sha256"] = content_hash(weights);
        context.print("wrote {}: test accuracy {:.2f} %\n", config.output.string(), last.test_accuracy_percent);
        return ExitCode::done;
    }

  private:
    static sim::Dataset load(sim::DatasetConfig data, sim::Split split) {
        data.split = split;
        return sim::load_dataset(data);
    }

    sim::Weights train(Context& context, const sim::TrainConfig& config, const sim::Network& network,
                       const sim::Dataset& train_data, const sim::Dataset& test_data, sim::EpochResult& last) const {
        Progress progress("epoch 1", 0);
        size_t epoch = 1;
        auto epoch_start = std::chrono::steady_clock::now();
        const auto on_epoch = [&](const sim::EpochResult& e) {
            const auto now = std::chrono::steady_clock::now();
            const double time_s = std::chrono::duration<double>(now - epoch_start).count();
            epoch_start = now;
            last = e;
            progress.clear();
            context.result["epochs"].push_back({{"epoch", e.epoch},
                                                {"train_loss", e.train_loss},
                                                {"train_accuracy_percent", e.train_accuracy_percent},
                                                {"test_accuracy_percent", e.test_accuracy_percent},
                                                {"time_s", time_s}});
            context.print("epoch {:2} of {}: loss {:.4f}, train {:.2f} %, test {:.2f} %, {:.0f} s\n", e.epoch,
                          config.epochs, e.train_loss, e.train_accuracy_percent, e.test_accuracy_percent, time_s);
            std::fflush(context.out());
            progress.restart(fmt::format("epoch {}", ++epoch));
        };
        const auto on_step = [&](size_t step, size_t steps) { progress.update(step, steps); };
        return sim::train(config, network, train_data, test_data, threads_, on_epoch, on_step);
    }

    std::string config_, out_;
    int threads_ = 1;
};

}  // namespace

std::unique_ptr<Command> make_train() {
    return std::make_unique<Train>();
}

}  // namespace concrete::app

#include <fmt/format.h>

#include "sim/file.h"
#include "sim/path.h"
#include "sim/train.h"
#include "sim/version.h"
#include "sim/yaml.h"

namespace concrete::sim {
namespace {

constexpr int64_t kMaxCount = 1'000'000;  // of epochs and of pictures in a batch

// A key that only some other choice reads: said instead of "unknown key".
void refuse(YamlMap& map, const std::string& key, const std::string& belongs_to) {
    if (const YamlNode* node = map.find(key)) node->fail("belongs to " + belongs_to + ", which is not chosen here");
}

void read_optimizer(YamlMap& map, TrainConfig& config) {
    config.optimizer = map.choice<Optimizer>("optimizer", {{"sgd", Optimizer::sgd}, {"adam", Optimizer::adam}});
    config.learning_rate = map.number("learning_rate", 0, 1e3);
    config.weight_decay = map.number("weight_decay", 0, 1, config.weight_decay);
    if (config.optimizer == Optimizer::sgd) {
        config.momentum = map.number("momentum", 0, 0.9999, config.momentum);
        for (const char* key : {"beta1", "beta2", "epsilon"}) refuse(map, key, "optimizer: adam");
    } else {
        config.adam_beta1 = map.number("beta1", 0, 0.9999, config.adam_beta1);
        config.adam_beta2 = map.number("beta2", 0, 0.999999, config.adam_beta2);
        config.adam_epsilon = map.number("epsilon", 1e-12, 1, config.adam_epsilon);
        refuse(map, "momentum", "optimizer: sgd");
    }
}

void read_schedule(const YamlNode& node, TrainConfig& config) {
    YamlMap map(node);
    config.schedule = map.choice<Schedule>(
        "kind", {{"constant", Schedule::constant}, {"step", Schedule::step}, {"cosine", Schedule::cosine}});
    if (config.schedule == Schedule::step) {
        config.step_epochs = static_cast<size_t>(map.integer("epochs", 1, kMaxCount));
        config.step_factor = map.number("factor", 0, 1);
    } else {
        for (const char* key : {"epochs", "factor"}) refuse(map, key, "kind: step");
    }
    map.finish();
}

void read_augment(const YamlNode& node, TrainConfig& config) {
    YamlMap map(node);
    config.augment_shift = static_cast<size_t>(map.integer("shift", 0, 1024, 0));
    config.augment_flip = map.boolean("flip", false);
    map.finish();
}

void read_train(const YamlNode& node, TrainConfig& config) {
    YamlMap map(node);
    config.epochs = static_cast<size_t>(map.integer("epochs", 1, kMaxCount));
    config.batch = static_cast<size_t>(map.integer("batch", 1, kMaxCount));
    config.seed = static_cast<uint64_t>(map.integer("seed", 0, INT64_MAX, 1));
    read_optimizer(map, config);
    if (const YamlNode* schedule = map.find("schedule")) read_schedule(*schedule, config);
    if (const YamlNode* augment = map.find("augment")) read_augment(*augment, config);
    map.finish();
}

}  // namespace

TrainConfig load_train_config(const std::filesystem::path& path) {
    const YamlNode document = load_yaml(path);
    const std::filesystem::path folder = path.parent_path();
    YamlMap map(document);
    TrainConfig config;
    config.path = path;
    config.network = resolve_path(map.text("network"), folder);

    // The file need not exist yet, its folder must: better said now than after an hour of training.
    const YamlNode& output = map.require("output");
    const std::filesystem::path written(output.text());
    if (!written.has_filename())
        output.fail("'" + output.text() + "' names no file, expected the weights to write, .h5");
    const std::string parent = written.parent_path().string();
    const std::filesystem::path output_folder = resolve_path(parent.empty() ? "." : parent, folder);
    if (!std::filesystem::is_directory(output_folder))
        output.fail("no folder " + output_folder.string() + " to write to");
    config.output = output_folder / written.filename();

    const YamlNode& data = map.require("data");
    if (data.is_map())
        if (const YamlNode* split = data.find("split"))
            split->fail("has no meaning here: split train is trained on, split test is reported");
    config.data = read_dataset_config(data, folder);
    read_train(map.require("train"), config);
    map.finish();
    return config;
}

void save_trained_weights(const TrainConfig& config, const Weights& weights, const EpochResult& last) {
    save_weights(weights, config.output,
                 {{"config", read_file(config.path)},
                  {"network", config.network.filename().string()},
                  {"seed", std::to_string(config.seed)},
                  {"epochs", std::to_string(last.epoch)},
                  {"train_loss", fmt::format("{:.6g}", last.train_loss)},
                  {"test_accuracy_percent", fmt::format("{:.2f}", last.test_accuracy_percent)},
                  {"concrete_version", concrete::version()}});
}

}  // namespace concrete::sim

#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "sim/dataset.h"
#include "sim/network.h"
#include "sim/weights.h"

namespace concrete::sim {

enum class Optimizer { sgd, adam };
enum class Schedule { constant, step, cosine };

/// What `concrete train` does (docs/configuration.md).
///
///     network: ../../nets/lenet5.yaml
///     data: {kind: idx, dir: ...}          # trained on split train, split test is reported and changes nothing
///     output: ../../nets/weights/lenet5_fashion.h5
///     train: {epochs: 20, batch: 64, seed: 1, optimizer: adam, learning_rate: 1e-3, weight_decay: 1e-4,
///             schedule: {kind: cosine}, augment: {shift: 2, flip: true}}
struct TrainConfig {
    std::filesystem::path path, network, output;
    DatasetConfig data;
    size_t epochs = 10, batch = 64;
    uint64_t seed = 1;
    Optimizer optimizer = Optimizer::sgd;
    double learning_rate = 0.05, momentum = 0.9, weight_decay = 0;
    double adam_beta1 = 0.9, adam_beta2 = 0.999, adam_epsilon = 1e-8;
    Schedule schedule = Schedule::constant;
    size_t step_epochs = 10;    ///< step: every so many epochs ...
    double step_factor = 0.1;   ///< ... the rate is multiplied by this
    size_t augment_shift = 0;   ///< pictures moved by up to so many pixels each way, seeded
    bool augment_flip = false;  ///< mirrored left to right half of the time, seeded
};

struct EpochResult {
    size_t epoch = 0;  ///< 1-based
    double train_loss = 0, train_accuracy_percent = 0, test_accuracy_percent = 0;
};

/// Throws: InputError with file, line, column and nearest known name.
TrainConfig load_train_config(const std::filesystem::path& path);

/// Random weights from a seed: uniform with mean 0 and variance 2 / fan-in for layers read by a ReLU (He et al., ICCV
/// 2015), 1 / fan-in for the others; biases 0.
Weights initial_weights(const Network& network, uint64_t seed);

/// Trains with softmax cross-entropy on the logits (a softmax layer at the end is taken into the loss). The order of
/// pictures, the initial weights and the augmentation come from the seed; with the same thread count on the same
/// machine two runs give the same weights. on_epoch is called after every epoch, on_step(step, steps of this epoch)
/// within. Throws: InputError if pictures or labels do not fit the network, or if the loss or a weight is no longer
/// finite.
Weights train(const TrainConfig& config, const Network& network, const Dataset& train_data, const Dataset& test_data,
              int threads, const std::function<void(const EpochResult&)>& on_epoch,
              const std::function<void(size_t, size_t)>& on_step = {});

/// Writes config.output with the attributes config (its text), network, seed, epochs, train_loss,
/// test_accuracy_percent and concrete_version.
void save_trained_weights(const TrainConfig& config, const Weights& weights, const EpochResult& last);

/// Top-1 accuracy in percent of the float network; ties go to the lowest index.
double float_accuracy_percent(const Network& network, const Weights& weights, const Dataset& data, int threads);

}  // namespace concrete::sim

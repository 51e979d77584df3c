#include "sim/train.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <functional>
#include <numeric>

#include "sim/error.h"
#include "sim/float_layers.h"
#include "sim/optimizer.h"
#include "sim/random.h"

namespace concrete::sim {
namespace {

constexpr size_t kTestBatch = 500;  // pictures at once where no gradients are kept
// Streams of the seed. Those of the epochs follow each other from kEpochs on.
constexpr uint64_t kInitialWeights = 0, kEpochs = 1;

// The layer whose output is the logits: a softmax at the end is part of the loss.
size_t logits_index(const Network& network) {
    return network.output().type == LayerType::softmax ? network.output().inputs[0] : network.layers.size() - 1;
}

size_t class_count(const Network& network) {
    const Shape& shape = network.output().output_shape;
    if (shape.size() != 1)
        throw InputError(fmt::format("{}: the output is {}, expected [classes]: end with a linear layer", network.name,
                                     to_string(shape)));
    return shape[0];
}

void check_data(const Network& network, const Dataset& data) {
    const Shape picture(data.pixels.shape.begin() + 1, data.pixels.shape.end());
    if (picture != network.input().output_shape)
        throw InputError(fmt::format("{}: the network reads pictures {}, the data set has {}", network.name,
                                     to_string(network.input().output_shape), to_string(picture)));
    const uint8_t highest = *std::max_element(data.labels.begin(), data.labels.end());
    if (highest >= class_count(network))
        throw InputError(fmt::format("{}: the data set has label {}, the network only {} classes", network.name,
                                     highest, class_count(network)));
}

// The lowest index of the largest logit.
size_t argmax(const float* logits, size_t classes) {
    return static_cast<size_t>(std::max_element(logits, logits + classes) - logits);
}

struct BatchLoss {
    double sum = 0;  // of the pictures' losses
    size_t correct = 0;
    Tensor<float> d_logits;  // of the mean loss
};

// loss = log(sum_j exp(z_j)) - z_label, in double.
BatchLoss cross_entropy(const Tensor<float>& logits, const std::vector<uint8_t>& labels) {
    const size_t n = logits.shape[0], classes = logits.shape[1];
    BatchLoss result;
    result.d_logits = Tensor<float>(logits.shape);
    std::vector<double> exponential(classes);
    for (size_t i = 0; i < n; ++i) {
        const float* z = logits.data.data() + i * classes;
        const size_t best = argmax(z, classes);
        result.correct += best == labels[i];
        double total = 0;
        for (size_t c = 0; c < classes; ++c) total += exponential[c] = std::exp(double{z[c]} - z[best]);
        result.sum += std::log(total) + z[best] - z[labels[i]];
        for (size_t c = 0; c < classes; ++c) {
            const double d = exponential[c] / total - (c == labels[i] ? 1 : 0);
            result.d_logits.data[i * classes + c] = static_cast<float>(d / static_cast<double>(n));
        }
    }
    return result;
}

void add_to(Tensor<float>& sum, Tensor<float> addend) {
    if (sum.empty()) {
        sum = std::move(addend);
    } else {
        std::transform(sum.data.begin(), sum.data.end(), addend.data.begin(), sum.data.begin(), std::plus<>());
    }
}

// Gradients of all weights, from that of the logits backwards through the graph.
Weights backpropagate(const Network& network, const Weights& weights, const std::vector<Tensor<float>>& outputs,
                      Tensor<float> d_logits, int threads) {
    Weights gradients;
    std::vector<Tensor<float>> d_outputs(network.layers.size());
    const size_t last = logits_index(network);
    d_outputs[last] = std::move(d_logits);
    for (size_t i = last; i > 0; --i) {
        const Layer& layer = network.layers[i];
        const bool from_picture =
            std::all_of(layer.inputs.begin(), layer.inputs.end(), [](size_t j) { return j == 0; });
        if (from_picture && !layer.is_mac()) continue;  // nobody needs the gradient of the picture
        std::vector<const Tensor<float>*> inputs;
        for (const size_t j : layer.inputs) inputs.push_back(&outputs[j]);
        const Tensor<float>* weight = layer.is_mac() ? &weights.at(layer.name + ".weight") : nullptr;
        LayerGradients g =
            backward_layer(network, layer, inputs, outputs[i], weight, d_outputs[i], threads, !from_picture);
        for (size_t j = 0; j < g.d_inputs.size(); ++j) add_to(d_outputs[layer.inputs[j]], std::move(g.d_inputs[j]));
        if (!layer.is_mac()) continue;
        gradients[layer.name + ".weight"] = std::move(g.d_weight);
        if (layer.has_bias) gradients[layer.name + ".bias"] = std::move(g.d_bias);
    }
    return gradients;
}

// Copies one picture, moved by (down, right) and mirrored if asked; what moves in is black.
void copy_moved(const uint8_t* in, uint8_t* out, const Shape& picture, int64_t down, int64_t right, bool mirror) {
    const auto rows = static_cast<int64_t>(picture[1]), columns = static_cast<int64_t>(picture[2]);
    for (size_t c = 0; c < picture[0]; ++c)
        for (int64_t row = 0; row < rows; ++row)
            for (int64_t column = 0; column < columns; ++column, ++out) {
                const int64_t from_row = row - down;
                const int64_t moved = (mirror ? columns - 1 - column : column) - right;
                const bool inside = from_row >= 0 && from_row < rows && moved >= 0 && moved < columns;
                *out = inside ? in[(static_cast<int64_t>(c) * rows + from_row) * columns + moved] : uint8_t{0};
            }
}

// The pictures order[first] .. order[first + count - 1], augmented.
Dataset draw_batch(const TrainConfig& config, const Dataset& data, const std::vector<size_t>& order, size_t first,
                   size_t count, Random& random) {
    Shape shape = data.pixels.shape;
    shape[0] = count;
    Dataset batch{Tensor<uint8_t>(shape), std::vector<uint8_t>(count)};
    const Shape picture(shape.begin() + 1, shape.end());
    const size_t size = element_count(picture);
    const auto reach = static_cast<int64_t>(config.augment_shift);
    const auto draw_shift = [&] {
        return reach == 0 ? 0 : static_cast<int64_t>(random.below(static_cast<uint64_t>(2 * reach + 1))) - reach;
    };
    for (size_t i = 0; i < count; ++i) {
        const size_t from = order[first + i];
        batch.labels[i] = data.labels[from];
        const int64_t down = draw_shift(), right = draw_shift();
        const bool mirror = config.augment_flip && random.below(2) == 1;
        copy_moved(data.pixels.data.data() + from * size, batch.pixels.data.data() + i * size, picture, down, right,
                   mirror);
    }
    return batch;
}

class Trainer {
  public:
    Trainer(const TrainConfig& config, const Network& network, const Dataset& data, int threads)
        : config_(config),
          network_(network),
          data_(data),
          threads_(threads),
          weights_(initial_weights(network, config.seed)),
          optimizer_(config) {}

    // `epoch` counts from 0. Test accuracy is left to the caller.
    EpochResult run_epoch(size_t epoch, const std::function<void(size_t, size_t)>& on_step) {
        Random random(config_.seed, kEpochs + epoch);
        std::vector<size_t> order(data_.size());
        std::iota(order.begin(), order.end(), size_t{0});
        random.shuffle(order);

        const size_t steps = (order.size() + config_.batch - 1) / config_.batch;
        double loss = 0;
        size_t correct = 0;
        for (size_t step = 0; step < steps; ++step) {
            const size_t first = step * config_.batch, count = std::min(config_.batch, order.size() - first);
            const Dataset batch = draw_batch(config_, data_, order, first, count, random);
            const BatchLoss result = run_step(batch, learning_rate_at(config_, epoch * steps + step, steps));
            loss += result.sum;
            correct += result.correct;
            if (!std::isfinite(loss)) fail_diverged(epoch, step, "the loss");
            if (on_step) on_step(step + 1, steps);
        }
        for (const auto& [name, tensor] : weights_)
            if (!std::all_of(tensor.data.begin(), tensor.data.end(), [](float w) { return std::isfinite(w); }))
                fail_diverged(epoch, steps - 1, name);
        const auto pictures = static_cast<double>(order.size());
        return {epoch + 1, loss / pictures, 100 * static_cast<double>(correct) / pictures, 0};
    }

    Weights& weights() { return weights_; }

  private:
    BatchLoss run_step(const Dataset& batch, double rate) {
        const std::vector<Tensor<float>> outputs = forward_network(
            network_, weights_, normalize(batch, 0, batch.size(), network_.mean, network_.std_dev), threads_);
        BatchLoss result = cross_entropy(outputs[logits_index(network_)], batch.labels);
        optimizer_.step(weights_, backpropagate(network_, weights_, outputs, std::move(result.d_logits), threads_),
                        rate);
        return result;
    }

    [[noreturn]] void fail_diverged(size_t epoch, size_t step, const std::string& what) const {
        throw InputError(
            fmt::format("{}: training diverged: {} is not finite in epoch {}, step {}; lower learning_rate ({})",
                        network_.name, what, epoch + 1, step + 1, config_.learning_rate));
    }

    const TrainConfig& config_;
    const Network& network_;
    const Dataset& data_;
    int threads_;
    Weights weights_;
    OptimizerState optimizer_;
};

}  // namespace

Weights initial_weights(const Network& network, uint64_t seed) {
    Random random(seed, kInitialWeights);
    Weights weights;
    for (size_t i = 0; i < network.layers.size(); ++i) {
        const Layer& layer = network.layers[i];
        if (!layer.is_mac()) continue;
        const auto consumers = network.consumers(i);
        const bool to_relu = std::any_of(consumers.begin(), consumers.end(),
                                         [&](size_t j) { return network.layers[j].type == LayerType::relu; });
        Tensor<float> weight(weight_shape(network, layer));
        const size_t fan_in = weight.size() / layer.out_channels;
        const double bound = std::sqrt((to_relu ? 6 : 3) / static_cast<double>(fan_in));
        for (float& w : weight.data) w = static_cast<float>((2 * random.unit() - 1) * bound);
        weights[layer.name + ".weight"] = std::move(weight);
        if (layer.has_bias) weights[layer.name + ".bias"] = Tensor<float>({layer.out_channels});
    }
    return weights;
}

Weights train(const TrainConfig& config, const Network& network, const Dataset& train_data, const Dataset& test_data,
              int threads, const std::function<void(const EpochResult&)>& on_epoch,
              const std::function<void(size_t, size_t)>& on_step) {
    check_data(network, train_data);
    check_data(network, test_data);
    Trainer trainer(config, network, train_data, threads);
    for (size_t epoch = 0; epoch < config.epochs; ++epoch) {
        EpochResult result = trainer.run_epoch(epoch, on_step);
        result.test_accuracy_percent = float_accuracy_percent(network, trainer.weights(), test_data, threads);
        if (on_epoch) on_epoch(result);
    }
    return std::move(trainer.weights());
}

double float_accuracy_percent(const Network& network, const Weights& weights, const Dataset& data, int threads) {
    check_data(network, data);
    const size_t classes = class_count(network);
    size_t correct = 0;
    for (size_t first = 0; first < data.size(); first += kTestBatch) {
        const size_t count = std::min(kTestBatch, data.size() - first);
        const auto outputs =
            forward_network(network, weights, normalize(data, first, count, network.mean, network.std_dev), threads);
        const Tensor<float>& logits = outputs[logits_index(network)];
        for (size_t i = 0; i < count; ++i)
            correct += argmax(logits.data.data() + i * classes, classes) == data.labels[first + i];
    }
    return 100 * static_cast<double>(correct) / static_cast<double>(data.size());
}

}  // namespace concrete::sim

#include "sim/experiment.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <limits>

#include "sim/error.h"
#include "sim/planner.h"

namespace concrete::sim {
namespace {

/// Sums behind a LayerError.
struct ErrorSums {
    uint64_t count = 0;
    double error = 0, abs_error = 0, largest = 0, square = 0, signal = 0;

    void add(int64_t approximate, int64_t exact) {
        const double e = static_cast<double>(approximate) - static_cast<double>(exact);
        ++count;
        error += e;
        abs_error += std::abs(e);
        largest = std::max(largest, std::abs(e));
        square += e * e;
        signal += static_cast<double>(exact) * static_cast<double>(exact);
    }
    LayerError result() const {
        if (count == 0) return {};
        const auto n = static_cast<double>(count);
        return {count, error / n, abs_error / n, largest, square / n, signal / n};
    }
};

/// The same layer with exact products and a 64-bit sum.
MacLayer exact_twin(const MacLayer& layer, size_t images) {
    auto exact = std::make_shared<Operator>();
    exact->name = "exact";
    exact->a = {"a", 32, true};
    exact->b = {"b", 32, true};
    exact->y = {"y", 64, true};
    exact->closed_form = ClosedForm::product;
    MacLayer twin = layer;
    twin.products = std::make_shared<const ProductModel>(exact, layer.a_range, layer.w_range, false);
    twin.acc = {};
    twin.acc.bits = 64;
    prepare_planned(twin, images);
    return twin;
}

/// Compares the leading pictures of every record with the exact twin of its layer.
class ErrorCollector {
  public:
    ErrorCollector(const QuantizedNetwork& network, size_t images, int threads)
        : layers_(network.mac_layers()), images_(images), threads_(threads) {
        sums_.resize(layers_.size());
        if (images == 0) return;
        for (const MacLayer& layer : layers_) twins_.push_back(exact_twin(layer, images));
    }

    void add(const MacLayerRecord& record) {
        if (record.first_image >= images_) return;
        const auto layer_number = static_cast<size_t>(record.layer - layers_.data());
        const size_t count = std::min(record.images, images_ - record.first_image);
        Tensor<int32_t> codes = *record.input_codes;
        codes.data.resize(codes.size() / record.images * count);
        codes.shape[0] = count;
        const Tensor<int64_t> exact = run_mac_layer(twins_[layer_number], codes, threads_);
        for (size_t i = 0; i < exact.size(); ++i) sums_[layer_number].add(record.accumulators->data[i], exact.data[i]);
    }
    LayerError result(size_t layer_number) const { return sums_[layer_number].result(); }

  private:
    const std::vector<MacLayer>& layers_;
    size_t images_;
    int threads_;
    std::vector<MacLayer> twins_;
    std::vector<ErrorSums> sums_;
};

}  // namespace

double LayerError::snr_db() const {
    if (mse == 0) return std::numeric_limits<double>::infinity();
    return 10 * std::log10(mean_square / mse);
}

uint64_t ExperimentResult::macs() const {
    uint64_t sum = 0;
    for (const LayerResult& layer : layers) sum += layer.macs;
    return sum;
}

void check_fits(const Network& network, const Dataset& data, const std::string& where) {
    const Shape& shape = network.input().output_shape;
    const Shape picture(data.pixels.shape.begin() + 1, data.pixels.shape.end());
    if (picture != shape) {
        throw InputError(fmt::format("{}: pictures are {}, but network '{}' reads {} (channels, rows, columns)", where,
                                     to_string(picture), network.name, to_string(shape)));
    }
    const size_t classes = element_count(network.output().output_shape);
    for (size_t i = 0; i < data.size(); ++i) {
        if (data.labels[i] < classes) continue;
        throw InputError(fmt::format("{}: picture {} has label {}, but network '{}' has {} classes", where, i,
                                     data.labels[i], network.name, classes));
    }
}

ExperimentResult run_experiment(NetworkRunner& runner, const Dataset& data, const ExperimentOptions& options) {
    const QuantizedNetwork& network = runner.network();
    check_fits(network.network(), data, "data");
    ExperimentResult result;
    const auto count_correct = [&](size_t first, const Tensor<double>& logits) {
        const std::vector<size_t> classes = argmax_rows(logits);
        for (size_t i = 0; i < classes.size(); ++i) result.correct += classes[i] == data.labels[first + i];
        result.predictions.insert(result.predictions.end(), classes.begin(), classes.end());
        if (options.progress) options.progress(first + classes.size(), data.size());
    };
    ErrorCollector errors(network, options.error_images, options.threads);
    const auto observe = [&](const MacLayerRecord& record) {
        errors.add(record);
        if (options.observer) options.observer(record);
    };
    const RunTimes times = runner.run({.data = data,
                                       .batch = options.batch,
                                       .sink = count_correct,
                                       .observer = observe,
                                       .observed_images = options.observer ? data.size() : options.error_images});
    result.seconds = times.seconds;
    result.images = data.size();
    for (size_t i = 0; i < network.mac_layers().size(); ++i) {
        const MacLayer& layer = network.mac_layers()[i];
        result.layers.push_back(
            {layer.name, layer.macs_per_image() * data.size(), times.layer_seconds[i], errors.result(i)});
    }
    return result;
}

}  // namespace concrete::sim

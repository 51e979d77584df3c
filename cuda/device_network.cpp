#include "cuda/device_network.h"

#include <algorithm>
#include <fmt/format.h>
#include <limits>
#include <stdexcept>

#include "cuda/arena.h"
#include "cuda/code_layers.h"
#include "sim/code_layers.h"
#include "sim/error.h"

namespace concrete::cuda {

using sim::LayerType;

namespace {

/// Fewer pictures may need more: an engine may then cut its work in another way.
size_t most_scratch_bytes(const DeviceLayer& layer, size_t images) {
    size_t most = 0;
    for (size_t count = 1; count <= images; ++count) most = std::max(most, layer.scratch_bytes(count));
    return most;
}

}  // namespace

DeviceNetwork::DeviceNetwork(Executor& executor, const sim::QuantizedNetwork& network, const ProductMaker& make,
                             size_t images)
    : executor_(executor), network_(network) {
    const size_t count = network_.network().layers.size();
    macs_.resize(count);
    by_area_.resize(count);
    if (has_codes(0)) {
        const sim::CodeFormat& format = network_.plan().formats.at(network_.plan().tensors[0].group);
        const sim::Network& net = network_.network();
        pixel_table_ = DeviceArray<int32_t>(
            executor, pixel_table(net.mean, net.std_dev, format.spec, network_.params(0), format.range));
    }
    for (size_t i = 0; i < count; ++i) {
        storages_.push_back(keeps_codes(i) ? storages_[layer(i).inputs[0]] : i);
        try {
            prepare_layer(i, make, images);
        } catch (const InputError& error) {
            throw InputError(fmt::format("layer '{}': {}", layer(i).name, error.what()));
        }
    }
}

const sim::CodeRange& DeviceNetwork::range(size_t i) const {
    return network_.plan().formats.at(network_.plan().tensors[i].group).range;
}

void DeviceNetwork::prepare_layer(size_t i, const ProductMaker& make, size_t images) {
    if (const int number = network_.mac_number(i); number >= 0) {
        const sim::MacLayer& mac = network_.mac_layers()[static_cast<size_t>(number)];
        const sim::ProductTask task = product_task(mac);
        macs_[i] = std::make_unique<DeviceLayer>(executor_, mac, make(product_setup(executor_, mac, task), images));
    } else if (makes_codes(i) && layer(i).type == LayerType::avg_pool) {
        by_area_[i] = DeviceArray<sim::Requantizer>(
            executor_, sim::average_requantizers(layer(i).window, network_.params(i), range(i)));
    } else if (makes_codes(i) && layer(i).type == LayerType::add) {
        const std::string problem = code_add_problem(layer(i).inputs.size());
        if (!problem.empty()) throw InputError(problem + "; use --backend cpu");
    }
}

/// Layers that change nothing: a ReLU that requantisation has performed, and flattening where channels lie alone or
/// pixels do.
bool DeviceNetwork::keeps_codes(size_t i) const {
    if (i == 0 || !makes_codes(i)) return false;
    const size_t input = layer(i).inputs[0];
    if (layer(i).type == LayerType::relu) return macs_[input] && network_.plan().tensors[input].relu_follows;
    if (layer(i).type != LayerType::flatten) return false;
    const sim::Shape& shape = layer(input).output_shape;
    return shape.size() == 1 || shape[0] == 1 || shape[1] * shape[2] == 1;
}

bool DeviceNetwork::is_whole() const {
    const size_t last = storages_.size() - 1;
    for (size_t i = 0; i < last; ++i) {
        if (!makes_codes(i)) return false;
    }
    return macs_[last] != nullptr;
}

size_t DeviceNetwork::last_reader(size_t storage) const {
    size_t last = storage;
    for (size_t i = storage; i < storages_.size(); ++i) {
        if (storages_[i] != storage) continue;
        for (const size_t reader : network_.network().consumers(i)) last = std::max(last, reader);
    }
    return last;
}

size_t DeviceNetwork::most_images() const {
    size_t largest = 1;
    for (const sim::Layer& layer : network_.network().layers)
        largest = std::max(largest, sim::element_count(layer.output_shape));
    return std::max<size_t>(1, std::numeric_limits<int32_t>::max() / largest);
}

BatchPlan DeviceNetwork::plan(size_t images, bool observed) const {
    const size_t count = storages_.size();
    BatchPlan plan;
    plan.images = images;
    for (auto* offsets : {&plan.codes, &plan.accumulators, &plan.scratch}) offsets->resize(count, BatchPlan::kNowhere);
    std::vector<ArenaPiece> pieces;
    std::vector<size_t*> offsets;
    const auto place = [&](size_t& offset, const ArenaPiece& piece) {
        offsets.push_back(&offset);
        pieces.push_back(piece);
    };
    const BatchPlace sizes{&plan, nullptr, images};
    if (has_codes(0)) place(plan.pixels, {images * sim::element_count(layer(0).output_shape), 0, 0});
    for (size_t i = 0; i < count; ++i) {
        if (has_codes(i) && storages_[i] == i) place(plan.codes[i], {codes(i, sizes).bytes(), i, last_reader(i)});
        if (!macs_[i]) continue;
        place(plan.scratch[i], {most_scratch_bytes(*macs_[i], images), i, i});
        const size_t outputs = images * sim::element_count(layer(i).output_shape);
        if (observed || !makes_codes(i)) place(plan.accumulators[i], {outputs * sizeof(int64_t), i, i});
    }
    const ArenaPlan arena = plan_arena(pieces);
    for (size_t i = 0; i < offsets.size(); ++i) *offsets[i] = arena.offsets[i];
    plan.bytes = arena.bytes;
    return plan;
}

CodeMap DeviceNetwork::codes(size_t i, const BatchPlace& place) const {
    const sim::Shape& shape = layer(i).output_shape;
    const auto extent = [&](size_t axis) { return shape.size() > axis ? static_cast<uint32_t>(shape[axis]) : 1U; };
    return {place.at<uint8_t>(place.plan->codes[storages_[i]]),
            code_format(range(i)),
            static_cast<uint32_t>(place.images),
            extent(1),
            extent(2),
            extent(0)};
}

void DeviceNetwork::run(size_t i, Stream& stream, const BatchPlace& place) const {
    if (i == 0) {
        return codes_of_pixels(stream, place.at<uint8_t>(place.plan->pixels), pixel_table_.data(), codes(0, place));
    }
    if (!macs_[i]) return run_on_codes(i, stream, place);
    DeviceLayer::Output out;
    if (makes_codes(i)) out.codes = codes(i, place);
    out.accumulators = place.at<int64_t>(place.plan->accumulators[i]);
    macs_[i]->run(stream, codes(layer(i).inputs[0], place), out, place.at<uint8_t>(place.plan->scratch[i]));
}

void DeviceNetwork::run_on_codes(size_t i, Stream& stream, const BatchPlace& place) const {
    if (storages_[i] != i) return;
    const CodeMap in = codes(layer(i).inputs[0], place), out = codes(i, place);
    const int64_t zero_point = network_.params(i).zero_point;
    switch (layer(i).type) {
        case LayerType::relu:
            return code_relu(stream, in, zero_point, out);
        case LayerType::max_pool:
            return code_max_pool(stream, in, layer(i).window, out);
        case LayerType::avg_pool:
            return code_avg_pool(stream, in, layer(i).window, zero_point, by_area_[i].data(), out);
        case LayerType::flatten:
            return code_flatten(stream, in, out);
        case LayerType::add: {
            std::vector<CodeAddend> addends;
            for (const size_t input : layer(i).inputs) {
                addends.push_back({codes(input, place), network_.params(input).zero_point,
                                   sim::addend_requantizer(network_.params(input), network_.params(i))});
            }
            return code_add(stream, addends, zero_point, range(i), out);
        }
        default:
            throw std::logic_error("layer '" + layer(i).name + "' cannot put out codes");
    }
}

}  // namespace concrete::cuda

#include "cuda/network_slot.h"

#include <algorithm>
#include <cstring>

#include "cuda/code_transfer.h"
#include "sim/code_layers.h"

namespace concrete::cuda {
namespace {

/// [images] before the shape of a picture.
sim::Shape batch_shape(size_t images, const sim::Shape& picture) {
    sim::Shape shape{images};
    shape.insert(shape.end(), picture.begin(), picture.end());
    return shape;
}

}  // namespace

NetworkSlot::NetworkSlot(const DeviceNetwork& network, int threads, bool graphs)
    : network_(network), threads_(threads), graphs_(graphs), stream_(network.executor().make_stream()) {
    const size_t layers = last() + 1;
    reals_.resize(layers);
    uploads_.resize(layers);
    times_.seconds.resize(layers);
}

void NetworkSlot::reserve(size_t images, size_t observed_images) {
    const BatchPlan plan = network_.plan(images, false);
    const BatchPlan observed = observed_images > 0 ? network_.plan(observed_images, true) : BatchPlan();
    release();
    Executor& executor = network_.executor();
    arena_ = DeviceArray<uint8_t>(executor, std::max(plan.bytes, observed.bytes));
    const size_t most = std::max(images, observed_images);
    const sim::Network& net = network_.host().network();
    pixels_ = PinnedArray<uint8_t>(executor, most * sim::element_count(net.input().output_shape));
    accumulators_ = PinnedArray<int64_t>(executor, most * sim::element_count(net.output().output_shape));
    plan_ = plan, observed_plan_ = observed;
}

void NetworkSlot::release() {
    graph_.reset();
    launched_full_ = false;
    arena_ = {};
    pixels_ = {};
    accumulators_ = {};
}

bool NetworkSlot::may_replay() const {
    // Launches layer by layer come first: they load the kernels, which a capture may not, and are timed.
    constexpr size_t kTimedBatches = 2;
    return graphs_ && is_full() && launched_full_ && timed_batches_ >= kTimedBatches && network_.is_whole();
}

bool NetworkSlot::host_reads_pictures() const {
    const std::vector<size_t> readers = network_.host().network().consumers(0);
    return std::any_of(readers.begin(), readers.end(),
                       [&](size_t reader) { return !network_.mac(reader) && !network_.makes_codes(reader); });
}

BatchResult NetworkSlot::run(const sim::Dataset& data, const BatchPart& part) {
    data_ = &data;
    part_ = part;
    place_ = {part.observed ? &observed_plan_ : &plan_, arena_.data(), part.count};
    timings_.clear();
    BatchResult result;
    if (may_replay()) {
        replay();
    } else {
        run_layers(result);
        launched_full_ = launched_full_ || is_full();
    }
    result.logits = logits();
    finished_ = std::chrono::steady_clock::now();
    return result;
}

/// The device's part of a layer, with the copies of pixels in and of the last layer's accumulators out.
void NetworkSlot::enqueue(size_t layer) {
    if (layer == 0 && network_.has_codes(0)) {
        const size_t bytes = part_.count * sim::element_count(network_.host().network().input().output_shape);
        stream_->upload(place_.at<uint8_t>(place_.plan->pixels), pixels_.data(), bytes);
    }
    if (network_.mac(layer) || network_.makes_codes(layer)) network_.run(layer, *stream_, place_);
    if (layer == last() && network_.mac(layer)) {
        const size_t count = part_.count * sim::element_count(network_.host().network().output().output_shape);
        stream_->download(accumulators_.data(), place_.at<int64_t>(place_.plan->accumulators[layer]),
                          count * sizeof(int64_t));
    }
}

void NetworkSlot::stage_pixels() {
    if (!network_.has_codes(0)) return;
    const size_t bytes = sim::element_count(network_.host().network().input().output_shape);
    std::memcpy(pixels_.data(), data_->pixels.data.data() + part_.first * bytes, part_.count * bytes);
}

void NetworkSlot::replay() {
    stage_pixels();
    if (!graph_) {
        stream_->begin_capture();
        for (size_t i = 0; i <= last(); ++i) enqueue(i);
        graph_ = stream_->end_capture();
    }
    stream_->replay(*graph_);
}

void NetworkSlot::run_layers(BatchResult& result) {
    stage_pixels();
    for (size_t i = 0; i <= last(); ++i) {
        if (network_.mac(i)) {
            run_timed(i);
            if (part_.observed) result.records.push_back(record(i));
        } else {
            enqueue(i);
        }
        follow_on_host(i);
    }
    read_times();
}

void NetworkSlot::run_timed(size_t layer) {
    Timing timing{layer, stream_->mark(), nullptr};
    enqueue(layer);
    timing.end = stream_->mark();
    timings_.push_back(std::move(timing));
}

void NetworkSlot::read_times() {
    constexpr size_t kFirst = 1;
    if (timed_batches_++ == kFirst) times_ = {std::vector<double>(times_.seconds.size()), 0};
    for (const Timing& timing : timings_)
        times_.seconds[timing.layer] += stream_->seconds_between(*timing.begin, *timing.end);
    times_.images += part_.count;
    timings_.clear();
}

/// Reals that a layer gives the host, and the codes that the device needs of them.
void NetworkSlot::follow_on_host(size_t layer) {
    const sim::Network& net = network_.host().network();
    if (layer == 0) {
        if (host_reads_pictures()) reals_[0] = sim::normalize(*data_, part_.first, part_.count, net.mean, net.std_dev);
        return;
    }
    if (network_.makes_codes(layer) || (layer == last() && network_.mac(layer))) return;  // logits() has the latter
    if (network_.mac(layer)) {
        const auto number = static_cast<size_t>(network_.host().mac_number(layer));
        reals_[layer] = sim::real_outputs<float>(network_.host().mac_layers()[number], download_accumulators(layer),
                                                 batch_shape(part_.count, net.layers[layer].output_shape), threads_);
    } else {
        run_real_layer(layer);
    }
    if (network_.has_codes(layer)) upload_codes(layer);
}

void NetworkSlot::run_real_layer(size_t layer) {
    const std::vector<size_t>& inputs = network_.host().network().layers[layer].inputs;
    std::vector<sim::Tensor<float>> decoded;
    decoded.reserve(inputs.size());
    std::vector<const sim::Tensor<float>*> reals;
    for (const size_t input : inputs) {
        if (input == 0 || !network_.makes_codes(input)) {
            reals.push_back(&reals_[input]);
            continue;
        }
        sim::Tensor<int32_t> codes = download_codes(input);
        codes.shape = batch_shape(part_.count, network_.host().network().layers[input].output_shape);
        decoded.push_back(sim::dequantize({std::move(codes), network_.host().params(input), {}}));
        reals.push_back(&decoded.back());
    }
    reals_[layer] = network_.host().run_real_layer(layer, reals, threads_);
}

void NetworkSlot::upload_codes(size_t layer) {
    const sim::CodePlan& plan = network_.host().plan();
    const sim::CodeFormat& format = plan.formats.at(plan.tensors[layer].group);
    const sim::CodeTensor codes =
        sim::quantize_tensor(reals_[layer], format.spec, network_.host().params(layer), format.range, threads_);
    const CodeMap map = network_.codes(layer, place_);
    uploads_[layer] = packed_codes(codes.codes, map);
    stream_->upload(map.data, uploads_[layer].data(), uploads_[layer].size());
}

LayerRecord NetworkSlot::record(size_t layer) {
    const auto number = static_cast<size_t>(network_.host().mac_number(layer));
    LayerRecord result;
    result.layer = &network_.host().mac_layers()[number];
    result.input_codes = download_codes(network_.host().network().layers[layer].inputs[0]);
    result.accumulators = download_accumulators(layer);
    if (network_.makes_codes(layer)) result.output_codes = download_codes(layer);
    return result;
}

sim::Tensor<int32_t> NetworkSlot::download_codes(size_t layer) {
    CodeMap map = network_.codes(layer, place_);
    std::vector<uint8_t> bytes(map.bytes());
    stream_->download(bytes.data(), map.data, bytes.size());
    stream_->synchronize();
    map.data = bytes.data();
    return unpacked_codes(map);
}

sim::Tensor<int64_t> NetworkSlot::download_accumulators(size_t layer) {
    const ConvShape& shape = network_.mac(layer)->shape();
    std::vector<int64_t> values(part_.count * shape.pixels() * shape.out_channels);
    stream_->download(values.data(), place_.at<int64_t>(place_.plan->accumulators[layer]),
                      values.size() * sizeof(int64_t));
    stream_->synchronize();
    return channels_first(values.data(), {part_.count, shape.out_channels, shape.out_h, shape.out_w});
}

sim::Tensor<double> NetworkSlot::logits() {
    stream_->synchronize();
    const sim::Shape shape{part_.count, sim::element_count(network_.host().network().output().output_shape)};
    if (!network_.mac(last())) return {shape, {reals_[last()].data.begin(), reals_[last()].data.end()}};
    const ConvShape& s = network_.mac(last())->shape();
    const sim::MacLayer& layer = network_.host().mac_layers().back();
    return sim::real_outputs<double>(
        layer, channels_first(accumulators_.data(), {part_.count, s.out_channels, s.out_h, s.out_w}), shape, threads_);
}

}  // namespace concrete::cuda

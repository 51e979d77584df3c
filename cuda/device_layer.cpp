#include "cuda/device_layer.h"

#include <algorithm>

#include "cuda/scratch.h"

namespace concrete::cuda {
namespace {

std::vector<int64_t> zero_points(const sim::MacLayer& layer) {
    std::vector<int64_t> result;
    for (const sim::QuantParams& params : layer.w_params) result.push_back(params.zero_point);
    if (std::all_of(result.begin(), result.end(), [](int64_t value) { return value == 0; })) result.clear();
    return result;
}

}  // namespace

sim::LogicAccumulator logic_of(const sim::ProductTask& task, const DeviceProduct& product) {
    const bool keeps_order = product.engine() == sim::Engine::gather || product.engine() == sim::Engine::netlist;
    return sim::LogicAccumulator(keeps_order ? sim::AccumulatorSpec() : sim::effective_accumulator(task));
}

ProductSetup product_setup(Executor& executor, const sim::MacLayer& layer, const sim::ProductTask& task) {
    return {executor, task, ConvShape(layer), code_format(layer.a_range), layer.a_params.zero_point};
}

DeviceLayer::DeviceLayer(Executor& executor, const sim::MacLayer& layer, std::unique_ptr<DeviceProduct> product)
    : shape_(layer),
      product_(std::move(product)),
      acc_(layer.acc),
      logic_(logic_of(sim::product_task(layer), *product_)),
      init_(executor, sim::initial_accumulators(layer)),
      w_zero_points_(executor, zero_points(layer)),
      requantizers_(executor, layer.requantizers) {
    if (w_zero_points_.size() == 0) return;
    const bool skips = layer.padding == sim::PaddingMode::skip;
    code_sums_.emplace(shape_, skips ? 0 : layer.a_params.zero_point);
}

size_t DeviceLayer::scratch_bytes(size_t images) const {
    Scratch scratch;
    if (code_sums_) {
        scratch.take<int64_t>(code_sums_->sums(images));
        scratch.take<int64_t>(code_sums_->scratch(images));
    }
    return scratch.bytes() + product_->scratch_bytes(images);
}

void DeviceLayer::run(Stream& stream, const CodeMap& in, const Output& out, void* memory) const {
    Scratch scratch(memory);
    Finish finish;
    finish.logic = logic_;
    finish.acc_bits = acc_.bits;
    finish.overflow = acc_.overflow;
    finish.init = init_.data();
    finish.init_period = static_cast<uint32_t>(init_.size() / shape_.out_channels);
    finish.columns = shape_.out_channels;
    finish.groups = shape_.groups;
    if (code_sums_) {
        auto* sums = scratch.take<int64_t>(code_sums_->sums(in.images));
        code_sums_->run(stream, in, sums, scratch.take<int64_t>(code_sums_->scratch(in.images)));
        finish.w_zero_points = w_zero_points_.data();
        finish.code_sums = sums;
    }
    if (out.codes.data) {
        finish.requantizers = requantizers_.data();
        finish.codes = out.codes;
    }
    finish.accumulators = out.accumulators;
    product_->run(stream, in, finish, scratch.rest());
}

}  // namespace concrete::cuda

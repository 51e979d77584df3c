#include "bench/gpu_bench.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "bench/gpu_cudnn.h"
#include "cuda/device_planner.h"
#include "cuda/gather.h"
#include "sim/error.h"

namespace concrete::bench {
namespace {

/// The layer with requantisers that spread its codes over their range.
sim::MacLayer make_gpu_layer(const GpuCase& c) {
    sim::MacLayer layer = make_layer(c.shape, c.op, c.codes, c.acc);
    constexpr double kTypicalProduct = 5000;  // of random codes of 8 bits
    constexpr double kTypicalCode = 40;
    const double factor = kTypicalCode / (kTypicalProduct * std::sqrt(static_cast<double>(c.shape.k())));
    layer.requantizers.assign(c.shape.out_channels, sim::make_requantizer(factor, 0, {-128, 127}));
    return layer;
}

cuda::CodeMap input_map(const sim::MacLayer& layer, size_t images) {
    const auto narrow = [](size_t value) { return static_cast<uint32_t>(value); };
    return {nullptr,
            cuda::code_format(layer.a_range),
            narrow(images),
            narrow(layer.in_h),
            narrow(layer.in_w),
            narrow(layer.in_channels)};
}

cuda::CodeMap output_map(const sim::MacLayer& layer, size_t images) {
    const auto narrow = [](size_t value) { return static_cast<uint32_t>(value); };
    return {nullptr,
            cuda::code_format({-128, 127}),
            narrow(images),
            narrow(layer.out_h),
            narrow(layer.out_w),
            narrow(layer.out_channels)};
}

/// Codes as they are stored: what lies between the lowest of the range and those in use does not occur.
std::vector<uint8_t> stored_codes(const sim::MacLayer& layer) {
    return random_bytes(static_cast<unsigned>(layer.a_used.lowest - layer.a_range.lowest),
                        static_cast<unsigned>(layer.a_used.count()));
}

/// One picture of a batch.
cuda::CodeMap picture(cuda::CodeMap map, size_t index) {
    const size_t bytes = map.bytes() / map.images;
    map.data = static_cast<uint8_t*>(map.data) + index * bytes;
    map.images = 1;
    return map;
}

std::vector<int64_t> values_at(cuda::Stream& stream, const int64_t* from, size_t count) {
    std::vector<int64_t> values(count);
    stream.download(values.data(), from, count * sizeof(int64_t));
    stream.synchronize();
    return values;
}

void expect_equal(const std::string& what, const std::vector<int64_t>& expected, const std::vector<int64_t>& got) {
    const auto [e, g] = std::mismatch(expected.begin(), expected.end(), got.begin());
    if (e == expected.end()) return;
    throw MismatchError(fmt::format("{}: output {} is {}, expected {}", what, e - expected.begin(), *g, *e));
}

}  // namespace

std::string GpuCase::operands() const {
    return fmt::format("{}/{}/{}/{}/batch:{}", op->name, acc.name(), to_string(codes), shape.name, batch);
}

std::string GpuCase::name() const {
    return fmt::format("{}/{}", engine ? to_string(*engine) : "auto", operands());
}

std::string baseline_name(const LayerShape& shape, size_t batch, ProductType type) {
    return fmt::format("baseline/{}/-/-/{}/batch:{}", to_string(type), shape.name, batch);
}

void GpuBench::time_engine(benchmark::State& state, const GpuCase& c) {
    const sim::MacLayer layer = make_gpu_layer(c);
    const sim::ProductTask task = sim::product_task(layer);
    std::unique_ptr<cuda::DeviceProduct> product;
    try {
        product = cuda::make_product(cuda::product_setup(executor_, layer, task), c.engine, c.batch);
    } catch (const Error& error) {  // not for this operator, or nothing to compile it with
        return state.SkipWithError(error.what());
    }
    const cuda::DeviceLayer on_device(executor_, layer, std::move(product));
    const cuda::DeviceArray<uint8_t> scratch(executor_, on_device.scratch_bytes(c.batch));
    cuda::CodeMap in = input_map(layer, c.batch), out = output_map(layer, c.batch);
    const InputSets inputs(executor_, in.bytes(), stored_codes(layer));
    const cuda::DeviceArray<uint8_t> codes(executor_, out.bytes());
    in.data = inputs.set(0), out.data = codes.data();
    expect_reference(c, layer, on_device, in, scratch.data());

    GpuTiming timing;
    for (auto _ : state) {
        timing = time_calls(*stream_, budget_, [&](cuda::Stream& s, size_t set) {
            in.data = inputs.set(set);
            on_device.run(s, in, {out, nullptr}, scratch.data());
        });
        state.SetIterationTime(timing.seconds);
    }
    const double rate = static_cast<double>(c.shape.macs_per_image() * c.batch) / timing.seconds;
    state.SetLabel(sim::to_string(on_device.product().engine()));
    state.counters["MAC/s"] = rate;
    state.counters["graph"] = timing.is_graph;
    for (const ProductType type : {ProductType::fp32, ProductType::tf32, ProductType::int8})
        if (const auto& other = baseline(c.shape, c.batch, type).value)
            state.counters["x_" + to_string(type)] = timing.seconds / other->seconds;
    if (const auto passes = static_cast<double>(on_device.product().passes()); passes > 0) {
        state.counters["passes"] = passes;
        if (const auto& most = ceiling(Ceiling::int8_product).value)
            state.counters["int8_share"] = rate * passes / most->rate;
    }
}

/// Compares the accumulators of the first picture and the last of a batch.
void GpuBench::expect_reference(const GpuCase& c, const sim::MacLayer& layer, const cuda::DeviceLayer& on_device,
                                const cuda::CodeMap& in, void* scratch) {
    const size_t count = layer.outputs_per_image();
    if (operands_ != c.operands()) {
        const sim::ProductTask task = sim::product_task(layer);
        const cuda::DeviceLayer gather(executor_, layer,
                                       cuda::make_gather(cuda::product_setup(executor_, layer, task)));
        const cuda::DeviceArray<uint8_t> gather_scratch(executor_, gather.scratch_bytes(1));
        const cuda::DeviceArray<int64_t> accumulators(executor_, count);
        reference_.clear();
        for (const size_t index : {size_t{0}, c.batch - 1}) {
            gather.run(*stream_, picture(in, index), {{}, accumulators.data()}, gather_scratch.data());
            reference_.push_back(values_at(*stream_, accumulators.data(), count));
        }
        operands_ = c.operands();
    }
    const cuda::DeviceArray<int64_t> accumulators(executor_, count * c.batch);
    on_device.run(*stream_, in, {{}, accumulators.data()}, scratch);
    expect_equal(c.name(), reference_[0], values_at(*stream_, accumulators.data(), count));
    expect_equal(c.name(), reference_[1], values_at(*stream_, accumulators.data() + count * (c.batch - 1), count));
}

void GpuBench::time_baseline(benchmark::State& state, const LayerShape& shape, size_t batch, ProductType type) {
    const auto& measured = baseline(shape, batch, type);
    if (!measured.value) return state.SkipWithError(measured.reason.c_str());
    for (auto _ : state) state.SetIterationTime(measured.value->seconds);
    state.SetLabel(measured.value->label);
    state.counters["MAC/s"] = static_cast<double>(shape.macs_per_image() * batch) / measured.value->seconds;
    state.counters["graph"] = measured.value->is_graph;
}

void GpuBench::time_ceiling(benchmark::State& state, Ceiling which) {
    const auto& measured = ceiling(which);
    if (!measured.value) return state.SkipWithError(measured.reason.c_str());
    for (auto _ : state) state.SetIterationTime(measured.value->timing.seconds);
    state.counters[measured.value->unit] = measured.value->rate;
    state.counters["graph"] = measured.value->timing.is_graph;
}

GpuBench::Baseline GpuBench::measure_baseline(const LayerShape& shape, size_t batch, ProductType type) {
    const auto time = [&](const auto& subject, const std::string& label) -> Baseline {
        const InputSets inputs(executor_, subject.input_bytes(), product_inputs(type));
        const GpuTiming timing =
            time_calls(*stream_, budget_, [&](cuda::Stream& s, size_t set) { subject.run(s, inputs.set(set)); });
        return {timing.seconds, timing.is_graph, label};
    };
    if (shape.is_fully_connected())
        return time(CublasProduct(executor_, *stream_, type, batch, shape.out_channels, shape.in_channels), "cuBLASLt");
    const CudnnConvolution convolution(executor_, *stream_, type, shape, batch);
    return time(convolution, convolution.description());
}

/// Measured once a layer.
const GpuBench::Measured<GpuBench::Baseline>& GpuBench::baseline(const LayerShape& shape, size_t batch,
                                                                 ProductType type) {
    const std::string name = baseline_name(shape, batch, type);
    if (const auto known = baselines_.find(name); known != baselines_.end()) return known->second;
    Measured<Baseline>& result = baselines_[name];
    try {
        result.value = measure_baseline(shape, batch, type);
    } catch (const Error& error) {
        result.reason = error.what();
    }
    return result;
}

const GpuBench::Measured<CeilingRate>& GpuBench::ceiling(Ceiling which) {
    if (const auto known = ceilings_.find(which); known != ceilings_.end()) return known->second;
    Measured<CeilingRate>& result = ceilings_[which];
    try {
        result.value = measure_ceiling(executor_, which, budget_);
    } catch (const MismatchError&) {
        throw;
    } catch (const Error& error) {
        result.reason = error.what();
    }
    return result;
}

}  // namespace concrete::bench

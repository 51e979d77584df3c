#pragma once

#include <cstdlib>
#include <functional>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <vector>

#include "cuda/cuda_executor.h"
#include "cuda/device_layer.h"
#include "cuda/host_executor.h"
#include "sim/mac_layer_testing.h"

/// Layers on the host executor, and on a GPU where there is one, set against sim::run_mac_layer() on gather, for tests
/// of engines.
namespace concrete::cuda::testing {

inline const std::vector<ThreadOrder>& all_orders() {
    static const std::vector<ThreadOrder> orders{ThreadOrder::forward, ThreadOrder::backward, ThreadOrder::shuffled};
    return orders;
}

/// What tests run on: the host in each order, and the first GPU if there is any. With CONCRETE_TEST_ON=gpu in the
/// environment only that GPU, if there is any: a sanitizer of GPU code has nothing to see on the host.
inline std::vector<std::unique_ptr<Executor>> all_executors() {
    std::vector<std::unique_ptr<Executor>> result;
    for (const Device& device : list_devices().devices) {
        if (device.index == 0) result.push_back(make_cuda_executor(device));
    }
    const char* const wanted = std::getenv("CONCRETE_TEST_ON");
    if (!result.empty() && wanted && std::string(wanted) == "gpu") return result;
    for (const ThreadOrder order : all_orders()) result.push_back(std::make_unique<HostExecutor>(order));
    return result;
}

/// [n, c, h, w] to the order of CodeMap, or back.
template <typename T>
std::vector<T> channels_last(const sim::Tensor<T>& tensor) {
    const size_t channels = tensor.shape[1], pixels = tensor.shape[2] * tensor.shape[3];
    std::vector<T> result(tensor.size());
    for (size_t i = 0; i < result.size(); ++i) {
        const size_t image = i / channels / pixels, channel = i / pixels % channels, pixel = i % pixels;
        result[(image * pixels + pixel) * channels + channel] = tensor.data[i];
    }
    return result;
}

/// Codes [n, c, h, w] in device memory.
class DeviceCodes {
  public:
    DeviceCodes(Executor& executor, const sim::Tensor<int32_t>& codes, const sim::CodeRange& range)
        : map_{nullptr,
               code_format(range),
               narrow(codes.shape[0]),
               narrow(codes.shape[2]),
               narrow(codes.shape[3]),
               narrow(codes.shape[1])} {
        std::vector<uint8_t> bytes(map_.bytes());
        map_.data = bytes.data();
        const std::vector<int32_t> ordered = channels_last(codes);
        for (size_t i = 0; i < ordered.size(); ++i) map_.store(i, ordered[i]);
        memory_ = DeviceArray<uint8_t>(executor, bytes);
        map_.data = memory_.data();
    }
    const CodeMap& map() const { return map_; }

  private:
    static uint32_t narrow(size_t value) { return static_cast<uint32_t>(value); }

    CodeMap map_;
    DeviceArray<uint8_t> memory_;
};

/// Makes an engine ready; null where it cannot compute the task.
using MakeProduct = std::function<std::unique_ptr<DeviceProduct>(const ProductSetup&)>;

/// Runs a layer for a batch on the executor. Returns: accumulators, [images][out_h][out_w][out_channels].
inline std::vector<int64_t> run_layer(Executor& executor, const sim::MacLayer& layer, const sim::Tensor<int32_t>& codes,
                                      const MakeProduct& make) {
    const sim::ProductTask task = sim::product_task(layer);
    const DeviceLayer on_device(executor, layer, make(product_setup(executor, layer, task)));
    const DeviceCodes in(executor, codes, layer.a_range);
    const size_t images = codes.shape[0];
    const DeviceArray<int64_t> out(executor, images * layer.outputs_per_image());
    const DeviceArray<uint8_t> scratch(executor, on_device.scratch_bytes(images));
    const auto stream = executor.make_stream();
    on_device.run(*stream, in.map(), {{}, out.data()}, scratch.data());
    stream->synchronize();
    return out.values();
}

/// Expects the accumulators of a layer on all executors. Args: layer: prepared for any engine of sim.
inline void expect_layer(const sim::MacLayer& layer, const sim::Tensor<int32_t>& codes, const MakeProduct& make,
                         const std::string& label) {
    const std::vector<int64_t> expected = channels_last(sim::run_mac_layer(layer, codes, 1));
    const auto executors = all_executors();
    for (size_t i = 0; i < executors.size(); ++i) {
        const std::vector<int64_t> got = run_layer(*executors[i], layer, codes, make);
        ASSERT_EQ(got.size(), expected.size()) << label;
        size_t differences = 0, first = 0;
        for (size_t j = got.size(); j-- > 0;) {
            if (got[j] != expected[j]) ++differences, first = j;
        }
        EXPECT_EQ(differences, 0U) << label << ", " << executors[i]->label() << ' ' << i << ": the first of "
                                   << got.size() << " at " << first << ": expected " << expected[first] << ", got "
                                   << got[first];
    }
}

}  // namespace concrete::cuda::testing

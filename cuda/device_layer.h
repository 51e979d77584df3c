#pragma once

#include <memory>
#include <optional>

#include "cuda/device_array.h"
#include "cuda/product.h"
#include "cuda/window_sums.h"
#include "sim/mac_layer.h"

namespace concrete::cuda {

/// What an engine makes a layer ready from. Args: task: product_task(layer), which the result borrows.
ProductSetup product_setup(Executor& executor, const sim::MacLayer& layer, const sim::ProductTask& task);

/// The form in which an engine's sums become accumulators; of engines that keep the order of k, which need none, any.
sim::LogicAccumulator logic_of(const sim::ProductTask& task, const DeviceProduct& product);

/// One quantised convolution or fully connected layer on a device: sim::run_mac_layer() and the requantisation behind
/// it, bit for bit. Does not change; streams may share it.
class DeviceLayer {
  public:
    /// Args: product: made from product_setup() of the layer.
    DeviceLayer(Executor& executor, const sim::MacLayer& layer, std::unique_ptr<DeviceProduct> product);

    const DeviceProduct& product() const { return *product_; }
    const ConvShape& shape() const { return shape_; }

    /// Device memory that run() needs for a batch, beside input and output.
    size_t scratch_bytes(size_t images) const;

    /// Where results go: codes as map (of the layer's output, where it has requantisers), and accumulators,
    /// [images][out_h][out_w][out_channels]; either may be absent.
    struct Output {
        CodeMap codes;
        int64_t* accumulators = nullptr;
    };

    /// Enqueues the layer. Args: in: codes within layer.a_used. scratch: scratch_bytes(in.images) bytes, aligned to
    /// 256.
    void run(Stream& stream, const CodeMap& in, const Output& out, void* scratch) const;

  private:
    ConvShape shape_;
    std::unique_ptr<DeviceProduct> product_;
    sim::AccumulatorSpec acc_;
    sim::LogicAccumulator logic_;
    DeviceArray<int64_t> init_, w_zero_points_;
    DeviceArray<sim::Requantizer> requantizers_;
    std::optional<WindowSums> code_sums_;  // where some zero point is not 0
};

}  // namespace concrete::cuda

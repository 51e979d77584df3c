#pragma once

#include <memory>
#include <vector>

#include "cuda/code_map.h"
#include "cuda/device_array.h"
#include "cuda/device_layer.h"
#include "cuda/executor.h"
#include "cuda/product_maker.h"
#include "sim/quantized_network.h"

namespace concrete::cuda {

/// Where a batch lies in device memory: offsets into one piece of it, an arena, in which layers reuse what others are
/// done with. kNowhere: not there.
struct BatchPlan {
    static constexpr size_t kNowhere = ~size_t{0};

    size_t images = 0;  ///< at most
    size_t pixels = kNowhere;
    std::vector<size_t> codes, accumulators, scratch;  ///< by layer
    size_t bytes = 0;                                  ///< of the arena
};

/// A batch in an arena.
struct BatchPlace {
    const BatchPlan* plan = nullptr;
    uint8_t* arena = nullptr;
    size_t images = 0;  ///< at most the plan's

    template <typename T>
    T* at(size_t offset) const {
        return offset == BatchPlan::kNowhere ? nullptr : reinterpret_cast<T*>(arena + offset);
    }
};

/// A network's weights and tables on a device, and what its layers are there. Does not change; streams share it.
///
/// Tensors of codes live on the device, [n, h, w, c]; tensors of reals live on the host, whose layers compute on them.
/// A real tensor that a quantised layer reads is quantised on the host, pictures of pixels on the device.
class DeviceNetwork {
  public:
    /// Args: network: must outlive this. images: of a batch, about. Throws: InputError naming layer and reason;
    /// OutOfDeviceMemory.
    DeviceNetwork(Executor& executor, const sim::QuantizedNetwork& network, const ProductMaker& make, size_t images);

    Executor& executor() const { return executor_; }
    const sim::QuantizedNetwork& host() const { return network_; }

    /// Most pictures of a batch: kernels count the codes of a tensor in 31 bits.
    size_t most_images() const;

    /// Args: observed: with accumulators of all layers, not only those that the host needs.
    BatchPlan plan(size_t images, bool observed) const;

    /// Tensor i, the output of layer i, has codes on the device.
    bool has_codes(size_t i) const { return network_.plan().tensors[i].has_format; }
    /// They come from layer i itself, not from the host; or from pixels.
    bool makes_codes(size_t i) const { return i == 0 ? has_codes(0) : network_.plan().tensors[i].carries_codes; }
    /// The layer's multiply-accumulates, or null.
    const DeviceLayer* mac(size_t i) const { return macs_[i].get(); }
    /// Nothing but pixels goes in and nothing but the last layer's accumulators comes out.
    bool is_whole() const;

    /// Codes of tensor i. Requires: has_codes(i).
    CodeMap codes(size_t i, const BatchPlace& place) const;

    /// Enqueues layer i on codes that are there, layer 0 on pixels. Accumulators are stored where the plan has them.
    /// Requires: mac(i) or makes_codes(i).
    void run(size_t i, Stream& stream, const BatchPlace& place) const;

  private:
    const sim::Layer& layer(size_t i) const { return network_.network().layers[i]; }
    const sim::CodeRange& range(size_t i) const;
    void prepare_layer(size_t i, const ProductMaker& make, size_t images);
    bool keeps_codes(size_t i) const;
    size_t last_reader(size_t storage) const;
    void run_on_codes(size_t i, Stream& stream, const BatchPlace& place) const;

    Executor& executor_;
    const sim::QuantizedNetwork& network_;
    // By layer.
    std::vector<size_t> storages_;  // whose memory holds the codes: another's where the layer changes nothing
    std::vector<std::unique_ptr<DeviceLayer>> macs_;
    std::vector<DeviceArray<sim::Requantizer>> by_area_;  // of average pooling
    DeviceArray<int32_t> pixel_table_;
};

}  // namespace concrete::cuda

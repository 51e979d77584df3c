#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include "cuda/device_array.h"
#include "cuda/device_network.h"
#include "cuda/pinned_array.h"
#include "sim/dataset.h"

namespace concrete::cuda {

/// Which pictures of a data set are one batch, and whether somebody wants the records of its layers.
struct BatchPart {
    size_t first = 0, count = 0;
    bool observed = false;
};

/// sim::MacLayerRecord with what that borrows.
struct LayerRecord {
    const sim::MacLayer* layer = nullptr;
    sim::Tensor<int32_t> input_codes;
    sim::Tensor<int64_t> accumulators;
    std::optional<sim::Tensor<int32_t>> output_codes;
};

struct BatchResult {
    sim::Tensor<double> logits;
    std::vector<LayerRecord> records;  ///< of MAC layers, in order, where the batch was observed
};

/// Times of MAC layers, by marks around them.
struct LayerTimes {
    std::vector<double> seconds;  ///< by layer of the network
    size_t images = 0;
};

/// Where one batch at a time runs through a network on a device: memory for it there and here, and a stream. Several
/// slots let the copies and the host's part of one batch overlap with another's computing. One host thread at a time.
class NetworkSlot {
  public:
    /// Args: network: must outlive this. threads: of layers on the host. graphs: whether batches may be captured as
    /// graphs.
    NetworkSlot(const DeviceNetwork& network, int threads, bool graphs);

    /// Makes room for batches of so many pictures, and observed ones of so many (0: none). Throws: OutOfDeviceMemory;
    /// what was reserved is then gone.
    void reserve(size_t images, size_t observed_images);
    void release();

    /// Computes a batch that fits what was reserved. Throws: DeviceError.
    BatchResult run(const sim::Dataset& data, const BatchPart& part);

    /// Times of the latest batches that were launched layer by layer; the first of all, which loads the kernels too, is
    /// left out as soon as there is another. Batches that are replayed as graphs cannot be timed by layer.
    const LayerTimes& times() const { return times_; }
    /// When the latest run() ended.
    std::chrono::steady_clock::time_point finished() const { return finished_; }

  private:
    size_t last() const { return network_.host().network().layers.size() - 1; }
    bool may_replay() const;
    bool is_full() const { return !part_.observed && part_.count == plan_.images; }
    bool host_reads_pictures() const;
    void stage_pixels();
    void enqueue(size_t layer);
    void replay();
    void run_layers(BatchResult& result);
    void run_timed(size_t layer);
    void read_times();
    LayerRecord record(size_t layer);
    void follow_on_host(size_t layer);
    void run_real_layer(size_t layer);
    void upload_codes(size_t layer);
    sim::Tensor<int32_t> download_codes(size_t layer);
    sim::Tensor<int64_t> download_accumulators(size_t layer);
    sim::Tensor<double> logits();

    const DeviceNetwork& network_;
    int threads_;
    bool graphs_;
    std::unique_ptr<Stream> stream_;

    BatchPlan plan_, observed_plan_;
    DeviceArray<uint8_t> arena_;
    PinnedArray<uint8_t> pixels_;
    PinnedArray<int64_t> accumulators_;  // of the last layer, channels last
    std::unique_ptr<Graph> graph_;       // of a batch of plan_.images

    // The batch under way.
    const sim::Dataset* data_ = nullptr;
    BatchPart part_;
    BatchPlace place_;
    std::vector<sim::Tensor<float>> reals_;      // by layer
    std::vector<std::vector<uint8_t>> uploads_;  // by layer; copied from until the batch is done
    struct Timing {
        size_t layer;
        std::unique_ptr<Mark> begin, end;
    };
    std::vector<Timing> timings_;

    LayerTimes times_;
    size_t timed_batches_ = 0;
    bool launched_full_ = false;  // a batch of plan_.images, layer by layer
    std::chrono::steady_clock::time_point finished_;
};

}  // namespace concrete::cuda

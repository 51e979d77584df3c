#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sim/mac_layer.h"
#include "sim/quantized_network.h"

namespace concrete::verify {

/// One output neuron of a run: what the engine recorded for it, and the operand stream that led there.
struct NeuronCase {
    const sim::MacLayer* layer = nullptr;
    size_t image = 0, channel = 0, row = 0, column = 0;
    sim::NeuronTrace trace;
    int64_t engine_acc = 0;              ///< the engine's accumulator, zero-point correction included
    std::optional<int32_t> engine_code;  ///< the engine's output code, where the layer requantises

    /// "conv1: image 3, channel 2, row 5, column 0"
    std::string place() const;
};

/// Chooses output neurons of every quantised layer, seeded and without repetition, and collects their operands while
/// the network runs.
///
///     NeuronSampler sampler(network.mac_layers(), images, 100, seed);
///     const std::vector<size_t> images = sampler.images();
///     const sim::Dataset pictures = subset(data, images);
///     runner.run({.data = pictures, .observer = sampler.observer(images)});
///     const auto reports = replay(sampler.cases(), options);
class NeuronSampler {
  public:
    /// Args: images: of the whole run; samples: neurons a layer, all of them where there are fewer.
    NeuronSampler(const std::vector<sim::MacLayer>& layers, size_t images, size_t samples, uint64_t seed);

    /// The observer of a run whose pictures have these numbers in the whole run.
    sim::MacObserver observer(std::vector<size_t> images);
    /// The pictures that chosen neurons belong to, rising: only these need to be run, in batches of any size, because
    /// no picture depends on another.
    std::vector<size_t> images() const;
    /// In the order of layers, pictures, channels, rows, columns, as far as the pictures have been run.
    std::vector<NeuronCase> cases() const;

  private:
    void record(const sim::MacLayerRecord& record, size_t position, size_t image);

    const std::vector<sim::MacLayer>& layers_;
    std::vector<std::vector<uint64_t>> chosen_;  // by layer: (image, channel, row, column) as one number, sorted
    std::vector<NeuronCase> cases_;              // as they came
};

/// Outcome for one layer.
struct LayerReplay {
    std::string layer, hardware;
    size_t neurons = 0;
    uint64_t macs = 0;
    size_t mismatches = 0;       ///< neurons with a difference
    std::string first_mismatch;  ///< layer, neuron, MAC index, operands, expected and got; empty if there is none
    double seconds = 0;          ///< of simulation, without building
};

struct ReplayOptions {
    std::filesystem::path rtl;  ///< folder of the MAC unit's Verilog; rtl_folder() if empty
    int threads = 1;            ///< programs built and layers replayed at a time
    std::function<void(size_t done, size_t total)> progress;  ///< called after each program and layer, one at a time
};

/// Replays the operand streams clock by clock in the Verilated rtl/neuron.v and compares, for each neuron:
/// - the accumulator after `clear` and after every MAC with sim::mac_step;
/// - that it holds without `enable`;
/// - the corrected accumulator and the requantised code with what the engine recorded;
/// - that the operand stream leads to the engine's accumulator at all.
/// A MAC unit of the user's is clocked itself, by its own ports, and takes the place of the neuron's.
/// Layers on the same hardware share one program. Cases of one layer must stand together.
std::vector<LayerReplay> replay(std::span<const NeuronCase> cases, const ReplayOptions& options);

/// The accumulators that the simulator expects for a stream: acc_0 .. acc_K.
std::vector<int64_t> expected_accumulators(const NeuronCase& neuron);

namespace detail {

/// `count` different numbers below `total` (all of them if count >= total), sorted.
std::vector<uint64_t> choose(uint64_t total, uint64_t count, uint64_t seed);

}  // namespace detail
}  // namespace concrete::verify

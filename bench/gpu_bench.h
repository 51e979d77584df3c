#pragma once

#include <benchmark/benchmark.h>
#include <map>
#include <optional>
#include <string>

#include "bench/gpu_ceilings.h"
#include "bench/gpu_cublas.h"
#include "bench/layer_cases.h"
#include "cuda/device_layer.h"

namespace concrete::bench {

/// One layer on one operator, with one engine.
struct GpuCase {
    OperatorPointer op;
    Accumulation acc;
    Codes codes = Codes::all;
    LayerShape shape{};
    size_t batch = 1;
    std::optional<sim::Engine> engine;  ///< nothing: the one that would be chosen

    /// Whatever the result depends on.
    std::string operands() const;
    /// ENGINE/OPERATOR/ACCUMULATOR/CODES/LAYER/batch:N
    std::string name() const;
};

/// baseline/TYPE/-/-/LAYER/batch:N
std::string baseline_name(const LayerShape& shape, size_t batch, ProductType type);

/// Runs cases one after the other on a device. Remembers the reference of the latest operands, baselines and ceilings,
/// so cases on the same operands should follow each other.
class GpuBench {
  public:
    /// Args: budget: seconds for which a case is timed.
    GpuBench(cuda::Executor& executor, double budget)
        : executor_(executor), stream_(executor.make_stream()), budget_(budget) {}

    /// Times a layer from codes to codes, everything on the device. Counters: MAC/s; x_fp32, x_tf32, x_int8: its time
    /// in times that of the baseline; passes, and int8_share, the rate times passes as a share of the int8 product's;
    /// graph: 1 where calls were replayed as a graph. The label is the engine. An engine that cannot skips the case
    /// with the reason. Throws: MismatchError if accumulators are not the gather engine's.
    void time_engine(benchmark::State& state, const GpuCase& c);
    void time_baseline(benchmark::State& state, const LayerShape& shape, size_t batch, ProductType type);
    void time_ceiling(benchmark::State& state, Ceiling ceiling);

  private:
    /// A layer that cannot be measured here, for the reason.
    template <typename T>
    struct Measured {
        std::optional<T> value;
        std::string reason;
    };
    struct Baseline {
        double seconds;
        bool is_graph;
        std::string label;
    };

    void expect_reference(const GpuCase& c, const sim::MacLayer& layer, const cuda::DeviceLayer& on_device,
                          const cuda::CodeMap& in, void* scratch);
    const Measured<Baseline>& baseline(const LayerShape& shape, size_t batch, ProductType type);
    Baseline measure_baseline(const LayerShape& shape, size_t batch, ProductType type);
    const Measured<CeilingRate>& ceiling(Ceiling ceiling);

    cuda::Executor& executor_;
    std::unique_ptr<cuda::Stream> stream_;  // one for all, which libraries keep in their handles
    double budget_;
    std::string operands_;                         // of reference_
    std::vector<std::vector<int64_t>> reference_;  // accumulators of the first picture and the last
    std::map<std::string, Measured<Baseline>> baselines_;
    std::map<Ceiling, Measured<CeilingRate>> ceilings_;
};

}  // namespace concrete::bench

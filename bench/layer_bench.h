#pragma once

#include <benchmark/benchmark.h>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "bench/layer_baselines.h"
#include "bench/layer_cases.h"

namespace concrete::bench {

enum class Baseline { fp32, int8, scalar };

/// "fp32", "int8" or "scalar"
std::string to_string(Baseline baseline);

/// One layer on one operator, with one engine or baseline.
struct Case {
    OperatorPointer op;
    Accumulation acc;
    Codes codes = Codes::all;
    LayerShape shape{};
    size_t batch = 1;
    int threads = 1;
    std::optional<sim::Engine> engine;  ///< nothing: the one that would be chosen

    double macs() const { return static_cast<double>(shape.macs_per_image() * batch); }
    /// "resnet20_64x8/batch:1/threads:1"
    std::string place() const;
    /// Whatever the result depends on.
    std::string operands() const;
    /// ENGINE/OPERATOR/ACCUMULATOR/CODES/LAYER/batch:N/threads:T
    std::string name() const;
    /// baseline/BASELINE/-/CODES/LAYER/batch:N/threads:T
    std::string name(Baseline baseline) const;
};

/// Runs cases one after the other. Remembers operands and result of the latest and all baselines, so cases on the same
/// operands should follow each other.
class LayerBench {
  public:
    /// Args: budget: seconds for which an engine is timed at a time; on several threads, four times as long.
    explicit LayerBench(double budget) : budget_(budget) {}

    /// Times a layer, with fp32 in turns, and sets the counters: MAC/s; x_fp32 and x_int8, its time in times that of
    /// the baseline; x_scalar, how many times as fast as the scalar loop it is; passes. The label is the engine. An
    /// engine that cannot skips the case with the reason. Throws: MismatchError if the result is not the gather
    /// engine's.
    void time_engine(benchmark::State& state, const Case& c);
    void time_baseline(benchmark::State& state, const Case& c, Baseline baseline);

    /// One call and nothing beside it. Counter: peak_MiB, the largest resident set of the process so far.
    static void run_engine_once(benchmark::State& state, const Case& c);
    static void run_baseline_once(benchmark::State& state, const Case& c, Baseline baseline);

  private:
    const sim::Tensor<int64_t>& reference(const Case& c);
    const std::function<void()>& dnnl(const Case& c, Baseline baseline);
    double baseline_seconds(const Case& c, Baseline baseline);
    double budget(const Case& c) const { return c.threads == 1 ? budget_ : 4 * budget_; }

    double budget_;
    std::string operands_;  // of reference_
    sim::Tensor<int64_t> reference_;
    std::map<std::string, std::function<void()>> dnnl_;
    std::map<std::string, double> seconds_;
};

}  // namespace concrete::bench

#include "cuda/cuda_runner.h"

#include <atomic>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdexcept>

#include "cuda/network_testing.h"
#include "cuda/product_testing.h"
#include "sim/cpu_runner.h"

namespace concrete::cuda {
namespace {

using ::testing::HasSubstr;
using testing::make_case;
using testing::NetworkCase;

constexpr const char* kResidual = R"(
name: residual
input: {shape: [2, 8, 8], mean: [0.5, 0.4], std: [0.5, 0.3]}
layers:
  - {name: conv1, type: conv2d, out_channels: 16, kernel: 3, padding: 1}
  - {name: relu1, type: relu}
  - {name: pool1, type: max_pool, kernel: 2}
  - {name: conv2, type: conv2d, out_channels: 16, kernel: [3, 1], padding: [1, 0], groups: 4}
  - {name: sum1, type: add, in: [conv2, pool1, pool1]}
  - {name: relu2, type: relu}
  - {name: pool2, type: avg_pool, kernel: 3, stride: 2, padding: 1}
  - {name: flat, type: flatten}
  - {name: fc1, type: linear, out_features: 5}
)";

/// One input channel, odd channels, a flattening that changes nothing, layers without ReLU.
constexpr const char* kChain = R"(
name: chain
input: {shape: [1, 7, 5], mean: [0.3], std: [0.4]}
layers:
  - {name: conv1, type: conv2d, out_channels: 3, kernel: 3, stride: 2, padding: 1}
  - {name: conv2, type: conv2d, out_channels: 7, kernel: 2, padding: 1}
  - {name: pool1, type: avg_pool, kernel: [5, 4]}
  - {name: flat, type: flatten}
  - {name: fc1, type: linear, out_features: 9}
  - {name: relu1, type: relu}
  - {name: fc2, type: linear, out_features: 4}
)";
const std::string kSoftmax = std::string(kChain) + "  - {name: prob, type: softmax}\n";

/// What a run gives, joined over its batches.
struct Joined {
    std::vector<double> logits;
    std::map<std::string, std::vector<int64_t>> inputs, accumulators, outputs;  // of observed batches, by layer
    bool operator==(const Joined&) const = default;
};

Joined run_all(sim::NetworkRunner& runner, const sim::Dataset& data, size_t batch, bool observed = true) {
    Joined joined;
    const auto append = [](std::vector<int64_t>& to, const auto& tensor) {
        to.insert(to.end(), tensor.data.begin(), tensor.data.end());
    };
    sim::RunRequest request{.data = data, .batch = batch};
    request.sink = [&](size_t first, const sim::Tensor<double>& logits) {
        EXPECT_EQ(first * logits.shape[1], joined.logits.size()) << "batch " << batch;
        joined.logits.insert(joined.logits.end(), logits.data.begin(), logits.data.end());
    };
    request.observer = [&](const sim::MacLayerRecord& record) {
        EXPECT_EQ(record.accumulators->shape[0], record.images);
        append(joined.inputs[record.layer->name], *record.input_codes);
        append(joined.accumulators[record.layer->name], *record.accumulators);
        if (record.output_codes) append(joined.outputs[record.layer->name], *record.output_codes);
    };
    if (!observed) request.observed_images = 0;
    runner.run(request);
    return joined;
}

std::vector<std::unique_ptr<Executor>> one(std::unique_ptr<Executor> executor) {
    std::vector<std::unique_ptr<Executor>> result;
    result.push_back(std::move(executor));
    return result;
}

/// Expects logits and records of the CPU, batch by batch and all at once, on every executor.
void expect_equal(const std::string& description, const std::string& settings) {
    constexpr size_t kPictures = 65;
    const NetworkCase c = make_case(description, settings, kPictures);
    sim::CpuRunner cpu(*c.network, 1);
    const Joined expected = run_all(cpu, c.data, kPictures);
    const auto classes = static_cast<std::ptrdiff_t>(expected.logits.size() / kPictures);
    ASSERT_FALSE(std::equal(expected.logits.begin() + classes, expected.logits.end(), expected.logits.begin()))
        << "pictures cannot be told apart: " << settings;
    auto executors = testing::all_executors();
    for (size_t i = 0; i < executors.size(); ++i) {
        CudaRunner runner(one(std::move(executors[i])), *c.network, product_maker(sim::Engine::gather), {});
        for (const size_t batch : {size_t{1}, size_t{7}, size_t{64}}) {
            EXPECT_TRUE(run_all(runner, c.data, batch) == expected) << settings << i << ", observed, batch " << batch;
            EXPECT_EQ(run_all(runner, c.data, batch, false).logits, expected.logits)
                << settings << runner.label() << ' ' << i << ", batch " << batch;
        }
    }
}

TEST(CudaRunner, EqualsTheCpuForEveryQuantization) {
    const std::string affine = "weights: {scheme: affine}, activations: {scheme: affine}";
    for (const std::string& settings : std::vector<std::string>{
             "defaults: {multiplier: signed}\n",
             "defaults: {multiplier: signed, padding: skip, accumulator: {bits: 18, overflow: saturate}}\n",
             "defaults: {multiplier: unsigned, accumulator: {bits: 22, adder: {loa: 4}}, " + affine + "}\n",
             "defaults: {multiplier: unsigned, sign_magnitude: true, weights: {bits: 5}}\n",
             "defaults: {multiplier: wide, weights: {bits: 14}, activations: {bits: 12}, accumulator: {bits: 48}}\n",
         }) {
        expect_equal(kResidual, settings);
        expect_equal(kChain, settings);
    }
    expect_equal(kResidual, "defaults: {multiplier: wide, weights: {bits: 1}, activations: {bits: 1}}\n");
}

TEST(CudaRunner, FloatLayersMayStandAnywhere) {
    for (const char* layers : {"conv1: {mode: float}", "conv2: {mode: float}", "fc1: {mode: float}",
                               "conv1: {mode: float}, fc1: {mode: float}"}) {
        const std::string settings = std::string("defaults: {multiplier: signed}\nlayers: {") + layers + "}\n";
        expect_equal(kResidual, settings);
        expect_equal(kChain, settings);
        expect_equal(kSoftmax, settings);
    }
    expect_equal(kSoftmax, "defaults: {multiplier: signed}\n");
    expect_equal(kResidual,
                 "defaults: {multiplier: signed}\n"
                 "layers: {conv1: {mode: float}, conv2: {mode: float}, fc1: {mode: float}}\n");
}

/// Layers that read the pictures on both sides, and a sum of reals and codes.
TEST(CudaRunner, PicturesMayBeReadOnBothSides) {
    constexpr const char* kBoth = R"(
name: both
input: {shape: [2, 5, 5], mean: [0.5, 0.4], std: [0.5, 0.3]}
layers:
  - {name: conv1, type: conv2d, out_channels: 3, kernel: 3, padding: 1}
  - {name: conv2, type: conv2d, out_channels: 3, kernel: 1, in: input}
  - {name: sum1, type: add, in: [conv1, conv2]}
  - {name: conv3, type: conv2d, out_channels: 4, kernel: 5}
  - {name: flat, type: flatten}
)";
    expect_equal(kBoth, "defaults: {multiplier: signed}\n");
    expect_equal(kBoth, "defaults: {multiplier: signed}\nlayers: {conv2: {mode: float}}\n");
}

TEST(CudaRunner, EveryEngineGivesTheSame) {
    const auto expect = [](const std::string& settings, std::optional<sim::Engine> engine, const std::string& name) {
        const NetworkCase c = make_case(kResidual, settings, 9);
        sim::CpuRunner cpu(*c.network, 1);
        const Joined expected = run_all(cpu, c.data, 9);
        for (auto& executor : testing::all_executors()) {
            CudaRunner runner(one(std::move(executor)), *c.network, product_maker(engine), {});
            for (const size_t batch : {size_t{2}, size_t{9}})
                EXPECT_TRUE(run_all(runner, c.data, batch) == expected) << name << ", batch " << batch;
            EXPECT_EQ(runner.engine_of(1).name, name);
        }
    };
    const std::string low_rank = "defaults: {multiplier: low_rank, weights: {bits: 6}, activations: {bits: 6}";
    expect(low_rank + "}\n", sim::Engine::permute, "permute");
    expect(low_rank + "}\n", sim::Engine::decomposed, "decomposed");
    expect(low_rank + ", padding: skip, accumulator: {bits: 24, adder: {loa: 5}}}\n", {}, "logic");
}

/// Gather that needs the more scratch the fewer pictures there are, and overwrites all of it.
class FussyGather : public DeviceProduct {
  public:
    explicit FussyGather(const ProductSetup& setup) : gather_(product_maker(sim::Engine::gather)(setup, 1)) {}
    sim::Engine engine() const override { return gather_->engine(); }
    size_t scratch_bytes(size_t images) const override { return (size_t{1} << 16) / images; }
    void run(Stream& stream, const CodeMap& in, const Finish& finish, void* scratch) const override {
        stream.fill(scratch, 0xEE, scratch_bytes(in.images));
        gather_->run(stream, in, finish, scratch);
    }

  private:
    std::unique_ptr<DeviceProduct> gather_;
};

TEST(CudaRunner, FewPicturesMayNeedMoreScratch) {
    const NetworkCase c = make_case(kResidual, "defaults: {multiplier: signed}\n", 65);
    sim::CpuRunner cpu(*c.network, 1);
    const Joined expected = run_all(cpu, c.data, 65);
    const auto make = [](const ProductSetup& setup, size_t) { return std::make_unique<FussyGather>(setup); };
    CudaRunner runner(one(std::make_unique<HostExecutor>()), *c.network, make, {});
    EXPECT_EQ(run_all(runner, c.data, 64, false).logits, expected.logits);
    EXPECT_TRUE(run_all(runner, c.data, 64) == expected);
}

TEST(CudaRunner, SeveralExecutorsHandResultsOnInOrder) {
    const NetworkCase c = make_case(kResidual, "defaults: {multiplier: signed}\n", 65);
    sim::CpuRunner cpu(*c.network, 1);
    const Joined expected = run_all(cpu, c.data, 65);
    std::vector<std::unique_ptr<Executor>> executors;
    for (const ThreadOrder order : testing::all_orders()) executors.push_back(std::make_unique<HostExecutor>(order));
    CudaRunner runner(std::move(executors), *c.network, product_maker(sim::Engine::gather), {});
    for (const size_t batch : {1, 4, 30, 65}) {
        EXPECT_TRUE(run_all(runner, c.data, batch) == expected) << "observed, batch " << batch;
        EXPECT_EQ(run_all(runner, c.data, batch, false).logits, expected.logits) << "batch " << batch;
    }
    EXPECT_EQ(runner.backend(), "cuda");
    EXPECT_EQ(runner.label(), "cuda, the host executor and 2 more");
    EXPECT_EQ(runner.engine_of(1).name, "gather");
}

/// A host executor whose streams count what is replayed.
class CountingExecutor : public HostExecutor {
  public:
    explicit CountingExecutor(std::atomic<size_t>& replays) : replays_(replays) {}
    std::unique_ptr<Stream> make_stream() override {
        return std::make_unique<CountingStream>(HostExecutor::make_stream(), replays_);
    }

  private:
    class CountingStream : public Stream {
      public:
        CountingStream(std::unique_ptr<Stream> stream, std::atomic<size_t>& replays)
            : stream_(std::move(stream)), replays_(replays) {}
        void upload(void* to, const void* from, size_t bytes) override { stream_->upload(to, from, bytes); }
        void download(void* to, const void* from, size_t bytes) override { stream_->download(to, from, bytes); }
        void fill(void* to, uint8_t byte, size_t bytes) override { stream_->fill(to, byte, bytes); }
        void synchronize() override { stream_->synchronize(); }
        std::unique_ptr<Mark> mark() override { return stream_->mark(); }
        double seconds_between(const Mark& a, const Mark& b) override { return stream_->seconds_between(a, b); }
        void begin_capture() override { stream_->begin_capture(); }
        std::unique_ptr<Graph> end_capture() override { return stream_->end_capture(); }
        void replay(const Graph& graph) override { ++replays_, stream_->replay(graph); }
        ThreadOrder host_order() const override { return stream_->host_order(); }
        void enqueue(std::function<void()> work) override { stream_->enqueue(std::move(work)); }

      private:
        std::unique_ptr<Stream> stream_;
        std::atomic<size_t>& replays_;
    };
    std::atomic<size_t>& replays_;
};

TEST(CudaRunner, GraphsGiveTheSame) {
    for (const std::string layers : {"", "layers: {fc1: {mode: float}}\n"}) {
        const NetworkCase c = make_case(kResidual, "defaults: {multiplier: signed}\n" + layers, 65);
        std::atomic<size_t> replays = 0, unused = 0;  // two slots count at a time
        CudaRunner runner(one(std::make_unique<CountingExecutor>(replays)), *c.network,
                          product_maker(sim::Engine::gather), {});
        CudaRunner plain(one(std::make_unique<CountingExecutor>(unused)), *c.network,
                         product_maker(sim::Engine::gather), {.graphs = false});
        const Joined expected = run_all(plain, c.data, 4, false);
        for (int round = 0; round < 2; ++round) {
            EXPECT_EQ(run_all(runner, c.data, 4, false).logits, expected.logits);
            EXPECT_EQ(run_all(runner, c.data, 9, false).logits, expected.logits);
        }
        // 16 full batches of 4 and 7 of 9, twice, less those that were launched layer by layer.
        if (layers.empty()) {
            EXPECT_EQ(replays, 2 * (16 + 7) - 2 * 2 - 3 * 2);
        } else {
            EXPECT_EQ(replays, 0U);
        }
        EXPECT_EQ(unused, 0U);
    }
}

TEST(CudaRunner, ShortMemoryHalvesBatchesAndIsToldOnce) {
    const NetworkCase c = make_case(kResidual, "defaults: {multiplier: signed}\n", 65);
    sim::CpuRunner cpu(*c.network, 1);
    const Joined expected = run_all(cpu, c.data, 65);

    HostExecutor roomy;
    const size_t all_bytes = roomy.free_bytes();
    const DeviceNetwork network(roomy, *c.network, product_maker(sim::Engine::gather), 64);
    const size_t network_bytes = all_bytes - roomy.free_bytes();
    const auto with_memory = [&](size_t bytes, std::vector<std::string>& notices) {
        return CudaRunner(one(std::make_unique<HostExecutor>(ThreadOrder::forward, network_bytes + bytes)), *c.network,
                          product_maker(sim::Engine::gather),
                          {.notice = [&](const std::string& notice) { notices.push_back(notice); }});
    };
    const size_t one_picture = network.plan(1, true).bytes;
    EXPECT_GT(one_picture, network.plan(1, false).bytes) << "records take no memory";

    std::vector<std::string> notices;
    CudaRunner enough = with_memory(2 * network.plan(64, true).bytes, notices);
    EXPECT_TRUE(run_all(enough, c.data, 64) == expected);
    EXPECT_EQ(notices, std::vector<std::string>());

    CudaRunner halved = with_memory(2 * network.plan(20, true).bytes, notices);
    EXPECT_TRUE(run_all(halved, c.data, 64) == expected);
    EXPECT_TRUE(run_all(halved, c.data, 65) == expected);
    EXPECT_EQ(notices, std::vector<std::string>{"no device memory for batches of 64 pictures; computing 16 at a time"});

    CudaRunner least = with_memory(one_picture, notices);
    EXPECT_TRUE(run_all(least, c.data, 64) == expected);
    ASSERT_EQ(notices.size(), 2U);
    EXPECT_THAT(notices[1], HasSubstr("computing 1 at a time"));

    CudaRunner none = with_memory(one_picture - 1, notices);
    EXPECT_THROW(run_all(none, c.data, 64), OutOfDeviceMemory);
    EXPECT_EQ(run_all(none, c.data, 64, false).logits, expected.logits) << "without records there is room";
}

TEST(CudaRunner, TellsWhatTookHowLong) {
    const NetworkCase c = make_case(kResidual, "defaults: {multiplier: signed}\n", 65);
    CudaRunner runner(one(std::make_unique<HostExecutor>()), *c.network, product_maker(sim::Engine::gather), {});
    const sim::RunTimes times = runner.run({.data = c.data, .batch = 4});
    ASSERT_EQ(times.layer_seconds.size(), 3U);
    for (const double layer : times.layer_seconds) EXPECT_GT(layer, 0);
    EXPECT_GT(times.seconds, 0);

    constexpr std::chrono::milliseconds kPause{20};
    const auto start = std::chrono::steady_clock::now();
    const sim::RunTimes observed = runner.run(
        {.data = c.data, .batch = 65, .observer = [&](const auto&) { std::this_thread::sleep_for(kPause); }});
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    // The first batch of two; the second is computed meanwhile and has only the rest of the pauses to itself.
    EXPECT_LT(observed.seconds, elapsed.count() - 3 * std::chrono::duration<double>(kPause).count());
}

TEST(CudaRunner, AnExceptionEndsTheRun) {
    const NetworkCase c = make_case(kResidual, "defaults: {multiplier: signed}\n", 20);
    CudaRunner runner(one(std::make_unique<HostExecutor>()), *c.network, product_maker(sim::Engine::gather), {});
    const auto stop = [](const auto&...) { throw std::runtime_error("enough"); };
    EXPECT_THROW(runner.run({.data = c.data, .batch = 3, .sink = stop}), std::runtime_error);
    EXPECT_THROW(runner.run({.data = c.data, .batch = 3, .observer = stop}), std::runtime_error);
    sim::CpuRunner cpu(*c.network, 1);
    EXPECT_TRUE(run_all(runner, c.data, 3) == run_all(cpu, c.data, 3)) << "afterwards it runs again";
}

TEST(CudaRunner, RefusesLayersByName) {
    const NetworkCase c = make_case(kResidual, "defaults: {multiplier: signed}\n", 1);
    const ProductMaker refuse = [](const ProductSetup&, size_t) -> std::unique_ptr<DeviceProduct> {
        throw InputError("no table");
    };
    try {
        const CudaRunner runner(one(std::make_unique<HostExecutor>()), *c.network, refuse, {});
        FAIL();
    } catch (const InputError& error) {
        EXPECT_STREQ(error.what(), "layer 'conv1': no table");
    }
}

}  // namespace
}  // namespace concrete::cuda

#include "cuda/cuda_runner.h"

#include <algorithm>
#include <deque>
#include <fmt/format.h>

namespace concrete::cuda {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kSlots = 2;           // of an executor: one computes while the host deals with the other
constexpr size_t kObservedBatch = 64;  // their accumulators take 8 bytes each, on the device and here

double in_seconds(Clock::duration time) {
    return std::chrono::duration<double>(time).count();
}

void show(const sim::MacObserver& observer, const BatchPart& part, const BatchResult& result) {
    for (const LayerRecord& record : result.records) {
        observer({record.layer, part.first, part.count, &record.input_codes, &record.accumulators,
                  record.output_codes ? &*record.output_codes : nullptr});
    }
}

/// How long, since `start`, none of the batches under way was computed.
template <typename Flights>
double idle_seconds(const Flights& flights, Clock::time_point start) {
    Clock::time_point busy_until = start;
    for (const auto& flight : flights) {
        if (flight.result.wait_for(std::chrono::seconds(0)) != std::future_status::ready) return 0;
        busy_until = std::max(busy_until, flight.slot->finished());
    }
    return in_seconds(Clock::now() - busy_until);
}

}  // namespace

CudaRunner::CudaRunner(std::vector<std::unique_ptr<Executor>> executors, const sim::QuantizedNetwork& network,
                       const ProductMaker& make, CudaRunnerOptions options)
    : network_(network), options_(std::move(options)), executors_(std::move(executors)) {
    for (const auto& executor : executors_)
        on_device_.push_back(std::make_unique<DeviceNetwork>(*executor, network, make, options_.usual_batch));
    for (size_t i = 0; i < kSlots; ++i) {
        for (const auto& device : on_device_)
            slots_.push_back(std::make_unique<NetworkSlot>(*device, options_.threads, options_.graphs));
    }
}

bool CudaRunner::try_reserve(size_t batch, size_t observed_images) {
    try {
        for (const auto& slot : slots_) slot->reserve(batch, observed_images);
    } catch (const OutOfDeviceMemory&) {
        for (const auto& slot : slots_) slot->release();
        const bool is_least = batch == 1 && slots_.size() == executors_.size();
        if (is_least) throw;
        return false;
    }
    batch_ = batch, observed_batch_ = observed_images;
    return true;
}

/// As many pictures as fit, half as many each time; in the end one, on one slot of each executor.
void CudaRunner::reserve(size_t batch, size_t observed_images) {
    if (batch == asked_ && observed_images == asked_observed_) return;
    asked_ = 0;  // in case this throws
    size_t fitting = batch;
    while (!try_reserve(fitting, std::min(fitting, observed_images))) {
        if (fitting == 1) slots_.resize(executors_.size());
        fitting = std::max<size_t>(fitting / 2, 1);
    }
    asked_ = batch, asked_observed_ = observed_images;
    if (fitting == batch || noticed_ || !options_.notice) return;
    noticed_ = true;
    options_.notice(fmt::format("no device memory for batches of {} pictures; computing {} at a time", batch, fitting));
}

std::vector<BatchPart> CudaRunner::parts(const sim::RunRequest& request) const {
    std::vector<BatchPart> result;
    for (size_t first = 0; first < request.data.size(); first += result.back().count) {
        const bool observed = request.observer && first < request.observed_images;
        const size_t most = observed ? observed_batch_ : batch_;
        result.push_back({first, std::min(most, request.data.size() - first), observed});
    }
    return result;
}

sim::RunTimes CudaRunner::run(const sim::RunRequest& request) {
    const size_t count = request.data.size();
    const size_t batch = std::min({request.batch, count, on_device_[0]->most_images()});
    const size_t observed_images = request.observer ? std::min(request.observed_images, count) : 0;
    const size_t observed_batch = observed_images > 0 ? std::min(batch, kObservedBatch) : 0;
    reserve(observed_images == count ? observed_batch : batch, observed_batch);
    const std::vector<BatchPart> all = parts(request);

    std::deque<Flight> flights;  // in order; what is left of it waits where an exception ends the run
    size_t launched = 0;
    const auto launch_next = [&] {
        if (launched == all.size()) return;
        NetworkSlot* const slot = slots_[launched % slots_.size()].get();
        const auto compute = [slot, &data = request.data, part = all[launched]] { return slot->run(data, part); };
        flights.push_back({slot, std::async(std::launch::async, compute)});
        ++launched;
    };
    const auto start = Clock::now();
    double observing_s = 0;
    for (size_t i = 0; i < slots_.size(); ++i) launch_next();
    for (const BatchPart& part : all) {
        const BatchResult result = flights.front().result.get();
        flights.pop_front();
        launch_next();  // on the slot that is free now
        const auto observing = Clock::now();
        if (part.observed) {
            show(request.observer, part, result);
            observing_s += idle_seconds(flights, observing);
        }
        if (request.sink) request.sink(part.first, result.logits);
    }
    return {in_seconds(Clock::now() - start) - observing_s, layer_seconds(request.data.size())};
}

std::vector<double> CudaRunner::layer_seconds(size_t images) const {
    std::vector<double> result;
    for (const sim::MacLayer& layer : network_.mac_layers()) {
        double timed_s = 0;
        size_t timed = 0;
        for (const auto& slot : slots_) {
            timed_s += slot->times().seconds[layer.layer_index];
            timed += slot->times().images;
        }
        result.push_back(timed == 0 ? 0 : timed_s / static_cast<double>(timed) * static_cast<double>(images));
    }
    return result;
}

sim::LayerEngine CudaRunner::engine_of(size_t number) const {
    const DeviceProduct& product = on_device_[0]->mac(network_.mac_layers().at(number).layer_index)->product();
    return {to_string(product.engine()), product.passes()};
}

std::string CudaRunner::label() const {
    const std::string first = "cuda, " + executors_[0]->label();
    return executors_.size() == 1 ? first : fmt::format("{} and {} more", first, executors_.size() - 1);
}

}  // namespace concrete::cuda

#include "cuda/logic.h"

#include <algorithm>
#include <utility>

#include "cuda/or_sums.h"
#include "cuda/scratch.h"

namespace concrete::cuda {
namespace {

class Logic : public DeviceProduct {
  public:
    Logic(const ProductSetup& setup, std::unique_ptr<DeviceProduct> sums, std::optional<PermuteCut> cut)
        : outputs_(size_t{setup.shape.pixels()} * setup.shape.out_channels), sums_(std::move(sums)) {
        const sim::LogicAccumulator logic(sim::effective_accumulator(setup.task));
        if (logic.reduction() != sim::LowReduction::none) ors_.emplace(setup, cut);
    }

    sim::Engine engine() const override { return sim::Engine::logic; }
    size_t passes() const override { return sums_->passes(); }

    size_t scratch_bytes(size_t images) const override {
        Scratch scratch;
        take_low_parts(images, scratch);
        // One after the other, in the same memory.
        return scratch.bytes() + std::max(sums_->scratch_bytes(images), ors_ ? ors_->scratch_bytes(images) : 0);
    }

    void run(Stream& stream, const CodeMap& in, const Finish& finish, void* memory) const override {
        Scratch scratch(memory);
        Finish with_low_parts = finish;
        const auto [ors, pairs] = take_low_parts(in.images, scratch);
        if (ors_) ors_->run(stream, in, ors, pairs, scratch.rest());
        with_low_parts.ors = ors;
        with_low_parts.pairs = pairs;
        sums_->run(stream, in, with_low_parts, scratch.rest());
    }

  private:
    std::pair<uint16_t*, uint16_t*> take_low_parts(size_t images, Scratch& scratch) const {
        if (!ors_) return {nullptr, nullptr};
        auto* const ors = scratch.take<uint16_t>(images * outputs_);
        return {ors, ors_->has_pairs() ? scratch.take<uint16_t>(images * outputs_) : nullptr};
    }

    size_t outputs_;
    std::unique_ptr<DeviceProduct> sums_;
    std::optional<OrSums> ors_;
};

}  // namespace

std::unique_ptr<DeviceProduct> make_logic(const ProductSetup& setup, std::unique_ptr<DeviceProduct> sums,
                                          std::optional<PermuteCut> cut) {
    if (const auto problem = sim::table_product_problem(setup.task)) throw InputError("logic: " + *problem);
    return std::make_unique<Logic>(setup, std::move(sums), cut);
}

}  // namespace concrete::cuda

#include "cuda/permute.h"

#include <algorithm>

namespace concrete::cuda {
namespace {

/// Entries that are not negative: above the lowest.
PermuteTable above_lowest(const sim::SumTable& table) {
    const int32_t lowest = *std::ranges::min_element(table.values);
    PermuteTable result{PermuteTable::Reduction::sums, table.lanes, table.others, {}, lowest};
    for (const int32_t value : table.values)
        result.entries.push_back(static_cast<uint32_t>(int64_t{value} - int64_t{lowest}));
    return result;
}

class Permute : public DeviceProduct {
  public:
    Permute(const ProductSetup& setup, std::optional<PermuteCut> cut)
        : rows_(setup, above_lowest(sim::summed_table(setup.task)), cut) {}

    sim::Engine engine() const override { return sim::Engine::permute; }
    size_t scratch_bytes(size_t images) const override { return rows_.scratch_bytes(images); }
    void run(Stream& stream, const CodeMap& in, const Finish& finish, void* scratch) const override {
        rows_.sum(stream, in, finish, scratch);
    }

  private:
    PermuteRows rows_;
};

}  // namespace

std::unique_ptr<DeviceProduct> make_permute(const ProductSetup& setup, std::optional<PermuteCut> cut) {
    return std::make_unique<Permute>(setup, cut);
}

}  // namespace concrete::cuda

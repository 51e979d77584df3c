#include "cuda/permute.h"

#include "cuda/permute_depthwise.h"

namespace concrete::cuda {
namespace {

class Permute : public DeviceProduct {
  public:
    Permute(const ProductSetup& setup, const PermuteTable& table, std::optional<PermuteCut> cut)
        : rows_(setup, table, cut) {}

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
    const PermuteTable table = PermuteTable::of_sums(sim::summed_table(setup.task));
    if (!cut && setup.executor.limits().shared_bytes >= kDepthwiseSharedBytes) {
        if (auto depthwise = make_depthwise(setup, table)) return depthwise;
    }
    return std::make_unique<Permute>(setup, table, cut);
}

}  // namespace concrete::cuda

#include "cuda/or_sums.h"

#include "sim/logic_tables.h"

namespace concrete::cuda {
namespace {

sim::LogicAccumulator logic_of(const sim::ProductTask& task) {
    return sim::LogicAccumulator(sim::effective_accumulator(task));
}

PermuteTable low_parts(const sim::ProductTask& task, bool has_pairs) {
    const sim::LowPartTable low = sim::low_table(logic_of(task), sim::product_table(task));
    using Reduction = PermuteTable::Reduction;
    PermuteTable table{has_pairs ? Reduction::ors_and_pairs : Reduction::ors, low.lanes, low.others, {}, 0};
    table.entries.assign(low.values.begin(), low.values.end());
    return table;
}

}  // namespace

OrSums::OrSums(const ProductSetup& setup, std::optional<PermuteCut> cut)
    : has_pairs_(logic_of(setup.task).reduction() == sim::LowReduction::ors_and_pairs),
      rows_(setup, low_parts(setup.task, has_pairs_), cut) {}

}  // namespace concrete::cuda

#include "sim/product_task.h"

#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>
#include <limits>

#include "sim/error.h"
#include "sim/logic_accumulator.h"
#include "sim/logic_tables.h"

namespace concrete::sim {
namespace {

/// Why there is no table of the task's products by position; nothing if there is.
std::optional<std::string> product_table_problem(const ProductTask& task) {
    const ProductModel& products = *task.products;
    const Operator& op = products.multiplier();
    if (products.is_mac_unit()) return fmt::format("{} is a MAC unit, which has no table", op.name);
    if (!products.has_table() && !products.is_exact()) return fmt::format("{} has no table", op.name);
    constexpr size_t kMost = 256;
    if (task.positions.count() > kMost || products.w_range().count() > kMost) {
        return fmt::format("{} activation codes{} and {} weight codes, at most {} of each can be looked up at once",
                           task.positions.codes.count(), task.positions.skips ? " with `padding: skip`" : "",
                           products.w_range().count(), kMost);
    }
    if (!products.has_table()) {
        const CodeRange &a = task.positions.codes, &w = products.w_range();
        const int64_t largest =
            std::max(std::abs(a.lowest), std::abs(a.highest)) * std::max(std::abs(w.lowest), std::abs(w.highest));
        if (largest > std::numeric_limits<int32_t>::max())
            return fmt::format("{} has products of up to {} here, beyond the 32 bits of a table", op.name, largest);
    }
    return std::nullopt;
}

/// Sums of more than 32 bits are put together from sums of kDepthStep entries or more, which must fit 32 bits.
std::optional<std::string> wide_sum_problem(const ProductTask& task, const LogicAccumulator& logic) {
    if (logic.sum_bits() <= 32) return std::nullopt;
    const int64_t largest = largest_entry(term_table(logic, product_table(task)));
    const auto least_steps = static_cast<int64_t>(std::min(task.k, kDepthStep));
    if (largest <= std::numeric_limits<int32_t>::max() / least_steps) return std::nullopt;
    return fmt::format("the accumulator has more than 32 bits, but {} entries of up to {} do not fit a sum of 32 bits",
                       least_steps, largest);
}

}  // namespace

int64_t largest_entry(const SumTable& table) {
    int64_t largest = 0;
    for (const int32_t value : table.values) largest = std::max(largest, std::abs(int64_t{value}));
    return largest;
}

SumTable product_table(const ProductTask& task) {
    if (const auto problem = product_table_problem(task)) throw InputError(*problem);
    const ProductModel& products = *task.products;
    const CodeRange &a = task.positions.codes, &w = products.w_range();
    SumTable table{task.positions.count(), w.count(), {}};
    table.values.reserve(table.lanes * table.others);
    for (int64_t qa = a.lowest; qa <= a.highest; ++qa)
        for (int64_t qw = w.lowest; qw <= w.highest; ++qw)
            table.values.push_back(static_cast<int32_t>(products.product(qa, qw)));
    table.values.resize(table.lanes * table.others, 0);
    return table;
}

std::optional<std::string> table_product_problem(const ProductTask& task) {
    if (auto problem = product_table_problem(task)) return problem;
    const AccumulatorSpec acc = effective_accumulator(task);
    if (acc.adder) return fmt::format("{} has no closed form", acc.adder->name);
    if (!LogicAccumulator::covers(acc)) return "the accumulator saturates, so that the order of its sums counts";
    constexpr int kMostLowBits = 16;
    const LogicAccumulator logic(acc);
    if (logic.reduction() != LowReduction::none && logic.low_bits() > kMostLowBits) {
        return fmt::format("a lower part of {} bits, at most {} can be reduced", logic.low_bits(), kMostLowBits);
    }
    const bool is_constant = acc.lower_part == LowerPart::zero || acc.lower_part == LowerPart::one;
    if (task.positions.skips && logic.low_bits() > 0 && is_constant) {
        return "with `padding: skip` a window may have no addend, which leaves the lower part as it was";
    }
    return wide_sum_problem(task, logic);
}

AccumulatorSpec effective_accumulator(const ProductTask& task) {
    AccumulatorSpec acc = task.acc;
    if (acc.overflow == Overflow::wrap || acc.adder) return acc;
    // One more, as far as there is one: a negative acc_0 counts as one less than its magnitude.
    const int64_t largest_init = std::min(task.largest_init, std::numeric_limits<int64_t>::max() - 1) + 1;
    if (never_saturates(acc, largest_entry(product_table(task)), task.k, largest_init)) acc.overflow = Overflow::wrap;
    return acc;
}

SumTable summed_table(const ProductTask& task) {
    if (const auto problem = table_product_problem(task)) throw InputError(*problem);
    return term_table(LogicAccumulator(effective_accumulator(task)), product_table(task));
}

}  // namespace concrete::sim

#include "sim/task_decomposition.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "sim/decompose.h"
#include "sim/decomposition_cache.h"

namespace concrete::sim {
namespace {

/// a * w, as one term.
Decomposition product_decomposition(const CodeRange& a, const CodeRange& w) {
    Decomposition d{std::vector<int32_t>(a.count(), 0), std::vector<int32_t>(w.count(), 0), {{}}};
    for (int64_t code = a.lowest; code <= a.highest; ++code) d.terms[0].u.push_back(static_cast<int32_t>(code));
    for (int64_t code = w.lowest; code <= w.highest; ++code) d.terms[0].v.push_back(static_cast<int32_t>(code));
    return d;
}

/// Raw patterns of a range's codes on a port.
std::vector<uint32_t> patterns(const CodeRange& range, const Port& port) {
    std::vector<uint32_t> result;
    for (int64_t code = range.lowest; code <= range.highest; ++code)
        result.push_back(static_cast<uint32_t>(encode(code, port.bits)));
    return result;
}

std::vector<uint32_t> all_up_to(size_t count) {
    std::vector<uint32_t> result(count);
    std::iota(result.begin(), result.end(), 0);
    return result;
}

/// The decomposition with one row more, of zeros: that of another such row of the table; nothing where there is none.
std::optional<Decomposition> with_row_of_zeros(const Decomposition& d, const SumTable& table) {
    for (uint32_t row = 0; row < d.rows(); ++row) {
        const auto begin = table.values.begin() + static_cast<std::ptrdiff_t>(row * table.others);
        if (std::any_of(begin, begin + static_cast<std::ptrdiff_t>(table.others), [](int32_t v) { return v != 0; }))
            continue;
        std::vector<uint32_t> rows = all_up_to(d.rows());
        rows.push_back(row);
        return restricted(d, rows, all_up_to(d.columns()));
    }
    return std::nullopt;
}

/// What is known of the table before any search; nothing where its entries are not those of the operator's own table.
std::optional<Decomposition> known_decomposition(const ProductTask& task, const SumTable& table) {
    const ProductModel& products = *task.products;
    const Operator& op = products.multiplier();
    std::optional<Decomposition> known;
    if (!products.has_table() && products.is_exact()) {
        known = product_decomposition(task.positions.codes, products.w_range());
    } else if (op.decomposition) {
        known = restricted(*op.decomposition, patterns(task.positions.codes, op.a), patterns(products.w_range(), op.b));
    }
    if (known && task.positions.skips) known = with_row_of_zeros(*known, table);
    return known && decomposes(*known, table.values) ? known : std::nullopt;
}

/// Positions of the weights that the task has.
std::vector<uint32_t> used_columns(const ProductTask& task) {
    const CodeRange& range = task.products->w_range();
    std::vector<bool> used(range.count(), false);
    for (size_t i = 0; i < task.groups * task.n * task.k; ++i)
        used[static_cast<size_t>(task.w[i] - range.lowest)] = true;
    std::vector<uint32_t> columns;
    for (size_t i = 0; i < used.size(); ++i)
        if (used[i]) columns.push_back(static_cast<uint32_t>(i));
    return columns;
}

/// The table with only these columns.
SumTable with_columns(const SumTable& table, const std::vector<uint32_t>& columns) {
    SumTable result{table.lanes, columns.size(), {}};
    for (size_t lane = 0; lane < table.lanes; ++lane)
        for (const uint32_t column : columns) result.values.push_back(table.at(lane, column));
    return result;
}

/// Values of these columns put back to their places among `count`; elsewhere the first one, which widens no span.
std::vector<int32_t> spread(const std::vector<int32_t>& values, const std::vector<uint32_t>& columns, size_t count) {
    std::vector<int32_t> result(count, values[0]);
    for (size_t i = 0; i < columns.size(); ++i) result[columns[i]] = values[i];
    return result;
}

}  // namespace

size_t fewest_terms(const ProductTask& task) {
    const std::vector<uint32_t> columns = used_columns(task);
    const SumTable table = summed_table(task);
    return decomposition_bound(with_columns(table, columns).values, table.lanes, columns.size());
}

std::optional<Decomposition> task_decomposition(const ProductTask& task, size_t most_terms) {
    const SumTable table = summed_table(task);
    std::optional<Decomposition> known = known_decomposition(task, table);
    const std::vector<uint32_t> columns = used_columns(task);
    if (known) known = restricted(*known, all_up_to(table.lanes), columns);
    std::optional<Decomposition> found =
        find_decomposition(with_columns(table, columns), most_terms, known ? &*known : nullptr);
    if (!found) return found;
    found->g = spread(found->g, columns, table.others);
    for (Decomposition::Term& term : found->terms) term.v = spread(term.v, columns, table.others);
    return found;
}

}  // namespace concrete::sim

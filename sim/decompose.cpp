#include "sim/decompose.h"

#include <algorithm>
#include <fmt/format.h>
#include <limits>
#include <map>
#include <numeric>
#include <utility>
#include <vector>

#include "sim/error.h"
#include "sim/lattice.h"
#include "sim/modular_rank.h"
#include "sim/term_reduction.h"
#include "sim/term_search.h"

namespace concrete::sim {
namespace {

using Term = Decomposition::Term;
using Vector = std::vector<int64_t>;

constexpr size_t kMostCodes = 256;

/// Of the condition of Lovász: short bases first, then others, from which the search goes other ways.
constexpr double kDeltas[] = {0.99, 0.6};

/// Exchanges in the reduction of a lattice; the worst of known tables needs a fifth of it.
constexpr size_t kMostSteps = 100'000;

/// The table without what f and g can give, and each different row and column once:
///
///     at(row_class[a], column_class[b]) = table[a, b] - table[a, 0] - table[0, b] + table[0, 0]
///
/// Row 0 and column 0 are 0.
struct Core {
    std::vector<uint32_t> row_class, column_class;
    size_t rows = 0, columns = 0;
    Vector values;  ///< [rows][columns]

    int64_t at(size_t i, size_t j) const { return values[i * columns + j]; }
    Vector row(size_t i) const {
        const auto begin = values.begin() + static_cast<std::ptrdiff_t>(i * columns);
        return {begin, begin + static_cast<std::ptrdiff_t>(columns)};
    }
};

/// Numbers vectors by content, as they first occur. Returns: the first of each number.
std::vector<size_t> classify(const std::vector<Vector>& vectors, std::vector<uint32_t>& classes) {
    std::map<Vector, uint32_t> known;
    std::vector<size_t> firsts;
    for (size_t i = 0; i < vectors.size(); ++i) {
        const auto [entry, is_new] = known.emplace(vectors[i], static_cast<uint32_t>(firsts.size()));
        if (is_new) firsts.push_back(i);
        classes.push_back(entry->second);
    }
    return firsts;
}

Core core_of(std::span<const int32_t> table, size_t rows, size_t columns) {
    if (rows < 1 || rows > kMostCodes || columns < 1 || columns > kMostCodes || table.size() != rows * columns)
        throw ShapeError(
            fmt::format("decompose: a table of {} entries for {} rows and {} columns, expected 1 to {} each",
                        table.size(), rows, columns, kMostCodes));
    std::vector<Vector> row_vectors(rows, Vector(columns)), column_vectors(columns, Vector(rows));
    for (size_t a = 0; a < rows; ++a) {
        for (size_t b = 0; b < columns; ++b) {
            row_vectors[a][b] = column_vectors[b][a] =
                int64_t{table[a * columns + b]} - table[a * columns] - table[b] + table[0];
        }
    }
    Core core;
    const std::vector<size_t> row_firsts = classify(row_vectors, core.row_class);
    const std::vector<size_t> column_firsts = classify(column_vectors, core.column_class);
    core.rows = row_firsts.size();
    core.columns = column_firsts.size();
    for (const size_t a : row_firsts)
        for (const size_t b : column_firsts) core.values.push_back(row_vectors[a][b]);
    return core;
}

Core transposed(const Core& core) {
    Core result{core.column_class, core.row_class, core.columns, core.rows, {}};
    for (size_t j = 0; j < core.columns; ++j)
        for (size_t i = 0; i < core.rows; ++i) result.values.push_back(core.at(i, j));
    return result;
}

/// The rows in a short basis of the lattice they generate: v of each term is a basis vector, u its coefficients. As
/// many terms as the rank.
std::optional<std::vector<Term>> lattice_terms(const Core& core, double delta) {
    std::vector<Vector> generators;
    for (size_t i = 0; i < core.rows; ++i) generators.push_back(core.row(i));
    const auto length = [](const Vector& x) {
        return std::accumulate(x.begin(), x.end(), 0.0, [](double sum, int64_t entry) {
            return sum + static_cast<double>(entry) * static_cast<double>(entry);
        });
    };
    std::stable_sort(generators.begin(), generators.end(),
                     [&](const Vector& x, const Vector& y) { return length(x) < length(y); });
    ReducedLattice lattice(core.columns, delta, kMostSteps);
    for (Vector& generator : generators)
        if (!lattice.insert(std::move(generator))) return std::nullopt;
    std::vector<Term> terms;
    for (const Vector& vector : lattice.basis())
        terms.push_back({0, std::vector<int32_t>(core.rows), std::vector<int32_t>(vector.begin(), vector.end())});
    for (size_t i = 0; i < core.rows; ++i) {
        const std::optional<Vector> coordinates = lattice.coordinates(core.row(i));
        if (!coordinates) return std::nullopt;
        for (size_t t = 0; t < terms.size(); ++t) {
            if (std::abs((*coordinates)[t]) > TermReduction::kMostEntry) return std::nullopt;
            terms[t].u[i] = static_cast<int32_t>((*coordinates)[t]);
        }
    }
    return terms;
}

/// A term for each row: u is 1 there and 0 elsewhere, v the row.
std::optional<std::vector<Term>> row_terms(const Core& core) {
    if (std::any_of(core.values.begin(), core.values.end(),
                    [](int64_t value) { return std::abs(value) > TermReduction::kMostEntry; }))
        return std::nullopt;
    std::vector<Term> terms;
    for (size_t i = 1; i < core.rows; ++i) {
        const Vector row = core.row(i);
        terms.push_back({0, std::vector<int32_t>(core.rows), std::vector<int32_t>(row.begin(), row.end())});
        terms.back().u[i] = 1;
    }
    return terms;
}

/// lattice_terms() of the columns.
std::optional<std::vector<Term>> column_lattice_terms(const Core& core, double delta) {
    std::optional<std::vector<Term>> terms = lattice_terms(transposed(core), delta);
    if (terms)
        for (Term& term : *terms) std::swap(term.u, term.v);
    return terms;
}

/// Terms of the core, and f and g of the table; nullopt if these leave 32 bits.
std::optional<Decomposition> assembled(const std::vector<Term>& terms, const Core& core,
                                       std::span<const int32_t> table) {
    Decomposition result;
    const size_t rows = core.row_class.size(), columns = core.column_class.size();
    for (size_t a = 0; a < rows; ++a) result.f.push_back(table[a * columns]);
    for (size_t b = 0; b < columns; ++b) {
        const int64_t difference = int64_t{table[b]} - table[0];
        if (difference != static_cast<int32_t>(difference)) return std::nullopt;
        result.g.push_back(static_cast<int32_t>(difference));
    }
    for (const Term& term : terms) {
        Term whole{term.shift, {}, {}};
        for (const uint32_t i : core.row_class) whole.u.push_back(term.u[i]);
        for (const uint32_t j : core.column_class) whole.v.push_back(term.v[j]);
        result.terms.push_back(std::move(whole));
    }
    return result;
}

}  // namespace

size_t decomposition_bound(std::span<const int32_t> table, size_t rows, size_t columns) {
    const Core core = core_of(table, rows, columns);
    return modular_rank(core.values, core.rows, core.columns);
}

std::optional<Decomposition> decompose(std::span<const int32_t> table, size_t rows, size_t columns,
                                       const DecomposeOptions& options) {
    const Core core = core_of(table, rows, columns);
    if (modular_rank(core.values, core.rows, core.columns) > options.most_terms) return std::nullopt;
    std::vector<TermStart> starts;
    for (const double delta : kDeltas) {
        starts.emplace_back([&core, delta] { return lattice_terms(core, delta); });
        starts.emplace_back([&core, delta] { return column_lattice_terms(core, delta); });
    }
    std::optional<std::vector<Term>> terms = narrow_terms(starts, options.most_terms);
    if (!terms) terms = narrow_terms({[&core] { return row_terms(core); }}, options.most_terms);
    if (!terms || terms->size() > options.most_terms) return std::nullopt;
    std::optional<Decomposition> result = assembled(*terms, core, table);
    if (!result || !decomposes(*result, table)) return std::nullopt;
    return result;
}

}  // namespace concrete::sim

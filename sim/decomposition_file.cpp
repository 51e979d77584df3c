// /decomposition of the operator file (docs/operator-file.md).
#include "sim/decomposition_file.h"

#include <fmt/format.h>
#include <utility>

#include "sim/sources_check.h"

namespace concrete::sim::detail {
namespace {

const std::string kGroup = "/decomposition";

/// Of a file; the bound of a table of 256 rows is below it.
constexpr int64_t kMostTerms = 1024;

std::vector<int32_t> read_values(const Hdf5Reader& file, const std::string& name, const Shape& shape) {
    const std::string item = kGroup + "/" + name;
    Tensor<int32_t> values = file.integers32(item, size_t{kMostTerms} * 256);
    if (values.shape != shape)
        file.fail(item, fmt::format("has the shape {}, expected {}", to_string(values.shape), to_string(shape)));
    return std::move(values.data);
}

int64_t read_count(const Hdf5Reader& file, const char* name) {
    const int64_t count = file.integer_attribute(kGroup, name);
    if (count < 0 || count > kMostTerms)
        file.fail(kGroup, fmt::format("{} is {}, expected 0 to {}", name, count, kMostTerms));
    return count;
}

std::vector<int32_t> part_of(const std::vector<int32_t>& values, size_t i, size_t size) {
    const auto begin = values.begin() + static_cast<std::ptrdiff_t>(i * size);
    return {begin, begin + static_cast<std::ptrdiff_t>(size)};
}

}  // namespace

std::optional<std::string> decomposition_section_problem(const Operator& op) {
    if (!is_printable(op.decomposition_absence)) return "absence is not printable";
    if (!op.decomposition && !op.decomposition_bound) return std::nullopt;
    if (!fits_decomposition(op)) return "is present, but only multipliers of at most 8 x 8 bits have one";
    if (!op.decomposition) return std::nullopt;
    const size_t rows = size_t{1} << op.a.bits, columns = size_t{1} << op.b.bits;
    if (op.decomposition->rows() != rows || op.decomposition->columns() != columns ||
        !decomposes(*op.decomposition, op.lut))
        return "does not give the table";
    return std::nullopt;
}

void write_decomposition(Hdf5Writer& file, const Operator& op) {
    if (!op.decomposition_bound) return;
    file.group(kGroup);
    file.attribute(kGroup, "bound", static_cast<int64_t>(*op.decomposition_bound));
    if (!op.decomposition) {
        file.attribute(kGroup, "absence", op.decomposition_absence);
        return;
    }
    const Decomposition& d = *op.decomposition;
    std::vector<int32_t> shifts, u, v;
    for (const Decomposition::Term& term : d.terms) {
        shifts.push_back(term.shift);
        u.insert(u.end(), term.u.begin(), term.u.end());
        v.insert(v.end(), term.v.begin(), term.v.end());
    }
    file.attribute(kGroup, "terms", static_cast<int64_t>(d.terms.size()));
    file.write(kGroup + "/f", {d.rows()}, d.f.data());
    file.write(kGroup + "/g", {d.columns()}, d.g.data());
    if (d.terms.empty()) return;
    file.write(kGroup + "/shift", {d.terms.size()}, shifts.data());
    file.write(kGroup + "/u", {d.terms.size(), d.rows()}, u.data());
    file.write(kGroup + "/v", {d.terms.size(), d.columns()}, v.data());
}

void read_decomposition(const Hdf5Reader& file, Operator& op) {
    if (!file.has(kGroup)) return;
    op.decomposition_bound = static_cast<size_t>(read_count(file, "bound"));
    if (file.has_attribute(kGroup, "absence")) {
        op.decomposition_absence = file.text_attribute(kGroup, "absence");
        return;
    }
    if (!fits_decomposition(op)) file.fail(kGroup, "is present, but only multipliers of at most 8 x 8 bits have one");
    const auto terms = static_cast<size_t>(read_count(file, "terms"));
    const size_t rows = size_t{1} << op.a.bits, columns = size_t{1} << op.b.bits;
    Decomposition d{read_values(file, "f", {rows}), read_values(file, "g", {columns}), {}};
    if (terms > 0) {
        const std::vector<int32_t> shifts = read_values(file, "shift", {terms});
        const std::vector<int32_t> u = read_values(file, "u", {terms, rows}),
                                   v = read_values(file, "v", {terms, columns});
        for (size_t t = 0; t < terms; ++t) d.terms.push_back({shifts[t], part_of(u, t, rows), part_of(v, t, columns)});
    }
    op.decomposition = std::move(d);
}

}  // namespace concrete::sim::detail

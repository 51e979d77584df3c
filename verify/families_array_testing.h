#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "sim/operator.h"

/// What the array and block families of the catalogue compute, in plain integers, from the definitions in their
/// sources. Slow and obvious: no cell of the Verilog appears here where arithmetic can say the same.
namespace concrete::verify::testing {

/// Product of two codes, as the code of y.
using Formula = std::function<int64_t(int64_t a, int64_t b)>;
using FamilyParameters = std::map<std::string, int64_t>;

/// The largest multiple of 2^bits that is not above `value`.
inline int64_t floor_to(int64_t value, int64_t bits) {
    return (value >> bits) << bits;
}

inline int bit(int64_t value, int64_t index) {
    return static_cast<int>((value >> index) & 1);
}

/// Rows of a * b from row `rows_omitted` on, each without its part below 2^columns_omitted.
inline int64_t broken_array(int width, int64_t rows_omitted, int64_t columns_omitted, int64_t a, int64_t b) {
    int64_t sum = 0;
    for (int64_t i = rows_omitted; i < width; ++i)
        if (bit(b, i)) sum += floor_to(a << i, columns_omitted);
    return sum;
}

/// Schulte and Swartzlander: what is left out on average, the reduction error and the rounding error, is added back.
inline int64_t truncated_with_correction(int width, int64_t kept_columns, int64_t a, int64_t b) {
    const int64_t first = std::max<int64_t>(0, width - kept_columns);
    double lost = 0;
    for (int64_t q = 0; q < first; ++q) lost += 0.25 * static_cast<double>((q + 1) << q);
    for (int64_t q = first; q < width; ++q) lost += 0.5 * static_cast<double>(int64_t{1} << q);
    const auto unit = static_cast<double>(int64_t{1} << first);
    const auto correction = static_cast<int64_t>(std::floor(lost / unit + 0.5)) << first;
    return floor_to(broken_array(width, 0, first, a, b) + correction, width);
}

/// The exact product, less what the cells of the dropped columns of a Baugh-Wooley array would have added.
inline int64_t truncated_signed(int width, int64_t dropped, int64_t a, int64_t b) {
    int64_t y = a * b;
    for (int i = 0; i < width; ++i) {
        for (int j = 0; j < width && i + j < dropped; ++j) {
            const int product = bit(a, j) * bit(b, i);
            const bool one_sign = (i == width - 1) != (j == width - 1);
            y -= static_cast<int64_t>(one_sign ? 1 - product : product) << (i + j);
        }
    }
    return y;
}

/// Booth's digits by rounding: with q_i = b / 4^i rounded half up, d_i = q_i - 4 q_{i+1}.
inline int64_t broken_booth(int width, int64_t type, int64_t dropped, int64_t a, int64_t b) {
    const auto rounded = [&](int i) { return (2 * b + (int64_t{1} << (2 * i))) >> (2 * i + 1); };
    int64_t y = 0;
    for (int i = 0; 2 * i < width; ++i) {
        const int64_t row = (rounded(i) - 4 * rounded(i + 1)) * a;
        const bool negative = rounded(i) - 4 * rounded(i + 1) < 0;
        if (type == 0 || !negative) {
            y += floor_to(row << (2 * i), dropped);
        } else {
            y += floor_to((row - 1) << (2 * i), dropped);
            if (int64_t{2} * i >= dropped) y += int64_t{1} << (2 * i);
        }
    }
    return y;
}

/// Kulkarni's blocks: a product of two base-4 digits 3 and 3 is 7 instead of 9.
inline int64_t underdesigned(int64_t a, int64_t b) {
    int64_t y = a * b;
    for (int i = 0; (a >> (2 * i)) > 0; ++i)
        for (int j = 0; (b >> (2 * j)) > 0; ++j)
            if ((a >> (2 * i)) % 4 == 3 && (b >> (2 * j)) % 4 == 3) y -= int64_t{2} << (2 * (i + j));
    return y;
}

inline int64_t error_tolerant(int64_t split, int64_t a, int64_t b) {
    const int64_t unit = int64_t{1} << split;
    if (a < unit && b < unit) return a * b;
    int64_t low = 0;
    for (int64_t t = 0; t < split; ++t)
        if (bit(a, t) || bit(b, t)) low = (unit << (t + 1)) - 1;
    return (a / unit) * (b / unit) * unit * unit + low;
}

/// Cells (0 or 1) by the column that they count in.
using Columns = std::array<std::vector<int>, 17>;

inline int64_t value_of(const Columns& columns) {
    int64_t sum = 0;
    for (size_t c = 0; c < columns.size(); ++c)
        for (const int cell : columns[c]) sum += int64_t{cell} << c;
    return sum & 0xffff;
}

/// Cells of a column in order i = 0, 1, ... of a_j b_i.
inline std::vector<int> cells_of(int column, int64_t a, int64_t b) {
    std::vector<int> cells;
    for (int i = 0; i < 8; ++i)
        if (column - i >= 0 && column - i < 8) cells.push_back(bit(a, column - i) * bit(b, i));
    return cells;
}

struct Compressed {
    int sum = 0, carry = 0, cout = 0;
    int value() const { return sum + 2 * (carry + cout); }
};

/// Momeni et al.: `low` and `high` ones among x1, x2 and among x3, x4. Design 0 is exact and has three of the ones in
/// `first_three`.
inline Compressed momeni_compressor(int64_t design, int low, int high, int first_three, int cin) {
    if (design == 0) {
        const int cout = first_three >= 2 ? 1 : 0, rest = low + high + cin - 2 * cout;
        return {rest % 2, rest / 2, cout};
    }
    const int both = low > 0 && high > 0 ? 1 : 0, sum = low == 1 && high == 1 ? 0 : 1;
    if (design == 2) return {sum, both, 0};
    return {cin == 1 ? 0 : sum, cin, both};
}

/// One stage: by column, the units that take its cells in order (C compressor, F full adder, H half adder). A
/// compressor's cin and a full adder's third input are the couts of the column before, in order.
inline Columns momeni_stage(const Columns& cells, const std::map<size_t, std::string>& units, int64_t design,
                            size_t approximate_columns) {
    Columns result;
    std::vector<int> carries, couts;
    for (size_t c = 0; c + 1 < cells.size(); ++c) {
        std::vector<int> next_carries, next_couts;
        size_t at = 0, used_couts = 0;
        const auto take = [&] { return at < cells[c].size() ? cells[c][at++] : 0; };
        const auto take_cout = [&] { return used_couts < couts.size() ? couts[used_couts++] : 0; };
        const auto found = units.find(c);
        for (const char unit : found == units.end() ? std::string() : found->second) {
            Compressed out;
            if (unit == 'C') {
                const int x1 = take(), x2 = take(), x3 = take(), x4 = take();
                out = momeni_compressor(c < approximate_columns ? design : 0, x1 + x2, x3 + x4, x1 + x2 + x3,
                                        take_cout());
                next_couts.push_back(out.cout);
            } else {
                const int x1 = take(), x2 = take(), ones = x1 + x2 + (unit == 'F' ? take_cout() : 0);
                out = {ones % 2, ones / 2, 0};
            }
            result[c].push_back(out.sum);
            next_carries.push_back(out.carry);
        }
        if (used_couts != couts.size()) throw std::logic_error("a cout was lost");
        result[c].insert(result[c].end(), cells[c].begin() + static_cast<std::ptrdiff_t>(at), cells[c].end());
        result[c].insert(result[c].end(), carries.begin(), carries.end());
        carries = next_carries;
        couts = next_couts;
    }
    return result;
}

inline int64_t momeni(int64_t design, int64_t approximate_columns, int64_t a, int64_t b) {
    static const std::map<size_t, std::string> first{{4, "H"},  {5, "C"},  {6, "CH"}, {7, "CC"},
                                                     {8, "CC"}, {9, "CF"}, {10, "C"}, {11, "F"}};
    static const std::map<size_t, std::string> second{{2, "H"}, {3, "C"}, {4, "C"},  {5, "C"},  {6, "C"},  {7, "C"},
                                                      {8, "C"}, {9, "C"}, {10, "C"}, {11, "C"}, {12, "C"}, {13, "F"}};
    const auto columns = static_cast<size_t>(approximate_columns);
    Columns cells;
    for (int c = 0; c < 15; ++c) cells[static_cast<size_t>(c)] = cells_of(c, a, b);
    return value_of(momeni_stage(momeni_stage(cells, first, design, columns), second, design, columns));
}

/// Altered partial products of a column: either of each symmetric pair, the diagonal, whether any pair has both.
inline std::vector<int> altered_cells(int column, int64_t a, int64_t b) {
    std::vector<int> cells;
    int any_both = 0;
    for (int m = std::max(0, column - 7); 2 * m < column; ++m) {
        const int ones = bit(a, m) * bit(b, column - m) + bit(a, column - m) * bit(b, m);
        cells.push_back(ones > 0 ? 1 : 0);
        if (ones == 2) any_both = 1;
    }
    if (column % 2 == 0) cells.push_back(bit(a, column / 2) * bit(b, column / 2));
    cells.push_back(any_both);
    return cells;
}

/// Venkatachalam and Ko's units on the first `count` cells, by the value that they give; the cells are taken away.
inline int approximate_value(std::vector<int>& cells, size_t count) {
    const std::vector<int> x(cells.begin(), cells.begin() + static_cast<std::ptrdiff_t>(count));
    cells.erase(cells.begin(), cells.begin() + static_cast<std::ptrdiff_t>(count));
    int ones = 0;
    for (const int cell : x) ones += cell;
    if (count == 2) return ones == 2 ? 3 : ones;
    if (count == 3) return ones - x[0] * x[1];
    const bool one_each = x[0] + x[1] == 1 && x[2] + x[3] == 1;
    return ones - (one_each || ones == 4 ? 1 : 0);
}

inline int64_t venkatachalam_ko(int64_t approximate_columns, int64_t a, int64_t b) {
    Columns left;
    std::array<int, 18> carry{};  // of stage 2, by the column it counts in
    std::array<int, 18> first_carry{};
    std::array<bool, 18> has_carry{}, has_first_carry{};
    for (size_t c = 0; c < 15; ++c) {
        const int column = static_cast<int>(c);
        std::vector<int>& cells = left[c];
        const bool approximate = column < approximate_columns;
        cells = approximate && c >= 3 && c <= 11 ? altered_cells(column, a, b) : cells_of(column, a, b);
        if (approximate && cells.size() >= 3) {
            const int value = approximate_value(cells, std::min<size_t>(cells.size(), 4));
            cells.insert(cells.begin(), value % 2);
            first_carry[c + 1] = value / 2;
            has_first_carry[c + 1] = true;
        }
        if (has_first_carry[c]) cells.push_back(first_carry[c]);
        if (has_carry[c]) cells.push_back(carry[c]);
        if (approximate && cells.size() >= 3) {
            const int value = approximate_value(cells, cells.size() - 1);
            cells.insert(cells.begin(), value % 2);
            carry[c + 1] = value / 2;
            has_carry[c + 1] = true;
        }
    }
    if (has_first_carry[15]) left[15].push_back(first_carry[15]);
    if (has_carry[15]) left[15].push_back(carry[15]);
    return value_of(left);
}

/// The formula of a family at its parameters (those of the catalogue, fixed ones included); y before it is cut to its
/// width. Throws: std::logic_error for a family that is not here.
inline Formula array_formula(const std::string& family, const FamilyParameters& parameters) {
    const auto p = [&](const char* name) { return parameters.at(name); };
    const int width = parameters.contains("WIDTH") ? static_cast<int>(p("WIDTH")) : 8;
    using std::placeholders::_1, std::placeholders::_2;
    if (family == "mul_u_array" || family == "mul_s_baugh_wooley") return [](int64_t a, int64_t b) { return a * b; };
    if (family == "mul_u_truncated") return std::bind(broken_array, width, 0, p("K"), _1, _2);
    if (family == "mul_u_truncated_cc") return std::bind(truncated_with_correction, width, p("K"), _1, _2);
    if (family == "mul_s_truncated") return std::bind(truncated_signed, width, p("K"), _1, _2);
    if (family == "mul_u_lsb_truncate" || family == "mul_s_lsb_truncate")  // for their published figures only
        return [i = p("A_DROP"), j = p("B_DROP")](int64_t a, int64_t b) { return floor_to(a, i) * floor_to(b, j); };
    if (family == "mul_u_bam") return std::bind(broken_array, width, p("HBL"), p("VBL"), _1, _2);
    if (family == "mul_s_bbm_0") return std::bind(broken_booth, width, 0, p("VBL"), _1, _2);
    if (family == "mul_s_bbm_1") return std::bind(broken_booth, width, 1, p("VBL"), _1, _2);
    if (family == "mul_u_perforated")
        return [j = p("J"), k = p("K")](int64_t a, int64_t b) {
            const int64_t below = int64_t{1} << j, above = int64_t{1} << (j + k);
            return a * (b - b % above + b % below);
        };
    if (family == "mul_u_udm") return underdesigned;
    if (family == "mul_u_etm") return std::bind(error_tolerant, p("L"), _1, _2);
    if (family == "mul8u_momeni_d1") return std::bind(momeni, 1, p("P"), _1, _2);
    if (family == "mul8u_momeni_d2") return std::bind(momeni, 2, p("P"), _1, _2);
    if (family == "mul8u_venkatachalam_ko") return std::bind(venkatachalam_ko, p("P"), _1, _2);
    throw std::logic_error("no formula for " + family);
}

/// Names of the array and block families.
inline const std::vector<std::string>& array_families() {
    static const std::vector<std::string> names{
        "mul_u_array", "mul_s_baugh_wooley", "mul_u_truncated", "mul_u_truncated_cc",    "mul_s_truncated",
        "mul_u_bam",   "mul_s_bbm_0",        "mul_s_bbm_1",     "mul_u_perforated",      "mul_u_udm",
        "mul_u_etm",   "mul8u_momeni_d1",    "mul8u_momeni_d2", "mul8u_venkatachalam_ko"};
    return names;
}

}  // namespace concrete::verify::testing

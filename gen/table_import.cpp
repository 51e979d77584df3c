#include "gen/table_import.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>
#include <fmt/format.h>
#include <iterator>
#include <regex>

#include "gen/verilog_text.h"
#include "sim/error.h"
#include "sim/file.h"
#include "sim/hash.h"

namespace concrete::gen {
namespace {

namespace fs = std::filesystem;

/// Names of the modules made here begin so.
constexpr std::string_view kModulePrefix = "imported_table_";

constexpr uint64_t kMaxTableBytes = uint64_t{128} << 20;

/// Bits of the index that are looked up within one constant of the Verilog: tools read wide constants faster than many
/// lines.
constexpr int kConstantBits = 8;

/// A value and the line it stood on, 0 where there are no lines.
struct Value {
    int64_t value = 0;
    size_t line = 0;
};

class TableReader {
  public:
    TableReader(const fs::path& file, const TableFormat& format) : file_(file), format_(format) {}

    Table read() {
        const std::string ending = file_.extension().string(), data = read_file(file_, kMaxTableBytes);
        if (ending == ".npy") {
            read_npy(data);
        } else {
            check_widths();
            if (ending == ".bin") {
                read_bin(data);
            } else if (ending == ".h" || ending == ".c") {
                read_c(data);
            } else if (ending == ".txt" || ending == ".csv" || ending == ".tsv" || ending == ".dat") {
                read_text(data);
            } else {
                fail(0, "is no table by its name; expected .bin, .npy, .h, .c, .txt, .csv, .tsv or .dat");
            }
        }
        return {format_.a_bits, format_.b_bits, format_.y_bits, patterns()};
    }

  private:
    [[noreturn]] void fail(size_t line, const std::string& what) const {
        throw InputError(line == 0 ? fmt::format("{}: {}", file_.string(), what)
                                   : fmt::format("{}:{}: {}", file_.string(), line, what));
    }

    uint64_t columns() const { return uint64_t{1} << format_.b_bits; }
    uint64_t pairs() const { return uint64_t{1} << (format_.a_bits + format_.b_bits); }
    std::string pairs_text() const { return fmt::format("2^{} * 2^{} = {}", format_.a_bits, format_.b_bits, pairs()); }

    void check_widths() {
        if (format_.a_bits < 1 || format_.b_bits < 1 || format_.a_bits + format_.b_bits > kMaxImportBits)
            throw RangeError(
                fmt::format("{}: a table of {} and {} input bits, expected --a-bits and --b-bits of 1 or "
                            "more, {} together at most",
                            file_.string(), format_.a_bits, format_.b_bits, kMaxImportBits));
        if (format_.y_bits == 0)
            format_.y_bits =
                format_.kind == sim::OperatorKind::adder ? format_.a_bits + 1 : format_.a_bits + format_.b_bits;
        if (format_.y_bits < 1 || format_.y_bits > 32)
            throw RangeError(
                fmt::format("{}: y has {} bits, expected --y-bits of 1 to 32", file_.string(), format_.y_bits));
    }

    /// All values as patterns of y: either all read as signed or all as unsigned.
    std::vector<uint32_t> patterns() const {
        if (values_.size() != pairs())
            fail(0, fmt::format("holds {} values, expected {}", values_.size(), pairs_text()));
        const auto negative =
            std::find_if(values_.begin(), values_.end(), [](const Value& one) { return one.value < 0; });
        const bool is_signed = negative != values_.end();  // else raw patterns of a signed y may stand there
        if (is_signed && format_.is_signed == false)
            fail(negative->line, fmt::format("holds {} {}, expected no negative value with --unsigned", negative->value,
                                             place(*negative)));
        const int64_t half = int64_t{1} << (format_.y_bits - 1);
        const int64_t low = is_signed ? -half : 0, high = is_signed ? half - 1 : 2 * half - 1;
        std::vector<uint32_t> result;
        result.reserve(values_.size());
        for (const Value& one : values_) {
            if (one.value < low || one.value > high)
                fail(one.line, fmt::format("holds {} {}, expected {} to {} (y of {} bits, {}); --y-bits sets another "
                                           "width",
                                           one.value, place(one), low, high, format_.y_bits,
                                           is_signed ? "signed, as there are negative values" : "unsigned"));
            result.push_back(static_cast<uint32_t>(one.value) & (~uint32_t{0} >> (32 - format_.y_bits)));
        }
        return result;
    }

    std::string place(const Value& one) const {
        const auto index = static_cast<uint64_t>(&one - values_.data());
        return fmt::format("at a={} b={}", index >> format_.b_bits, index & (columns() - 1));
    }

    void read_integers(std::string_view data, size_t bytes, bool is_signed) {
        values_.resize(data.size() / bytes);
        for (size_t i = 0; i < values_.size(); ++i) {
            uint64_t pattern = 0;  // little-endian hosts only, as everywhere in this project
            std::memcpy(&pattern, data.data() + i * bytes, bytes);
            values_[i].value = sim::decode(pattern, static_cast<int>(8 * bytes), is_signed);
        }
    }

    void read_bin(const std::string& data) {
        const size_t bytes = data.size() / pairs();
        if (data.size() % pairs() != 0 || bytes > 8 || !std::has_single_bit(bytes))
            fail(0, fmt::format("has {} bytes, expected 1, 2, 4 or 8 for each of {} pairs", data.size(), pairs_text()));
        const int bits = static_cast<int>(8 * bytes);
        read_integers(data, bytes, true);
        const bool any_negative =
            std::any_of(values_.begin(), values_.end(), [](const Value& one) { return one.value < 0; });
        if (!any_negative) return;
        if (bits < format_.y_bits && !format_.is_signed)
            fail(0, fmt::format("holds values of {} bits whose highest bit is set, which y of {} bits extends: say how "
                                "with --signed or --unsigned",
                                bits, format_.y_bits));
        // Wider than y: the bits above y say it. As wide: the pattern is the same.
        const bool fit_signed = std::all_of(values_.begin(), values_.end(), [&](const Value& one) {
            return sim::decode(static_cast<uint64_t>(one.value), format_.y_bits, true) == one.value;
        });
        if (!format_.is_signed.value_or(bits > format_.y_bits && fit_signed)) read_integers(data, bytes, false);
    }

    /// The value of an entry of NumPy's header; parentheses keep commas.
    static std::string npy_entry(const std::string& header, const std::string& name) {
        const size_t at = header.find("'" + name + "':");
        if (at == std::string::npos) return {};
        const size_t begin = std::min(header.find_first_not_of(' ', at + name.size() + 3), header.size());
        size_t end = begin;
        for (int depth = 0; end < header.size(); ++end) {
            if (header[end] == '(') ++depth;
            if (header[end] == ')') --depth;
            if (depth == 0 && (header[end] == ',' || header[end] == '}')) break;
        }
        return header.substr(begin, end - begin);
    }

    void read_npy(const std::string& data) {
        constexpr size_t magic_length = 6, preamble = 10, most_header = 10000;
        if (data.size() < preamble + 2 || data.compare(0, magic_length, "\x93NUMPY") != 0)
            fail(0, "is no NumPy file: it does not begin with \\x93NUMPY");
        const size_t start = data[magic_length] == 1 ? preamble : preamble + 2;  // formats 2 and 3: longer lengths
        size_t length = 0;
        std::memcpy(&length, data.data() + 8, start - 8);
        if (length > most_header || start + length > data.size()) fail(0, "is cut short within its header");
        const std::string header = data.substr(start, length);
        const std::string type = npy_entry(header, "descr"), shape = npy_entry(header, "shape");
        static const std::regex known_type(R"('[<|=]([iu])([1248])')");
        static const std::regex known_shape(R"(\((\d{1,9}),? ?(\d{1,9})?,?\))");
        std::smatch kind, sizes;
        if (type.size() > 40 || !std::regex_match(type, kind, known_type))
            fail(0, fmt::format("holds values of type {}, expected little-endian integers such as '<i4' or '|u1'",
                                type.substr(0, 40)));
        if (npy_entry(header, "fortran_order") != "False") fail(0, "is in Fortran order, expected C order");
        if (shape.size() > 40 || !std::regex_match(shape, sizes, known_shape))
            fail(0, fmt::format("has the shape {}, expected one or two dimensions", shape.substr(0, 40)));
        const uint64_t first = std::stoull(sizes[1]);
        if (sizes[2].matched) {
            const uint64_t second = std::stoull(sizes[2]);
            if (format_.a_bits == 0 && format_.b_bits == 0 && std::has_single_bit(first) && std::has_single_bit(second))
                format_.a_bits = std::countr_zero(first), format_.b_bits = std::countr_zero(second);
            check_widths();
            if (first * columns() != pairs() || second != columns())
                fail(0, fmt::format("has the shape {}, expected ({}, {})", shape, pairs() / columns(), columns()));
        } else {
            check_widths();
        }
        const size_t bytes = static_cast<size_t>(kind[2].str()[0] - '0');
        const std::string_view body = std::string_view(data).substr(start + length);
        if (body.size() != pairs() * bytes)
            fail(0, fmt::format("holds {} bytes of values, expected {} for {} pairs of {} bytes", body.size(),
                                pairs() * bytes, pairs_text(), bytes));
        read_integers(body, bytes, kind[1] == "i");
    }

    /// A decimal or 0x integer at the start of `text`, which moves behind it.
    static std::optional<int64_t> take_integer(std::string_view& text) {
        const bool is_negative = text.starts_with('-');
        std::string_view digits = text.substr(is_negative || text.starts_with('+') ? 1 : 0);
        const bool is_hexadecimal = digits.starts_with("0x") || digits.starts_with("0X");
        if (is_hexadecimal) digits.remove_prefix(2);
        int64_t value = 0;
        const auto [end, error] =
            std::from_chars(digits.data(), digits.data() + digits.size(), value, is_hexadecimal ? 16 : 10);
        if (error != std::errc() || digits.starts_with('-')) return {};
        text = digits.substr(static_cast<size_t>(end - digits.data()));
        return is_negative ? -value : value;
    }

    static bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.'; }

    /// The letters at the start of `text` that a message should show.
    static std::string excerpt(std::string_view text) {
        std::string shown(text.substr(0, std::min(text.find_first_of(" \t\r\n,;{}"), size_t{20})));
        if (shown.empty()) shown = text.substr(0, 1);
        for (char& c : shown)
            if (c < ' ' || c > '~') c = '?';
        return shown;
    }

    /// Braces of one row hold 2^b_bits values: a row of another length would shift all that follow.
    void read_c(const std::string& data) {
        const std::string code = detail::without_comments(data);
        const size_t equals = code.find('=');
        const size_t open = equals == std::string::npos ? equals : code.find('{', equals);
        if (open == std::string::npos) fail(0, "holds no C array: expected = { ... }");
        std::string_view rest = std::string_view(code).substr(open);
        size_t line = detail::line_at(code, open), row_start = 0;
        int depth = 0;
        bool had_rows = false;
        do {
            if (rest.empty()) fail(line, "ends within the braces of the array");
            const char c = rest.front();
            if (c == '\n') ++line;
            if (c == '{' && ++depth > 2)
                fail(line, "has braces within those of a row, expected [a][b] or a flat array");
            if (c == '{' && depth == 2) had_rows = true, row_start = values_.size();
            if (c == '}' && depth-- == 2 && values_.size() - row_start != columns())
                fail(line, fmt::format("ends a row of {} values, expected 2^{} = {}", values_.size() - row_start,
                                       format_.b_bits, columns()));
            if (std::isspace(static_cast<unsigned char>(c)) != 0 || c == ',' || c == '{' || c == '}') {
                rest.remove_prefix(1);
                continue;
            }
            if (had_rows && depth == 1) fail(line, fmt::format("has '{}' between rows", excerpt(rest)));
            add_c_value(rest, line);
        } while (depth > 0);
    }

    void add_c_value(std::string_view& rest, size_t line) {
        constexpr std::string_view lowest = "INT32_MIN";
        const std::string found = excerpt(rest);
        std::optional<int64_t> value;
        if (rest.starts_with(lowest)) {
            value = INT32_MIN;
            rest.remove_prefix(lowest.size());
        } else {
            value = take_integer(rest);
            while (value && !rest.empty() && std::string_view("uUlL").find(rest.front()) != std::string_view::npos)
                rest.remove_prefix(1);
        }
        if (!value || (!rest.empty() && is_word(rest.front())))
            fail(line, fmt::format("found '{}', expected an integer", found));
        if (values_.size() == pairs())
            fail(line, fmt::format("holds value number {}, expected {} in all", pairs() + 1, pairs_text()));
        values_.push_back({*value, line});
    }

    void read_text(const std::string& data) {
        std::vector<Value> seen(pairs());  // lines of triples; 0: not yet
        size_t count = 0, line = 0;
        for (size_t at = 0; at < data.size();) {
            const size_t end = std::min(data.find('\n', at), data.size());
            std::string_view text = std::string_view(data).substr(at, end - at);
            at = end + 1;
            ++line;
            text = text.substr(0, std::min(text.find('#'), text.find("//")));
            const std::vector<int64_t> numbers = numbers_of(text, line, count == 0);
            if (numbers.empty()) continue;
            if (count == 0) count = numbers.size();
            if (numbers.size() != count || (count != 1 && count != 3 && count != columns()))
                fail(line,
                     fmt::format("has {} values, expected {}", numbers.size(),
                                 count != numbers.size() ? std::to_string(count) + " as in the lines before"
                                                         : fmt::format("1 (y), 3 (a, b, y) or {} (a row)", columns())));
            if (count == 3 && columns() != 3) {
                add_triple(numbers, line, seen);
            } else {
                for (const int64_t value : numbers) values_.push_back({value, line});
            }
            if (values_.size() > pairs())
                fail(line, fmt::format("holds value number {}, expected {} in all", values_.size(), pairs_text()));
        }
        if (count == 3) take_triples(seen);
    }

    std::vector<int64_t> numbers_of(std::string_view text, size_t line, bool may_be_header) const {
        constexpr std::string_view between = " \t\r,;";
        std::vector<int64_t> numbers;
        while (true) {
            text.remove_prefix(std::min(text.find_first_not_of(between), text.size()));
            if (text.empty()) return numbers;
            const std::string found = excerpt(text);
            const auto value = take_integer(text);
            if (value && (text.empty() || between.find(text.front()) != std::string_view::npos)) {
                numbers.push_back(*value);
                continue;
            }
            const bool is_header = may_be_header && !header_seen_ && numbers.empty() && !value;
            if (!is_header) fail(line, fmt::format("found '{}', expected an integer (decimal or 0x...)", found));
            header_seen_ = true;
            return {};
        }
    }

    uint64_t code(int64_t value, int bits, const char* name, size_t line) const {
        const int64_t range = int64_t{1} << bits;
        if (value < -range / 2 || value >= range)
            fail(line, fmt::format("{} is {}, expected a code of {} bits: {} to {}, or 0 to {}", name, value, bits,
                                   -range / 2, range / 2 - 1, range - 1));
        return sim::encode(value, bits);
    }

    void add_triple(const std::vector<int64_t>& numbers, size_t line, std::vector<Value>& seen) const {
        const uint64_t a = code(numbers[0], format_.a_bits, "a", line), b = code(numbers[1], format_.b_bits, "b", line);
        Value& one = seen[(a << format_.b_bits) | b];
        if (one.line != 0) fail(line, fmt::format("gives y for the codes a={} b={}, as line {} does", a, b, one.line));
        one = {numbers[2], line};
    }

    void take_triples(std::vector<Value>& seen) {
        const auto missing = [](const Value& one) { return one.line == 0; };
        const auto first = std::find_if(seen.begin(), seen.end(), missing);
        if (first != seen.end()) {
            const auto index = static_cast<uint64_t>(first - seen.begin());
            fail(0, fmt::format("has no line for the codes a={} b={} (first of {} missing), expected {}",
                                index >> format_.b_bits, index & (columns() - 1),
                                std::count_if(seen.begin(), seen.end(), missing), pairs_text()));
        }
        values_ = std::move(seen);
    }

    const fs::path& file_;
    TableFormat format_;
    std::vector<Value> values_;
    mutable bool header_seen_ = false;
};

/// `count` patterns from the highest index down, as digits.
std::string digits_of(const Table& table, size_t first, size_t count, size_t digits) {
    std::string text;
    text.reserve(count * digits);
    for (size_t i = count; i-- > 0;) fmt::format_to(std::back_inserter(text), "{:0{}x}", table.y[first + i], digits);
    return text;
}

/// Text that cannot end its comment line.
std::string in_comment(std::string text) {
    for (char& c : text)
        if (c < ' ' || c > '~' || c == '`' || c == '\\') c = '?';
    return text;
}

}  // namespace

bool is_imported_table(const sim::Sources& sources) {
    // The text begins as table_sources() begins it: a user's module may have such a name.
    return sources.top.starts_with(kModulePrefix) && sources.files.size() == 1 &&
           sources.files[0].text.starts_with(fmt::format("// {}: a table of ", sources.top));
}

Table read_table(const fs::path& file, const TableFormat& format) {
    return TableReader(file, format).read();
}

sim::Sources table_sources(const Table& table, const std::string& origin) {
    const int index_bits = table.a_bits + table.b_bits, low_bits = std::min(index_bits - 1, kConstantBits);
    const size_t entries = size_t{1} << low_bits, lines = table.y.size() / entries;
    const size_t digits = (static_cast<size_t>(table.y_bits) + 3) / 4, slot = 4 * digits;
    const std::string hash =
        Sha256()
            .add(static_cast<uint64_t>(table.a_bits))
            .add(static_cast<uint64_t>(table.y_bits))
            .add(std::string_view(reinterpret_cast<const char*>(table.y.data()), table.y.size() * sizeof(uint32_t)))
            .hex();
    const std::string name = std::string(kModulePrefix) + hash.substr(0, 16);
    std::string text = fmt::format(
        "// {0}: a table of {1} values, imported from {2} by `concrete gen --table`.\n"
        "// Each constant holds the results of {3} pairs, the first one in its lowest {4} bits.\n"
        "module {0} (\n    input wire [{5}:0] a,\n    input wire [{6}:0] b,\n    output wire [{7}:0] y\n);\n"
        "  wire [{8}:0] index = {{a, b}};\n  wire [{11}:0] line = index[{8}:{10}];\n  reg [{9}:0] row;\n  always @* "
        "begin\n    case (line)\n",
        name, table.y.size(), in_comment(origin), entries, slot, table.a_bits - 1, table.b_bits - 1, table.y_bits - 1,
        index_bits - 1, entries * slot - 1, low_bits, index_bits - low_bits - 1);
    for (size_t line = 0; line < lines; ++line)
        fmt::format_to(std::back_inserter(text), "      {}'d{}: row = {}'h{};\n", index_bits - low_bits, line,
                       entries * slot, digits_of(table, line * entries, entries, digits));
    fmt::format_to(std::back_inserter(text),
                   "      default: row = {}'d0;\n    endcase\n  end\n  assign y = row[{} * index[{}:0] +: "
                   "{}];\nendmodule\n",
                   entries * slot, slot, low_bits - 1, table.y_bits);
    return {{{name + ".v", std::move(text), false}}, name, {}, {}};
}

}  // namespace concrete::gen

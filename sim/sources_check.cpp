#include "sim/sources_check.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fmt/format.h>
#include <set>

namespace concrete::sim {
namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool all_of(std::string_view text, std::string_view more, bool (*also)(char)) {
    return std::all_of(text.begin(), text.end(),
                       [&](char c) { return also(c) || more.find(c) != std::string_view::npos; });
}

bool is_letter_or_digit(char c) {
    return is_letter(c) || is_digit(c);
}

/// Digits without leading zeros.
bool is_decimal(std::string_view text) {
    return !text.empty() && all_of(text, "", is_digit) && (text.size() == 1 || text[0] != '0');
}

/// "8'shff"
bool is_sized_literal(std::string_view text) {
    constexpr size_t most_width_digits = 4;
    const size_t quote = text.find('\'');
    if (quote == std::string_view::npos || quote > most_width_digits) return false;
    const std::string_view width = text.substr(0, quote);
    std::string_view rest = text.substr(quote + 1);
    if (!is_decimal(width) || width == "0") return false;
    if (rest.starts_with('s') || rest.starts_with('S')) rest.remove_prefix(1);
    if (rest.size() < 2 || rest[1] == '_') return false;
    const std::string_view digits = rest.substr(1);
    switch (rest[0]) {
        case 'b':
        case 'B':
            return digits.find_first_not_of("01_") == std::string_view::npos;
        case 'o':
        case 'O':
            return digits.find_first_not_of("01234567_") == std::string_view::npos;
        case 'd':
        case 'D':
            return digits.find_first_not_of("0123456789_") == std::string_view::npos;
        case 'h':
        case 'H':
            return digits.find_first_not_of("0123456789abcdefABCDEF_") == std::string_view::npos;
        default:
            return false;
    }
}

bool is_number(std::string_view text) {
    const bool is_negative = text.starts_with('-');
    if (is_negative) text.remove_prefix(1);
    const size_t point = text.find('.');
    if (!is_decimal(text.substr(0, point))) return false;
    if (point != std::string_view::npos) {
        const std::string_view fraction = text.substr(point + 1);
        return !fraction.empty() && all_of(fraction, "", is_digit);
    }
    constexpr size_t most_digits = 10;
    constexpr long long largest = 2147483647;
    if (is_negative && text == "0") return false;
    return text.size() <= most_digits && std::atoll(std::string(text).c_str()) <= largest;
}

bool is_define(const std::string& define) {
    const size_t equals = std::min(define.find('='), define.size());
    return define.size() <= kMaxNameLength && is_identifier(std::string_view(define).substr(0, equals)) &&
           all_of(std::string_view(define).substr(std::min(equals + 1, define.size())), "_'.+ -", is_letter_or_digit);
}

/// For messages: no more of a hostile text than a reader can take, and nothing that a terminal would act on.
std::string shown(std::string_view text) {
    std::string result(text.substr(0, kMaxNameLength));
    for (char& c : result)
        if (c < ' ' || c > '~') c = '?';
    return result + (text.size() > kMaxNameLength ? "..." : "");
}

std::optional<std::string> file_problem(const Sources::File& file) {
    if (!is_plain_path(file.path))
        return fmt::format(
            "the path '{}' is not relative or contains '..' or odd letters; expected at most {} letters, digits and "
            "_.+,=@- below a folder",
            shown(file.path), kMaxNameLength);
    if (!file.is_include && !is_verilog_name(file.path))
        return fmt::format("the file '{}' is no Verilog by its name; expected .v, .sv, .vh or .svh", file.path);
    if (!is_include_name(file.path))
        return fmt::format(
            "the included file '{}' is no Verilog by its name; expected .v, .sv, .vh, .svh, .inc, .vinc, .svinc or "
            ".def",
            file.path);
    if (file.text.find('\0') != std::string::npos)
        return fmt::format("the file '{}' holds a zero byte, expected text", file.path);
    return {};
}

}  // namespace

bool is_identifier(std::string_view text) {
    if (text.empty() || text.size() > kMaxNameLength || is_digit(text[0]) || text[0] == '$') return false;
    return all_of(text, "_$", is_letter_or_digit);
}

bool is_printable(std::string_view text) {
    return text.size() <= kMaxNameLength &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

bool is_verilog_name(const std::filesystem::path& path) {
    static constexpr std::array<const char*, 4> endings{".v", ".sv", ".vh", ".svh"};
    return std::find(endings.begin(), endings.end(), path.extension().string()) != endings.end();
}

bool is_include_name(const std::filesystem::path& path) {
    static constexpr std::array<const char*, 4> endings{".inc", ".vinc", ".svinc", ".def"};
    return is_verilog_name(path) ||
           std::find(endings.begin(), endings.end(), path.extension().string()) != endings.end();
}

bool is_plain_path(std::string_view path) {
    if (path.empty() || path.size() > kMaxNameLength || path.front() == '/' || path.back() == '/' ||
        path.front() == ' ' || !all_of(path, "_.+,=@ /-", is_letter_or_digit))
        return false;
    const std::filesystem::path parts(path);
    return std::none_of(parts.begin(), parts.end(),
                        [](const std::filesystem::path& part) { return part == ".." || part == "." || part.empty(); });
}

bool is_parameter_value(std::string_view value) {
    if (value.size() > kMaxNameLength) return false;
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
        return all_of(value.substr(1, value.size() - 2), "_ .:/+-", is_letter_or_digit);
    return is_number(value) || is_sized_literal(value);
}

std::optional<std::string> name_problem(std::string_view name) {
    if (!name.empty() && is_printable(name)) return {};
    return fmt::format("name is '{}', expected 1 to {} printable letters", shown(name), kMaxNameLength);
}

std::optional<std::string> sources_problem(const Sources& sources) {
    if (!is_identifier(sources.top))
        return fmt::format("top is '{}', expected a Verilog identifier", shown(sources.top));
    if (sources.files.empty() || sources.files.size() > kMaxSourceFiles)
        return fmt::format("holds {} files, expected 1 to {}", sources.files.size(), kMaxSourceFiles);
    if (std::max(sources.parameters.size(), sources.defines.size()) > kMaxSettings)
        return fmt::format("holds {} parameters and {} defines, expected at most {} of each", sources.parameters.size(),
                           sources.defines.size(), kMaxSettings);
    for (const auto& [name, value] : sources.parameters)
        if (!is_identifier(name) || !is_parameter_value(value))
            return fmt::format(
                "the parameter '{}' = '{}' is not a Verilog identifier with a number (decimal within 32 signed bits, "
                "without leading zeros or underscores, or sized like 8'hff) or a \"string\"",
                shown(name), shown(value));
    for (const std::string& define : sources.defines)
        if (!is_define(define)) return fmt::format("the define '{}' is not NAME or NAME=VALUE", shown(define));
    std::set<std::string_view> seen;
    for (const Sources::File& file : sources.files) {
        if (auto problem = file_problem(file)) return problem;
        if (!seen.insert(file.path).second) return fmt::format("the path '{}' stands there twice", file.path);
    }
    return {};
}

}  // namespace concrete::sim

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Scanners for Verilog text. They look for a few words, in time and stack that do not depend on how hostile the text
/// is: std::regex recurses for every letter.
namespace concrete::gen::detail {

/// Verilog with comments replaced by spaces; line ends stay, strings too.
std::string without_comments(const std::string& text);

/// 1-based line of an offset.
size_t line_at(const std::string& text, size_t offset);

/// Offset of a whole word at or after `from`; npos if there is none.
size_t find_word(std::string_view code, std::string_view word, size_t from = 0);

/// An `include directive: the name between its quotes, nothing where it is given otherwise.
struct Include {
    std::optional<std::string> name;
    size_t offset = 0;
};
std::vector<Include> includes_in(const std::string& code);

/// Something that reaches outside the simulation: a `systemc_ block, DPI, `verilator_config.
struct Forbidden {
    const char* what;
    size_t offset = 0;
};
std::optional<Forbidden> find_forbidden(const std::string& code);

/// Names of the modules that a text defines, in order; escaped ones without their backslash.
std::vector<std::string> modules_in(const std::string& code);

/// Names of the packages that a text defines, and of those it uses (the NAME of NAME::), in order, some twice.
std::vector<std::string> packages_in(const std::string& code);
std::vector<std::string> package_uses_in(const std::string& code);

/// True for the reserved words of IEEE 1800-2017, which cannot be names without a backslash.
bool is_keyword(std::string_view word);

}  // namespace concrete::gen::detail

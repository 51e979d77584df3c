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

/// Names of the modules that a text defines, in order.
std::vector<std::string> modules_in(const std::string& code);

}  // namespace concrete::gen::detail

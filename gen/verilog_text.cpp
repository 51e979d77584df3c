#include "gen/verilog_text.h"

#include <algorithm>

namespace concrete::gen::detail {
namespace {

constexpr size_t npos = std::string_view::npos;

bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

size_t skip_space(std::string_view code, size_t at) {
    while (at < code.size() && is_space(code[at])) ++at;
    return at;
}

/// The letters, digits, _ and $ from an offset on.
std::string_view word_at(std::string_view code, size_t at) {
    size_t end = at;
    while (end < code.size() && (is_word(code[end]) || code[end] == '$')) ++end;
    return code.substr(std::min(at, code.size()), end - at);
}

}  // namespace

std::string without_comments(const std::string& text) {
    std::string code = text;
    enum { plain, line_comment, block_comment, string } state = plain;
    for (size_t i = 0; i < code.size(); ++i) {
        const char next = i + 1 < code.size() ? code[i + 1] : '\0';
        if (state == plain) {
            if (code[i] == '/' && (next == '/' || next == '*')) {
                state = next == '/' ? line_comment : block_comment;
                code[i] = code[i + 1] = ' ';
                ++i;
            } else if (code[i] == '"') {
                state = string;
            }
        } else if (state == string) {
            if (code[i] == '\\' && next != '\0') {
                ++i;
            } else if (code[i] == '"' || code[i] == '\n') {
                state = plain;
            }
        } else if (code[i] == '\n') {
            if (state == line_comment) state = plain;
        } else if (state == block_comment && code[i] == '*' && next == '/') {
            state = plain;
            code[i] = code[i + 1] = ' ';
            ++i;
        } else {
            code[i] = ' ';
        }
    }
    return code;
}

size_t line_at(const std::string& text, size_t offset) {
    return 1 + static_cast<size_t>(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(offset), '\n'));
}

size_t find_word(std::string_view code, std::string_view word, size_t from) {
    for (size_t at = code.find(word, from); at != npos; at = code.find(word, at + 1)) {
        const size_t end = at + word.size();
        if ((at == 0 || !is_word(code[at - 1])) && (end == code.size() || !is_word(code[end]))) return at;
    }
    return npos;
}

std::vector<Include> includes_in(const std::string& code) {
    static constexpr std::string_view directive = "`include";
    std::vector<Include> found;
    for (size_t at = code.find(directive); at != npos; at = code.find(directive, at + 1)) {
        const size_t end = at + directive.size();
        if (end < code.size() && is_word(code[end])) continue;
        Include include{{}, at};
        if (const size_t open = skip_space(code, end); open < code.size() && code[open] == '"') {
            const size_t close = code.find_first_of("\"\n", open + 1);
            if (close != npos && code[close] == '"') include.name = code.substr(open + 1, close - open - 1);
        }
        found.push_back(std::move(include));
    }
    return found;
}

std::optional<Forbidden> find_forbidden(const std::string& code) {
    for (size_t at = code.find('`'); at != npos; at = code.find('`', at + 1)) {
        size_t word = at + 1;
        while (word < code.size() && (is_space(code[word]) || code[word] == '\\')) ++word;
        const std::string_view rest = std::string_view(code).substr(word);
        if (rest.starts_with("systemc_")) return Forbidden{"a `systemc_ block, which puts C++ into the simulator", at};
        if (rest.starts_with("verilator_config")) return Forbidden{"a `verilator_config block", at};
    }
    for (const char* name : {"\"DPI\"", "\"DPI-C\""})
        if (const size_t at = code.find(name); at != npos)
            return Forbidden{"a DPI import or export, which calls C functions", at};
    return {};
}

std::vector<std::string> modules_in(const std::string& code) {
    std::vector<std::string> names;
    for (size_t at = 0; at < code.size();) {
        if (!is_word(code[at])) {
            ++at;
            continue;
        }
        const std::string_view keyword = word_at(code, at);
        at += keyword.size();
        if (keyword != "module" && keyword != "macromodule") continue;
        at = skip_space(code, at);
        std::string_view name = word_at(code, at);
        if (name == "automatic" || name == "static") name = word_at(code, at = skip_space(code, at + name.size()));
        if (!name.empty()) names.emplace_back(name);
        at += name.size();
    }
    return names;
}

}  // namespace concrete::gen::detail

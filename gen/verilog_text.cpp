#include "gen/verilog_text.h"

#include <algorithm>
#include <cctype>

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

struct Word {
    std::string_view text;
    bool is_escaped = false;
};

/// The name that begins at `at`, escaped or not; empty if none does. Moves `at` behind it.
Word name_at(std::string_view code, size_t& at) {
    if (at < code.size() && code[at] == '\\') {
        const size_t begin = at + 1;
        at = begin;
        while (at < code.size() && !is_space(code[at])) ++at;
        return {code.substr(begin, at - begin), true};
    }
    const std::string_view word = word_at(code, at);
    at += word.size();
    return {word};
}

/// The name after blanks.
Word next_name(std::string_view code, size_t& at) {
    at = skip_space(code, at);
    return name_at(code, at);
}

/// The name at `at`, or nothing after a step over a letter that begins none.
Word next_word(std::string_view code, size_t& at) {
    if (is_word(code[at]) || code[at] == '\\') return name_at(code, at);
    ++at;
    return {};
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
            } else if (code[i] == '\\') {
                // An escaped name reaches to the next blank, whatever stands in it.
                while (i + 1 < code.size() && std::isspace(static_cast<unsigned char>(code[i + 1])) == 0) ++i;
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
        const Word keyword = next_word(code, at);
        if (keyword.is_escaped || (keyword.text != "module" && keyword.text != "macromodule")) continue;
        Word name = next_name(code, at);
        if (!name.is_escaped && (name.text == "automatic" || name.text == "static")) name = next_name(code, at);
        if (!name.text.empty()) names.emplace_back(name.text);
    }
    return names;
}

std::vector<std::string> packages_in(const std::string& code) {
    std::vector<std::string> names;
    for (size_t at = 0; at < code.size();) {
        const Word keyword = next_word(code, at);
        if (keyword.is_escaped || keyword.text != "package") continue;
        Word name = next_name(code, at);
        if (!name.is_escaped && (name.text == "automatic" || name.text == "static")) name = next_name(code, at);
        if (!name.text.empty()) names.emplace_back(name.text);
    }
    return names;
}

std::vector<std::string> package_uses_in(const std::string& code) {
    std::vector<std::string> names;
    for (size_t at = 0; at < code.size();) {
        const Word name = next_word(code, at);
        if (name.text.empty()) continue;
        const size_t after = skip_space(code, at);
        if (code.compare(after, 2, "::") == 0) names.emplace_back(name.text);
    }
    return names;
}

bool is_keyword(std::string_view word) {
    // clang-format off
    static const std::string all =
    " "
    "accept_on alias always always_comb always_ff always_latch and assert assign assume automatic before "
    "begin bind bins binsof bit break buf bufif0 bufif1 byte case casex casez cell chandle checker class "
    "clocking cmos config const constraint context continue cover covergroup coverpoint cross deassign "
    "default defparam design disable dist do edge else end endcase endchecker endclass endclocking "
    "endconfig endfunction endgenerate endgroup endinterface endmodule endpackage endprimitive endprogram "
    "endproperty endsequence endspecify endtable endtask enum event eventually expect export extends "
    "extern final first_match for force foreach forever fork forkjoin function generate genvar global "
    "highz0 highz1 if iff ifnone ignore_bins illegal_bins implements implies import incdir include "
    "initial inout input inside instance int integer interconnect interface intersect join join_any "
    "join_none large let liblist library local localparam logic longint macromodule matches medium "
    "modport module nand negedge nettype new nexttime nmos nor noshowcancelled not notif0 notif1 null or "
    "output package packed parameter pmos posedge primitive priority program property protected pull0 "
    "pull1 pulldown pullup pulsestyle_ondetect pulsestyle_onevent pure rand randc randcase randsequence "
    "rcmos real realtime ref reg reject_on release repeat restrict return rnmos rpmos rtran rtranif0 "
    "rtranif1 s_always s_eventually s_nexttime s_until s_until_with scalared sequence shortint shortreal "
    "showcancelled signed small soft solve specify specparam static string strong strong0 strong1 struct "
    "super supply0 supply1 sync_accept_on sync_reject_on table tagged task this throughout time "
    "timeprecision timeunit tran tranif0 tranif1 tri tri0 tri1 triand trior trireg type typedef union "
    "unique unique0 unsigned until until_with untyped use uwire var vectored virtual void wait wait_order "
    "wand weak weak0 weak1 while wildcard wire with within wor xnor xor ";
    // clang-format on
    return !word.empty() && word.find(' ') == npos && all.find(" " + std::string(word) + " ") != npos;
}

}  // namespace concrete::gen::detail

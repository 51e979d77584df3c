#include "gen/liberty.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <fmt/format.h>
#include <regex>
#include <sstream>
#include <string_view>
#include <vector>

#include "gen/yosys.h"
#include "sim/error.h"
#include "sim/file.h"
#include "sim/sources_check.h"

namespace concrete::gen {
namespace {

constexpr uint64_t kMaxBytes = uint64_t{256} << 20;
constexpr size_t kMaxDepth = 100;
/// std::regex recurses for every letter.
constexpr size_t kMaxLine = 4096;

/// The structure of a Liberty file: groups `key (head) { ... }` and values `key : value;`.
class Parser {
  public:
    explicit Parser(CellLibrary& library) : library_(library), text_(library.text) {}

    void parse() {
        skip_space();
        const size_t begin = at_;
        const std::string key = word();
        skip_space();
        const std::string head = argument();
        if (key != "library" || head.empty()) {
            at_ = begin;
            fail("expected 'library (NAME) {' as a Liberty file begins");
        }
        if (!sim::is_printable(head)) fail("the name of the library is too long or not printable");
        library_.name = head;
        skip_space();
        if (at_ >= text_.size() || text_[at_] != '{') fail("expected '{' after library (NAME)");
        ++at_;
        body({"library"});
        skip_space();
        if (at_ < text_.size()) fail("text after the end of the library");
        finish();
    }

  private:
    [[noreturn]] void fail(const std::string& message) const {
        const auto line = 1 + std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(at_), '\n');
        throw InputError(fmt::format("{}:{}: {}", library_.path.string(), line, message));
    }

    /// White space, comments, and backslashes at the end of a line.
    void skip_space() {
        while (at_ < text_.size()) {
            const std::string_view rest = std::string_view(text_).substr(at_);
            if (rest.starts_with("/*")) {
                const size_t end = text_.find("*/", at_ + 2);
                if (end == std::string::npos) fail("a comment that does not end");
                at_ = end + 2;
            } else if (rest.starts_with("//")) {
                at_ = std::min(text_.find('\n', at_), text_.size());
            } else if (std::isspace(static_cast<unsigned char>(rest[0])) || rest[0] == '\\') {
                ++at_;
            } else {
                return;
            }
        }
    }

    std::string word() {
        if (at_ < text_.size() && text_[at_] == '"') return quoted();
        const size_t begin = at_;
        while (at_ < text_.size() && !std::isspace(static_cast<unsigned char>(text_[at_])) &&
               std::string_view("(){};:,\"").find(text_[at_]) == std::string_view::npos) {
            ++at_;
        }
        return text_.substr(begin, at_ - begin);
    }

    std::string quoted() {
        const size_t end = text_.find('"', at_ + 1);
        if (end == std::string::npos) fail("a string that does not end");
        std::string value = text_.substr(at_ + 1, end - at_ - 1);
        at_ = end + 1;
        return value;
    }

    /// First word between brackets, all of which are passed; "" where no bracket opens.
    std::string argument() {
        if (at_ >= text_.size() || text_[at_] != '(') return "";
        ++at_;
        skip_space();
        std::string first = word();
        while (at_ < text_.size() && text_[at_] != ')') {
            if (text_[at_] == '"') {
                quoted();
            } else if (text_[at_] == '{' || text_[at_] == '}') {
                fail("a bracket '(' that does not close");
            } else {
                ++at_;
            }
        }
        if (at_ >= text_.size()) fail("a bracket '(' that does not close");
        ++at_;
        return first;
    }

    /// What stands between { and } of a group; path: its key, and those around it.
    void body(const std::vector<std::string>& path) {
        if (path.size() > kMaxDepth) fail("groups nested too deeply");
        for (skip_space(); at_ < text_.size() && text_[at_] != '}'; skip_space()) {
            if (text_[at_] == ';') {
                ++at_;
                continue;
            }
            const std::string key = word();
            if (key.empty()) fail(fmt::format("'{}' where a name is expected", printable(text_[at_])));
            skip_space();
            if (at_ < text_.size() && text_[at_] == ':') {
                ++at_;
                skip_space();
                value(path, key, word());
                at_ = std::min(text_.find_first_of(";\n}", at_), text_.size());
                continue;
            }
            if (at_ >= text_.size() || text_[at_] != '(') fail("expected ':' or '(' after a name");
            const std::string head = argument();
            skip_space();
            if (at_ >= text_.size() || text_[at_] != '{') continue;  // a list, key (values);
            ++at_;
            if (path.size() == 1 && key == "cell") {
                if (!is_cell_name(head))
                    fail(fmt::format("the name of a cell is expected to be 1 to {} printable letters without blanks",
                                     sim::kMaxNameLength));
                cell_ = head;
                ++library_.cells;
            }
            std::vector<std::string> inner = path;
            inner.push_back(key);
            body(inner);
        }
        if (at_ >= text_.size()) fail("a group '{' that does not close");
        ++at_;
    }

    /// Others could not be told apart in what ABC prints.
    static bool is_cell_name(const std::string& name) {
        return !name.empty() && sim::is_printable(name) && name.find(' ') == std::string::npos;
    }

    static char printable(char c) { return c < ' ' || c > '~' ? '?' : c; }

    void value(const std::vector<std::string>& path, const std::string& key, const std::string& text) {
        const bool in_cell = path.size() == 2 && path[1] == "cell";
        if (path.size() == 1 && key == "leakage_power_unit") unit_ = text;
        if (!(in_cell && key == "cell_leakage_power") && !(path.size() == 1 && key == "default_cell_leakage_power"))
            return;
        double number = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (error != std::errc() || end != text.data() + text.size() || !(number >= 0 && number < 1e30))
            fail(fmt::format("{} is not a number of 0 or more", key));
        if (in_cell) library_.leakage_nw[cell_] = number;
        if (!in_cell) default_ = number;
    }

    /// Brings leakage to nW.
    void finish() {
        if (library_.cells == 0) fail("the library has no cells");
        static const std::regex unit(R"((\d+(?:\.\d+)?)([munpf]?)W)");
        std::smatch match;
        if (unit_.size() > 20 || !std::regex_match(unit_, match, unit)) {  // without a unit, figures mean nothing
            library_.leakage_nw.clear();
            return;
        }
        static const std::map<std::string, double> scales{{"", 1e9}, {"m", 1e6},  {"u", 1e3},
                                                          {"n", 1},  {"p", 1e-3}, {"f", 1e-6}};
        const double scale = std::stod(match[1].str()) * scales.at(match[2].str());
        for (auto& [cell, leakage] : library_.leakage_nw) leakage *= scale;
        if (default_) library_.leakage_nw[""] = *default_ * scale;
    }

    CellLibrary& library_;
    const std::string& text_;
    size_t at_ = 0;
    std::string cell_, unit_;
    std::optional<double> default_;
};

/// Area first, since a library without delay tables ends the script at `buffer`.
constexpr const char* kScript =
    "read_lib -w cells.lib\nread_aiger source.aig\nstrash\nifraig\nscorr\ndc2\ndch -f\nmap -B 0.9\ntopo\nprint_gates\n"
    "buffer -c\nupsize\ndnsize\nstime -p\nprint_gates\n";

ProcessLimits limits() {
    ProcessLimits limits;
    limits.cpu_s = 120;
    limits.wall_s = 360;
    limits.memory_bytes = uint64_t{4} << 30;
    return limits;
}

/// What ABC says against a library: the failed assertion, or its error.
std::string reason(const ProcessResult& result) {
    if (!result.ended_by.empty() && result.ended_by.find("signal") == std::string::npos)
        return "was ended by " + result.ended_by;
    std::string found = "says nothing about it";
    std::istringstream lines(result.out + "\n" + result.err);
    for (std::string line; std::getline(lines, line);) {
        for (const char* sign : {"cannot be used", "Error: ", "Assertion", "annot find", "nrecognized"}) {
            const size_t at = line.find(sign);
            if (at == std::string::npos) continue;
            found = "says: " + line.substr(line.find("Assertion") != std::string::npos ? at : 0, 200);
            std::replace_if(
                found.begin(), found.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
            return found;
        }
    }
    return found;
}

/// The last list of gates that ABC printed; empty without one.
void read_gates(const std::string& out, MappedCircuit& mapped) {
    static const std::regex gate(R"(^(\S+)\s+Fanin =\s*\d+\s+Instance =\s*(\d+)\s+Area =.*)");
    static const std::regex total(R"(^TOTAL\s+Instance =\s*\d+\s+Area =\s*([0-9.]+).*)");
    static const std::regex timing(R"(.*Delay =\s*([0-9.]+) ps.*)");
    std::istringstream lines(out);
    bool is_closed = true;
    for (std::string line; std::getline(lines, line);) {
        std::smatch match;
        if (line.size() > kMaxLine) continue;
        if (std::regex_match(line, match, gate)) {
            if (is_closed) mapped.cells.clear();
            is_closed = false;
            mapped.cells[match[1].str()] += std::stoull(match[2].str());
        } else if (std::regex_match(line, match, total)) {
            mapped.area = std::stod(match[1].str());
            is_closed = true;
        } else if (line.find("WireLoad") != std::string::npos) {
            const size_t summary = line.find("WireLoad");
            const std::string tail = line.substr(summary);
            if (std::regex_match(tail, match, timing)) mapped.delay_ps = std::stod(match[1].str());
        }
    }
}

}  // namespace

CellLibrary read_liberty(const std::filesystem::path& path) {
    CellLibrary library;
    library.path = path;
    library.text = read_file(path, kMaxBytes);
    Parser(library).parse();
    return library;
}

MappedCircuit map_to_cells(const Synthesis& circuit, const CellLibrary& library) {
    const TemporaryFolder folder;
    write_file(folder.path() / "cells.lib", library.text);
    write_file(folder.path() / "source.aig", circuit.source_aiger);
    const ProcessResult result = run_abc(kScript, folder.path(), limits());
    MappedCircuit mapped;
    read_gates(result.out, mapped);
    if (mapped.cells.empty()) {
        throw InputError(
            fmt::format("{}: ABC cannot map to the library '{}' and {}; it needs an inverter, gates of two "
                        "inputs, and delay tables of three or more loads",
                        library.path.string(), library.name, reason(result)));
    }
    const auto fallback = library.leakage_nw.find("");
    double leakage = 0;
    bool is_complete = true;
    for (const auto& [cell, count] : mapped.cells) {
        const auto known = library.leakage_nw.find(cell);
        const auto used = known == library.leakage_nw.end() ? fallback : known;
        if (used == library.leakage_nw.end()) {
            is_complete = false;
            break;
        }
        leakage += static_cast<double>(count) * used->second;
    }
    if (is_complete) mapped.leakage_nw = leakage;
    return mapped;
}

}  // namespace concrete::gen

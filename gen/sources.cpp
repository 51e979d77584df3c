#include "gen/sources.h"

#include <algorithm>
#include <fmt/format.h>
#include <optional>
#include <regex>
#include <set>

#include "sim/error.h"
#include "sim/file.h"
#include "sim/hash.h"

namespace concrete::gen {

namespace fs = std::filesystem;
using sim::Sources;

namespace {

constexpr uint64_t kMaxBytes = uint64_t{16} << 20;
constexpr size_t kMaxFiles = 4096;

/// An `include directive.
struct Include {
    std::string name;
    size_t line = 0;
};

bool is_identifier(const std::string& name) {
    static const std::regex pattern("[A-Za-z_][A-Za-z0-9_$]{0,255}");
    return std::regex_match(name, pattern);
}

/// A number, a real or a string without escapes: nothing that could end the literal it becomes.
bool is_parameter_value(const std::string& value) {
    static const std::regex pattern(
        R"re([-+]?[0-9][0-9_]*(\.[0-9]+)?|[-+]?[0-9]*'[sS]?[bodhBODH][0-9a-fA-F_]+|"[A-Za-z0-9_ .:/+-]*")re");
    return value.size() <= 4096 && std::regex_match(value, pattern);
}

bool is_define(const std::string& define) {
    static const std::regex pattern("[A-Za-z_][A-Za-z0-9_$]*(=[A-Za-z0-9_'.+ -]*)?");
    return define.size() <= 4096 && std::regex_match(define, pattern);
}

/// A relative path whose letters mean nothing to a tool.
bool is_plain_path(const std::string& path) {
    static const std::regex pattern("[A-Za-z0-9_.+,=@ /-]{1,1024}");
    if (!std::regex_match(path, pattern) || path.front() == '/' || path.back() == '/') return false;
    const fs::path parts(path);
    return std::none_of(parts.begin(), parts.end(), [](const fs::path& part) { return part == ".." || part.empty(); });
}

bool is_verilog_name(const fs::path& path) {
    const std::string extension = path.extension().string();
    return extension == ".v" || extension == ".sv" || extension == ".vh" || extension == ".svh";
}

/// Refuses what no later step needs to see. The elaborated design is checked as well (gen/design_check.h), so that what
/// a macro puts together from pieces does not pass either.
void check_text(const std::string& code, const std::string& shown) {
    struct Forbidden {
        std::regex pattern;
        const char* what;
    };
    static const Forbidden list[] = {
        {std::regex("`[\\s\\\\]*systemc_[a-z_]*"), "a `systemc_ block, which puts C++ into the simulator"},
        {std::regex("\"DPI(-C)?\""), "a DPI import or export, which calls C functions"},
        {std::regex("`[\\s\\\\]*verilator_config"), "a `verilator_config block"},
    };
    for (const Forbidden& forbidden : list) {
        std::smatch match;
        if (std::regex_search(code, match, forbidden.pattern))
            throw InputError(fmt::format("{}:{}: {} is refused: Verilog may not reach outside the simulation", shown,
                                         detail::line_at(code, static_cast<size_t>(match.position())), forbidden.what));
    }
}

std::vector<Include> includes_of(const std::string& code, const std::string& shown) {
    static const std::regex directive("`include\\b\\s*(?:\"([^\"\\n]*)\")?");
    std::vector<Include> result;
    for (std::sregex_iterator match(code.begin(), code.end(), directive), end; match != end; ++match) {
        const size_t line = detail::line_at(code, static_cast<size_t>(match->position()));
        if (!(*match)[1].matched)
            throw InputError(fmt::format("{}:{}: `include must name its file in quotes", shown, line));
        result.push_back({(*match)[1].str(), line});
    }
    return result;
}

bool is_below(const fs::path& path, const fs::path& folder) {
    const fs::path relative = path.lexically_relative(folder);
    return !relative.empty() && *relative.begin() != "..";
}

class Reader {
  public:
    Reader(const std::vector<fs::path>& files, const std::vector<fs::path>& include_folders) {
        const fs::path base = folder_of(files.front());
        roots_.push_back({base, ""});
        for (size_t i = 0; i < include_folders.size(); ++i) {
            std::error_code error;
            const fs::path folder = fs::canonical(include_folders[i], error);
            if (error || !fs::is_directory(folder))
                throw InputError(fmt::format("{}: is not a folder; -I expects one", include_folders[i].string()));
            roots_.push_back({folder, fmt::format("_include{}", i)});
        }
        std::map<fs::path, std::string> elsewhere;
        for (const fs::path& file : files) {
            if (!is_verilog_name(file))
                throw InputError(
                    fmt::format("{}: is not Verilog by its name; expected .v, .sv, .vh or .svh", file.string()));
            const fs::path folder = folder_of(file);
            std::string prefix;
            if (folder == base || is_below(folder, base)) {
                prefix = folder == base ? "" : folder.lexically_relative(base).string();
            } else {
                prefix = elsewhere.try_emplace(folder, fmt::format("_source{}", elsewhere.size())).first->second;
            }
            add(file, {folder, prefix}, file.filename().string(), false);
        }
    }

    std::vector<Sources::File> take() { return std::move(files_); }

  private:
    /// A folder, and what it is called in Sources.
    struct Root {
        fs::path folder;
        std::string prefix;
    };

    static fs::path folder_of(const fs::path& file) {
        std::error_code error;
        fs::path folder = fs::canonical(file.has_parent_path() ? file.parent_path() : fs::path("."), error);
        if (error) throw InputError(fmt::format("{}: does not exist", file.string()));
        return folder;
    }

    static std::string join(const std::string& prefix, const std::string& name) {
        return prefix.empty() ? name : prefix + "/" + name;
    }

    /// `name` is relative to root.folder.
    void add(const fs::path& file, const Root& root, const std::string& name, bool is_include) {
        const std::string stored = fs::path(join(root.prefix, name)).lexically_normal().string();
        if (!is_plain_path(stored))
            throw InputError(fmt::format("{}: the file name may hold letters, digits and _.+,=@- only", file.string()));
        if (!seen_.insert(stored).second) {
            if (!is_include)  // named after having been included: now it is a source of its own
                for (Sources::File& known : files_)
                    if (known.path == stored) known.is_include = false;
            return;
        }
        if (seen_.size() > kMaxFiles) throw InputError(fmt::format("{}: more than {} files", file.string(), kMaxFiles));
        std::error_code error;
        if (!fs::is_regular_file(file, error))
            throw InputError(fmt::format("{}: is not a readable file", file.string()));
        std::string text = read_file(file, kMaxBytes - bytes_);
        bytes_ += text.size();
        const std::string code = detail::without_comments(text);
        files_.push_back({stored, std::move(text), is_include});
        check_text(code, file.string());
        const Root here{file.parent_path().empty() ? fs::path(".") : file.parent_path(),
                        fs::path(stored).parent_path().string()};
        for (const Include& include : includes_of(code, file.string())) follow(file, include, here);
    }

    void follow(const fs::path& from, const Include& include, const Root& here) {
        const std::string place = fmt::format("{}:{}", from.string(), include.line);
        if (!is_plain_path(include.name))
            throw InputError(
                fmt::format("{}: `include \"{}\" is refused: the file must be named by a plain path below the "
                            "folder of this file or of -I",
                            place, include.name));
        std::vector<Root> candidates{here};
        candidates.insert(candidates.end(), roots_.begin(), roots_.end());
        for (const Root& root : candidates) {
            const fs::path file = root.folder / include.name;
            std::error_code error;
            if (!fs::exists(file, error)) continue;
            if (!is_below(fs::canonical(file), fs::canonical(root.folder)))
                throw InputError(fmt::format("{}: `include \"{}\" is refused: a symbolic link leads outside its folder",
                                             place, include.name));
            add(file, root, include.name, true);
            return;
        }
        // Perhaps in a branch of `ifdef that is not taken; Verilator says so where it matters.
    }

    std::vector<Root> roots_;
    std::vector<Sources::File> files_;
    std::set<std::string> seen_;
    uint64_t bytes_ = 0;
};

}  // namespace

namespace detail {

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

}  // namespace detail

Sources read_sources(const std::vector<fs::path>& files, const std::string& top,
                     const std::map<std::string, std::string>& parameters, const std::vector<fs::path>& include_folders,
                     const std::vector<std::string>& defines) {
    if (files.empty()) throw InputError("no Verilog file is named");
    Sources sources{Reader(files, include_folders).take(), top, parameters, defines};
    check_sources(sources);
    return sources;
}

void check_sources(const Sources& sources) {
    if (!is_identifier(sources.top))
        throw InputError(fmt::format("top module '{}': expected a plain Verilog identifier", sources.top));
    for (const auto& [name, value] : sources.parameters)
        if (!is_identifier(name) || !is_parameter_value(value))
            throw InputError(fmt::format("parameter '{}={}': expected NAME=VALUE with a Verilog number or a \"string\"",
                                         name, value));
    for (const std::string& define : sources.defines)
        if (!is_define(define)) throw InputError(fmt::format("define '{}': expected NAME or NAME=VALUE", define));
    std::set<std::string> seen;
    for (const Sources::File& file : sources.files) {
        if (!is_plain_path(file.path) || !seen.insert(file.path).second)
            throw InputError(fmt::format("source '{}': expected a relative path without '..', once", file.path));
        if (!file.is_include && !is_verilog_name(file.path))
            throw InputError(fmt::format("source '{}': expected a name ending in .v, .sv, .vh or .svh", file.path));
        check_text(detail::without_comments(file.text), display_path(file.path));
    }
}

std::vector<std::string> write_sources(const Sources& sources, const fs::path& folder) {
    check_sources(sources);
    std::vector<std::string> named;
    for (const Sources::File& file : sources.files) {
        write_file(folder / file.path, file.text);
        if (!file.is_include) named.push_back("./" + file.path);
    }
    return named;
}

std::vector<std::string> source_flags(const Sources& sources) {
    std::map<size_t, std::string> include_folders;  // by number, so that the order is that of -I
    static const std::regex pattern("(_include([0-9]{1,6}))/.*");
    for (const Sources::File& file : sources.files)
        if (std::smatch match; std::regex_match(file.path, match, pattern))
            include_folders[std::stoul(match[2])] = match[1];
    std::vector<std::string> flags{"--relative-includes", "-I."};
    for (const auto& [number, folder] : include_folders) flags.push_back("-I./" + folder);
    for (const std::string& define : sources.defines) flags.push_back("-D" + define);
    return flags;
}

std::vector<std::string> parameter_flags(const Sources& sources) {
    std::vector<std::string> flags;
    for (const auto& [name, value] : sources.parameters) flags.push_back("-G" + name + "=" + value);
    return flags;
}

std::string display_path(const std::string& path) {
    static const std::regex prefix("^(\\./)?(_source|_include)[0-9]+/|^\\./");
    return std::regex_replace(path, prefix, "");
}

std::string sources_hash(const Sources& sources) {
    Sha256 hash;
    hash.add(uint64_t{sources.files.size()});
    for (const Sources::File& file : sources.files)
        hash.add(file.path).add(file.text).add(uint64_t{file.is_include ? 1u : 0u});
    hash.add(sources.top).add(uint64_t{sources.parameters.size()});
    for (const auto& [name, value] : sources.parameters) hash.add(name).add(value);
    hash.add(uint64_t{sources.defines.size()});
    for (const std::string& define : sources.defines) hash.add(define);
    return hash.hex();
}

}  // namespace concrete::gen

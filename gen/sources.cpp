#include "gen/sources.h"

#include <algorithm>
#include <fmt/format.h>
#include <set>
#include <string_view>

#include "sim/error.h"
#include "sim/file.h"
#include "sim/hash.h"
#include "sim/sources_check.h"

namespace concrete::gen {

namespace fs = std::filesystem;
using sim::Sources;

namespace {

constexpr uint64_t kMaxBytes = uint64_t{16} << 20;

/// Refuses what no later step needs to see. The elaborated design is checked as well (gen/design_check.h), so that what
/// a macro puts together from pieces does not pass either.
void check_text(const std::string& code, const std::string& shown) {
    if (const auto found = detail::find_forbidden(code))
        throw InputError(fmt::format("{}:{}: {} is refused: Verilog may not reach outside the simulation", shown,
                                     detail::line_at(code, found->offset), found->what));
}

bool is_below(const fs::path& path, const fs::path& folder) {
    const fs::path relative = path.lexically_relative(folder);
    return !relative.empty() && *relative.begin() != "..";
}

/// "_include3/lib.vh" -> {"_include", "3", "lib.vh"}; kind and number are empty without such a prefix.
struct Prefixed {
    std::string_view kind, number, rest;
};

Prefixed split_prefix(std::string_view path) {
    for (const std::string_view kind : {"_source", "_include"}) {
        if (!path.starts_with(kind)) continue;
        const size_t slash = path.find_first_not_of("0123456789", kind.size());
        if (slash != std::string_view::npos && slash > kind.size() && path[slash] == '/')
            return {kind, path.substr(kind.size(), slash - kind.size()), path.substr(slash + 1)};
    }
    return {{}, {}, path};
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
            if (!sim::is_verilog_name(file))
                throw InputError(
                    fmt::format("{}: is not Verilog by its name; expected .v, .sv, .vh or .svh", file.string()));
            const fs::path folder = folder_of(file);
            std::string prefix;
            if (folder == base || is_below(folder, base)) {
                prefix = folder == base ? "" : folder.lexically_relative(base).string();
            } else {
                prefix = elsewhere.try_emplace(folder, fmt::format("_source{}", elsewhere.size())).first->second;
            }
            add(file, {folder, plain_name(prefix)}, file.filename().string(), false);
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

    /// The name with _ for every letter that an operator file does not take.
    static std::string plain_name(std::string name) {
        for (char& c : name)
            if (c != '/' && !sim::is_plain_path(std::string("a") + c)) c = '_';
        if (name.starts_with(' ')) name[0] = '_';
        return name;
    }

    /// `name` is relative to root.folder.
    void add(const fs::path& file, const Root& root, const std::string& name, bool is_include) {
        const std::string stored = fs::path(join(root.prefix, plain_name(name))).lexically_normal().string();
        if (!sim::is_plain_path(stored))
            throw InputError(fmt::format("{}: the file name is too long: at most {} letters with its folders",
                                         file.string(), sim::kMaxNameLength));
        std::error_code ignored;
        if (const auto [at, is_new] = seen_.emplace(stored, fs::weakly_canonical(file, ignored)); !is_new) {
            if (at->second != fs::weakly_canonical(file, ignored))
                throw InputError(
                    fmt::format("{}: differs from {} only in letters that an operator file cannot hold, "
                                "expected names of letters, digits, blanks and _.+,=@-",
                                file.string(), at->second.filename().string()));
            if (!is_include)  // named after having been included: now it is a source of its own
                for (Sources::File& known : files_)
                    if (known.path == stored) known.is_include = false;
            return;
        }
        if (seen_.size() > sim::kMaxSourceFiles)
            throw InputError(fmt::format("{}: more than {} files", file.string(), sim::kMaxSourceFiles));
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
        for (const detail::Include& include : detail::includes_in(code))
            follow(fmt::format("{}:{}", file.string(), detail::line_at(code, include.offset)), include, here);
    }

    /// `place` is "file:line" of the directive.
    void follow(const std::string& place, const detail::Include& include, const Root& here) {
        if (!include.name) throw InputError(fmt::format("{}: `include must name its file in quotes", place));
        const std::string& name = *include.name;
        if (!sim::is_plain_path(name))
            throw InputError(
                fmt::format("{}: `include \"{}\" is refused: the file must be named by a plain path below the "
                            "folder of this file or of -I",
                            place, name.substr(0, sim::kMaxNameLength)));
        if (!sim::is_include_name(name))
            throw InputError(
                fmt::format("{}: `include \"{}\" is refused: expected Verilog by its name (.v, .sv, .vh, .svh, .inc, "
                            ".vinc, .svinc or .def)",
                            place, name));
        std::vector<Root> candidates{here};
        candidates.insert(candidates.end(), roots_.begin(), roots_.end());
        for (const Root& root : candidates) {
            const fs::path file = root.folder / name;
            std::error_code error;
            if (!fs::exists(file, error)) continue;
            if (!is_below(fs::canonical(file), fs::canonical(root.folder)))
                throw InputError(fmt::format("{}: `include \"{}\" is refused: a symbolic link leads outside its folder",
                                             place, name));
            add(file, root, name, true);
            return;
        }
        // Perhaps in a branch of `ifdef that is not taken; Verilator says so where it matters.
    }

    std::vector<Root> roots_;
    std::vector<Sources::File> files_;
    std::map<std::string, fs::path> seen_;  ///< stored path -> file
    uint64_t bytes_ = 0;
};

/// Moves files behind those whose packages they use: Verilator wants packages before their use. Other files keep their
/// order, since macros reach from one to the next.
void order_by_packages(std::vector<Sources::File>& files) {
    std::map<std::string, size_t> defined_in;
    std::vector<std::string> codes;
    for (size_t i = 0; i < files.size(); ++i) {
        codes.push_back(detail::without_comments(files[i].text));
        for (const std::string& package : detail::packages_in(codes[i])) defined_in.try_emplace(package, i);
    }
    if (defined_in.empty()) return;
    std::vector<std::set<size_t>> needs(files.size());
    for (size_t i = 0; i < files.size(); ++i) {
        for (const std::string& package : detail::package_uses_in(codes[i]))
            if (const auto found = defined_in.find(package); found != defined_in.end() && found->second != i)
                needs[i].insert(found->second);
    }
    std::vector<size_t> order;
    std::vector<bool> placed(files.size());
    while (order.size() < files.size()) {
        size_t next = files.size(), first_left = files.size();
        for (size_t i = 0; i < files.size() && next == files.size(); ++i) {
            if (placed[i]) continue;
            if (first_left == files.size()) first_left = i;
            if (std::all_of(needs[i].begin(), needs[i].end(), [&](size_t need) { return placed[need]; })) next = i;
        }
        if (next == files.size()) next = first_left;  // packages that use each other: Verilator says what is wrong
        placed[next] = true;
        order.push_back(next);
    }
    std::vector<Sources::File> ordered;
    for (const size_t i : order) ordered.push_back(std::move(files[i]));
    files = std::move(ordered);
}

}  // namespace

Sources read_sources(const std::vector<fs::path>& files, const std::string& top,
                     const std::map<std::string, std::string>& parameters, const std::vector<fs::path>& include_folders,
                     const std::vector<std::string>& defines) {
    if (files.empty()) throw InputError("no Verilog file is named");
    Sources sources{Reader(files, include_folders).take(), top, parameters, defines};
    order_by_packages(sources.files);
    check_sources(sources);
    return sources;
}

void check_sources(const Sources& sources) {
    if (const auto problem = sim::sources_problem(sources))
        throw InputError(fmt::format("the operator's Verilog: {}", *problem));
    for (const Sources::File& file : sources.files)
        check_text(detail::without_comments(file.text), display_path(file.path));
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
    for (const Sources::File& file : sources.files)
        if (const auto [kind, digits, rest] = split_prefix(file.path); kind == "_include" && digits.size() <= 6)
            include_folders[std::stoul(std::string(digits))] = file.path.substr(0, kind.size() + digits.size());
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
    const std::string_view own = std::string_view(path).substr(path.starts_with("./") ? 2 : 0);
    return std::string(split_prefix(own).rest);
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

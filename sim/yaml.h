#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace concrete::sim {

/// One node of a YAML document, with the place it was written at. Stricter than YAML: duplicate keys, aliases, anchors,
/// merge keys and tags are errors, and so is a second document. Every node knows its file and its path
/// ("layers.conv2.multiplier"), which errors name.
class YamlNode {
  public:
    enum class Kind { null, scalar, sequence, map };
    using Entry = std::pair<std::string, YamlNode>;

    Kind kind() const { return kind_; }
    bool is_map() const { return kind_ == Kind::map; }
    bool is_sequence() const { return kind_ == Kind::sequence; }
    bool is_scalar() const { return kind_ == Kind::scalar; }

    /// Conversions of scalars. Integers match -?(0|[1-9][0-9]*), numbers are decimal, booleans are true or false.
    /// Throws: InputError with file, line, column, path, what was found and what was expected.
    std::string text() const;
    int64_t integer(int64_t lowest, int64_t highest) const;
    double number(double lowest, double highest) const;
    bool boolean() const;

    /// Elements of a sequence / entries of a map in file order. Throws: InputError if the kind is another.
    const std::vector<YamlNode>& elements() const;
    const std::vector<Entry>& entries() const;

    /// The value at a key of a map, or null.
    const YamlNode* find(std::string_view key) const;

    const std::string& path() const { return path_; }

    /// InputError "FILE:LINE:COLUMN: PATH: MESSAGE".
    [[noreturn]] void fail(const std::string& message) const;

    /// The same at the key of this value, for keys that should not be there.
    [[noreturn]] void fail_at_key(const std::string& message) const;

    /// Where both are maps: base's entries overlaid with override's, maps merged again; else override. Each surviving
    /// node keeps its own place.
    static YamlNode merge(const YamlNode& base, const YamlNode& override_with);

    /// Puts `value` at a dotted path below this map, making maps on the way ("defaults.multiplier.P").
    void assign(std::string_view dotted_path, const YamlNode& value);

    /// Takes a key out of this map; nothing happens where it is not there.
    void remove(std::string_view key);

  private:
    friend class YamlBuilder;
    [[noreturn]] void fail_at(int line, int column, const std::string& message) const;
    [[noreturn]] void fail_kind(const std::string& expected) const;
    void relocate(const std::string& path);

    Kind kind_ = Kind::null;
    std::string scalar_;
    bool quoted_ = false;
    std::vector<YamlNode> elements_;
    std::vector<Entry> entries_;
    std::string path_;
    std::shared_ptr<const std::string> file_;
    int line_ = 0, column_ = 0;          // 1-based; 0: unknown
    int key_line_ = 0, key_column_ = 0;  // of the key in front of this value
};

/// Throws: InputError for YAML that does not parse, for what YamlNode refuses, for files above 16 MiB and for nesting
/// deeper than 64.
YamlNode load_yaml(const std::filesystem::path& path);
YamlNode parse_yaml(std::string_view text, const std::string& file_name);

/// Reads a map key by key and knows which keys nobody asked for: the way every configuration is read.
///
///     YamlMap map(node);
///     config.bits = map.integer("bits", 1, 16, 8);
///     config.scheme = map.choice<Scheme>("scheme", {{"symmetric", Scheme::symmetric}, ...}, Scheme::symmetric);
///     map.finish();  // unknown key: error that names the nearest known one
class YamlMap {
  public:
    /// Throws: InputError if node is not a map.
    explicit YamlMap(const YamlNode& node);

    bool has(std::string_view key);
    const YamlNode* find(std::string_view key);
    const YamlNode& require(std::string_view key);

    std::string text(std::string_view key) { return require(key).text(); }
    std::string text(std::string_view key, const std::string& fallback);
    int64_t integer(std::string_view key, int64_t lowest, int64_t highest) {
        return require(key).integer(lowest, highest);
    }
    int64_t integer(std::string_view key, int64_t lowest, int64_t highest, int64_t fallback);
    double number(std::string_view key, double lowest, double highest) { return require(key).number(lowest, highest); }
    double number(std::string_view key, double lowest, double highest, double fallback);
    bool boolean(std::string_view key, bool fallback);

    template <typename T>
    T choice(std::string_view key, const std::vector<std::pair<std::string, T>>& values) {
        const YamlNode& node = require(key);
        return values[choice_index(node, names(values))].second;
    }
    template <typename T>
    T choice(std::string_view key, const std::vector<std::pair<std::string, T>>& values, T fallback) {
        return has(key) ? choice(key, values) : fallback;
    }

    /// Throws: InputError at the first key that was never asked for.
    void finish();
    const YamlNode& node() const { return node_; }

  private:
    template <typename T>
    static std::vector<std::string> names(const std::vector<std::pair<std::string, T>>& values) {
        std::vector<std::string> result;
        for (const auto& [name, value] : values) result.push_back(name);
        return result;
    }
    static size_t choice_index(const YamlNode& node, const std::vector<std::string>& allowed);

    const YamlNode& node_;
    std::set<std::string, std::less<>> known_;
};

/// The candidate with the smallest edit distance (Levenshtein), or "" where nothing is near (more than half the letters
/// differ).
std::string nearest_name(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace concrete::sim

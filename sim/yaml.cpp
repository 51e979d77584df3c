#include "sim/yaml.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <limits>

#include "sim/error.h"

namespace concrete::sim {

namespace {

constexpr size_t kShownLetters = 60;

bool is_digit(char c) {
    return '0' <= c && c <= '9';
}

/// Length of (0|[1-9][0-9]*) at the front, 0 where there is none.
size_t integer_part(std::string_view text) {
    size_t digits = 0;
    while (digits < text.size() && is_digit(text[digits])) ++digits;
    return digits > 1 && text[0] == '0' ? 0 : digits;
}

bool is_integer(std::string_view text) {
    if (text.starts_with('-')) text.remove_prefix(1);
    return !text.empty() && integer_part(text) == text.size();
}

/// -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?
bool is_number(std::string_view text) {
    const auto digits = [&] {
        size_t count = 0;
        while (count < text.size() && is_digit(text[count])) ++count;
        text.remove_prefix(count);
        return count > 0;
    };
    if (text.starts_with('-')) text.remove_prefix(1);
    const size_t whole = integer_part(text);
    if (whole == 0) return false;
    text.remove_prefix(whole);
    if (text.starts_with('.')) {
        text.remove_prefix(1);
        if (!digits()) return false;
    }
    if (text.starts_with('e') || text.starts_with('E')) {
        text.remove_prefix(1);
        if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
        if (!digits()) return false;
    }
    return text.empty();
}

std::string shorten(const std::string& text) {
    return text.size() <= kShownLetters ? text : text.substr(0, kShownLetters) + "...";
}

/// Edit distance of Levenshtein (Soviet Physics Doklady 10(8), 1966), row by row.
size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<size_t> row(b.size() + 1);
    for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (size_t i = 1; i <= a.size(); ++i) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.size(); ++j) {
            const size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
        }
    }
    return row[b.size()];
}

}  // namespace

void YamlNode::fail_at(int line, int column, const std::string& message) const {
    std::string text;
    if (file_) text = line > 0 ? fmt::format("{}:{}:{}: ", *file_, line, column) : *file_ + ": ";
    if (!path_.empty()) text += path_ + ": ";
    throw InputError(text + message);
}

void YamlNode::fail(const std::string& message) const {
    // A map or sequence in block style starts below its key; the key is the place people look for.
    const bool at_key = key_line_ > 0 && (is_map() || is_sequence());
    fail_at(at_key ? key_line_ : line_, at_key ? key_column_ : column_, message);
}

void YamlNode::fail_at_key(const std::string& message) const {
    fail_at(key_line_ > 0 ? key_line_ : line_, key_line_ > 0 ? key_column_ : column_, message);
}

void YamlNode::fail_kind(const std::string& expected) const {
    switch (kind_) {
        case Kind::null:
            fail(fmt::format("expected {}, found nothing", expected));
        case Kind::scalar:
            fail(fmt::format("expected {}, found {}'{}'", expected, quoted_ ? "the text " : "", shorten(scalar_)));
        case Kind::sequence:
            fail(fmt::format("expected {}, found a sequence", expected));
        case Kind::map:
            fail(fmt::format("expected {}, found a map", expected));
    }
    fail("expected " + expected);
}

std::string YamlNode::text() const {
    if (!is_scalar()) fail_kind("text");
    return scalar_;
}

int64_t YamlNode::integer(int64_t lowest, int64_t highest) const {
    using Limits = std::numeric_limits<int64_t>;
    std::string expected = fmt::format("an integer from {} to {}", lowest, highest);
    if (lowest == Limits::min() && highest == Limits::max())
        expected = "an integer";
    else if (highest == Limits::max())
        expected = fmt::format("an integer of at least {}", lowest);
    if (!is_scalar() || quoted_ || !is_integer(scalar_)) fail_kind(expected);
    int64_t value = 0;
    const auto [end, error] = std::from_chars(scalar_.data(), scalar_.data() + scalar_.size(), value);
    if (error != std::errc() || end != scalar_.data() + scalar_.size() || value < lowest || value > highest) {
        fail_kind(expected);
    }
    return value;
}

double YamlNode::number(double lowest, double highest) const {
    const bool open_below = lowest <= std::numeric_limits<double>::lowest();
    const bool open_above = highest >= std::numeric_limits<double>::max();
    std::string expected = fmt::format("a number from {} to {}", lowest, highest);
    if (open_below && open_above)
        expected = "a number";
    else if (open_above)
        expected = fmt::format("a number of at least {}", lowest);
    if (!is_scalar() || quoted_ || !is_number(scalar_)) fail_kind(expected);
    double value = 0;
    const auto [end, error] = std::from_chars(scalar_.data(), scalar_.data() + scalar_.size(), value);
    const bool parsed = error == std::errc() && end == scalar_.data() + scalar_.size() && std::isfinite(value);
    if (!parsed || value < lowest || value > highest) fail_kind(expected);
    return value;
}

bool YamlNode::boolean() const {
    if (!is_scalar() || quoted_ || (scalar_ != "true" && scalar_ != "false")) fail_kind("true or false");
    return scalar_ == "true";
}

const std::vector<YamlNode>& YamlNode::elements() const {
    if (!is_sequence()) fail_kind("a sequence");
    return elements_;
}

const std::vector<YamlNode::Entry>& YamlNode::entries() const {
    if (!is_map()) fail_kind("a map");
    return entries_;
}

const YamlNode* YamlNode::find(std::string_view key) const {
    for (const auto& [name, value] : entries()) {
        if (name == key) return &value;
    }
    return nullptr;
}

YamlNode YamlNode::merge(const YamlNode& base, const YamlNode& override_with) {
    if (!base.is_map() || !override_with.is_map()) return override_with;
    YamlNode result = override_with;
    result.entries_ = base.entries_;
    for (const auto& [key, value] : override_with.entries_) {
        const auto same_key = [&key = key](const Entry& entry) { return entry.first == key; };
        const auto found = std::find_if(result.entries_.begin(), result.entries_.end(), same_key);
        if (found == result.entries_.end()) {
            result.entries_.emplace_back(key, value);
        } else {
            found->second = merge(found->second, value);
        }
    }
    return result;
}

void YamlNode::relocate(const std::string& path) {
    path_ = path;
    for (size_t i = 0; i < elements_.size(); ++i) elements_[i].relocate(fmt::format("{}[{}]", path, i));
    for (auto& [key, value] : entries_) value.relocate(path + "." + key);
}

void YamlNode::remove(std::string_view key) {
    std::erase_if(entries_, [&](const Entry& entry) { return entry.first == key; });
}

void YamlNode::assign(std::string_view dotted_path, const YamlNode& value) {
    YamlNode* node = this;
    std::string path = path_;
    for (std::string_view rest = dotted_path;;) {
        const size_t dot = rest.find('.');
        const std::string key(rest.substr(0, dot));
        if (key.empty()) {
            value.fail(fmt::format("'{}' is no key path; expected names with one dot between them", dotted_path));
        }
        if (node->kind_ == Kind::null) node->kind_ = Kind::map;
        if (!node->is_map()) {
            value.fail(fmt::format("'{}' cannot be set: '{}' is {}, not a map", dotted_path, path,
                                   node->is_sequence() ? "a sequence" : "'" + shorten(node->scalar_) + "'"));
        }
        path = path.empty() ? key : path + "." + key;
        const auto same_key = [&key](const Entry& entry) { return entry.first == key; };
        auto found = std::find_if(node->entries_.begin(), node->entries_.end(), same_key);
        if (found == node->entries_.end()) {
            YamlNode made;
            made.file_ = value.file_;
            made.line_ = value.line_;
            made.column_ = value.column_;
            made.path_ = path;
            found = node->entries_.emplace(node->entries_.end(), key, std::move(made));
        }
        node = &found->second;
        if (dot == std::string_view::npos) break;
        rest.remove_prefix(dot + 1);
    }
    *node = value;
    node->relocate(path);
}

YamlMap::YamlMap(const YamlNode& node) : node_(node) {
    node.entries();  // throws where it is no map
}

const YamlNode* YamlMap::find(std::string_view key) {
    known_.emplace(key);
    return node_.find(key);
}

bool YamlMap::has(std::string_view key) {
    return find(key) != nullptr;
}

const YamlNode& YamlMap::require(std::string_view key) {
    const YamlNode* value = find(key);
    if (value == nullptr) node_.fail(fmt::format("the key '{}' is missing", key));
    return *value;
}

std::string YamlMap::text(std::string_view key, const std::string& fallback) {
    const YamlNode* value = find(key);
    return value == nullptr ? fallback : value->text();
}

int64_t YamlMap::integer(std::string_view key, int64_t lowest, int64_t highest, int64_t fallback) {
    const YamlNode* value = find(key);
    return value == nullptr ? fallback : value->integer(lowest, highest);
}

double YamlMap::number(std::string_view key, double lowest, double highest, double fallback) {
    const YamlNode* value = find(key);
    return value == nullptr ? fallback : value->number(lowest, highest);
}

bool YamlMap::boolean(std::string_view key, bool fallback) {
    const YamlNode* value = find(key);
    return value == nullptr ? fallback : value->boolean();
}

void YamlMap::finish() {
    for (const auto& [key, value] : node_.entries()) {
        if (known_.contains(key)) continue;
        const std::vector<std::string> known(known_.begin(), known_.end());
        const std::string nearest = nearest_name(key, known);
        value.fail_at_key(nearest.empty()
                              ? fmt::format("unknown key '{}'; expected one of {}", key, fmt::join(known, ", "))
                              : fmt::format("unknown key '{}'; nearest: '{}'", key, nearest));
    }
}

size_t YamlMap::choice_index(const YamlNode& node, const std::vector<std::string>& allowed) {
    const std::string name = node.text();
    const auto found = std::find(allowed.begin(), allowed.end(), name);
    if (found == allowed.end()) {
        const std::string nearest = nearest_name(name, allowed);
        node.fail(fmt::format("expected one of {}, found '{}'{}", fmt::join(allowed, ", "), shorten(name),
                              nearest.empty() ? "" : fmt::format("; nearest: '{}'", nearest)));
    }
    return static_cast<size_t>(found - allowed.begin());
}

std::string nearest_name(std::string_view name, const std::vector<std::string>& candidates) {
    constexpr size_t kLongestName = 200;  // beyond, it is no misspelt name
    std::string best;
    size_t best_distance = std::numeric_limits<size_t>::max();
    if (name.size() > kLongestName) return best;
    for (const std::string& candidate : candidates) {
        const size_t distance = edit_distance(name, candidate);
        if (distance < best_distance && 2 * distance <= std::max(name.size(), candidate.size())) {
            best = candidate;
            best_distance = distance;
        }
    }
    return best;
}

}  // namespace concrete::sim

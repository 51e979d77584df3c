// From text to YamlNode: yaml-cpp's parser reports events, and what YamlNode refuses is refused as it appears.
// (yaml-cpp's own nodes keep the last of duplicate keys and resolve aliases silently.)
#include <algorithm>
#include <fmt/format.h>
#include <sstream>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include "sim/error.h"
#include "sim/file.h"
#include "sim/yaml.h"

namespace concrete::sim {

namespace {

constexpr uint64_t kMaxBytes = uint64_t{16} << 20;
constexpr size_t kMaxDepth = 64;

}  // namespace

/// Builds one document from events. A stack holds the open sequences and maps.
class YamlBuilder : public YAML::EventHandler {
  public:
    explicit YamlBuilder(const std::string& file_name) : file_(std::make_shared<const std::string>(file_name)) {}

    YamlNode take() {
        root_.file_ = file_;
        if (root_.line_ == 0) root_.line_ = root_.column_ = 1;
        return std::move(root_);
    }

    [[noreturn]] void fail(const YAML::Mark& mark, const std::string& message) const {
        YamlNode place = node(YamlNode::Kind::null, mark);
        if (!open_.empty()) place.path_ = child_path();
        place.fail(message);
    }

    void OnDocumentStart(const YAML::Mark& mark) override {
        if (documents_++ > 0) fail(mark, "a second document begins; expected one document in the file");
    }
    void OnDocumentEnd() override {}
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
        fail(mark, "aliases (*name) are not allowed; write the value out");
    }
    void OnAnchor(const YAML::Mark& mark, const std::string& name) override {
        fail(mark, fmt::format("anchors (&{}) are not allowed; write the value out where it is used", name));
    }
    void OnNull(const YAML::Mark& mark, YAML::anchor_t) override {
        if (expects_key()) fail(mark, "expected a key, found nothing");
        add(node(YamlNode::Kind::null, mark));
    }
    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t, const std::string& value) override {
        refuse_tag(mark, tag);
        const bool quoted = tag == "!";
        if (expects_key()) {
            take_key(mark, value, quoted);
            return;
        }
        YamlNode scalar = node(YamlNode::Kind::scalar, mark);
        scalar.scalar_ = value;
        scalar.quoted_ = quoted;
        add(std::move(scalar));
    }
    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                         YAML::EmitterStyle::value) override {
        open(mark, tag, YamlNode::Kind::sequence);
    }
    void OnSequenceEnd() override { close(); }
    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                    YAML::EmitterStyle::value) override {
        open(mark, tag, YamlNode::Kind::map);
    }
    void OnMapEnd() override { close(); }

  private:
    struct Open {
        YamlNode node;
        bool has_key = false;
        std::string key;
        YAML::Mark key_mark;
    };

    YamlNode node(YamlNode::Kind kind, const YAML::Mark& mark) const {
        YamlNode result;
        result.kind_ = kind;
        result.file_ = file_;
        result.line_ = mark.line + 1;
        result.column_ = mark.column + 1;
        return result;
    }

    bool expects_key() const { return !open_.empty() && open_.back().node.is_map() && !open_.back().has_key; }

    std::string child_path() const {
        const Open& parent = open_.back();
        const std::string& path = parent.node.path_;
        if (parent.node.is_sequence()) return fmt::format("{}[{}]", path, parent.node.elements_.size());
        if (!parent.has_key) return path;
        return path.empty() ? parent.key : path + "." + parent.key;
    }

    // "?" is a plain value without a tag, "!" a quoted one; anything else was written.
    void refuse_tag(const YAML::Mark& mark, const std::string& tag) const {
        if (!tag.empty() && tag != "?" && tag != "!") fail(mark, fmt::format("tags ({}) are not allowed", tag));
    }

    void take_key(const YAML::Mark& mark, const std::string& key, bool quoted) {
        if (key == "<<" && !quoted) fail(mark, "merge keys (<<) are not allowed; write the entries out");
        Open& map = open_.back();
        for (const auto& [other, value] : map.node.entries_) {
            if (other == key) fail(mark, fmt::format("duplicate key '{}', first on line {}", key, value.key_line_));
        }
        map.has_key = true;
        map.key = key;
        map.key_mark = mark;
    }

    void open(const YAML::Mark& mark, const std::string& tag, YamlNode::Kind kind) {
        refuse_tag(mark, tag);
        if (expects_key()) fail(mark, "a key must be text, not a sequence or a map");
        if (open_.size() >= kMaxDepth) fail(mark, fmt::format("nested deeper than {} levels", kMaxDepth));
        YamlNode container = node(kind, mark);
        if (!open_.empty()) container.path_ = child_path();
        open_.push_back({std::move(container), false, "", {}});
    }

    void close() {
        YamlNode finished = std::move(open_.back().node);
        open_.pop_back();
        add(std::move(finished));
    }

    void add(YamlNode child) {
        if (open_.empty()) {
            root_ = std::move(child);
            return;
        }
        child.path_ = child_path();
        Open& parent = open_.back();
        if (parent.node.is_sequence()) {
            parent.node.elements_.push_back(std::move(child));
            return;
        }
        child.key_line_ = parent.key_mark.line + 1;
        child.key_column_ = parent.key_mark.column + 1;
        parent.node.entries_.emplace_back(std::move(parent.key), std::move(child));
        parent.has_key = false;
    }

    std::shared_ptr<const std::string> file_;
    YamlNode root_;
    std::vector<Open> open_;
    int documents_ = 0;
};

YamlNode parse_yaml(std::string_view text, const std::string& file_name) {
    YamlBuilder builder(file_name);
    try {
        std::istringstream stream{std::string(text)};
        YAML::Parser parser(stream);
        while (parser.HandleNextDocument(builder)) {
        }
    } catch (const YAML::Exception& e) {
        throw InputError(fmt::format("{}:{}:{}: {}", file_name, std::max(e.mark.line, 0) + 1,
                                     std::max(e.mark.column, 0) + 1, e.msg));
    }
    return builder.take();
}

YamlNode load_yaml(const std::filesystem::path& path) {
    return parse_yaml(read_file(path, kMaxBytes), path.string());
}

}  // namespace concrete::sim

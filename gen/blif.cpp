#include "gen/blif.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <set>

#include "sim/error.h"

namespace concrete::gen {

std::optional<uint32_t> BlifModel::find(std::string_view signal) const {
    const auto found = numbers_.find(signal);
    if (found == numbers_.end()) return std::nullopt;
    return found->second;
}

uint32_t BlifModel::intern(std::string_view signal) {
    const auto known = numbers_.find(signal);
    if (known != numbers_.end()) return known->second;
    const auto number = static_cast<uint32_t>(signals.size());
    signals.emplace_back(signal);
    numbers_.emplace(signal, number);
    return number;
}

namespace {

using Words = std::vector<uint64_t>;

constexpr size_t kMaxCoverInputs = 4096;
constexpr size_t kMaxShown = 60;

std::string shorten(std::string_view text) {
    if (text.size() <= kMaxShown) return std::string(text);
    return std::string(text.substr(0, kMaxShown)) + "...";
}

size_t table_words(size_t inputs) {
    return inputs <= 6 ? 1 : size_t{1} << (inputs - 6);
}

/// Ones where a table of `inputs` inputs has bits.
uint64_t last_word_mask(size_t inputs) {
    return inputs >= 6 ? ~uint64_t{0} : (uint64_t{1} << (size_t{1} << inputs)) - 1;
}

/// The bits of one word of a table in which input i < 6 is 1.
constexpr std::array<uint64_t, 6> kInputPattern{0xaaaaaaaaaaaaaaaa, 0xcccccccccccccccc, 0xf0f0f0f0f0f0f0f0,
                                                0xff00ff00ff00ff00, 0xffff0000ffff0000, 0xffffffff00000000};

/// Adds the inputs that a cube ("1-0") covers.
void cover(Words& table, std::string_view cube) {
    uint64_t within = ~uint64_t{0};
    for (size_t i = 0; i < std::min<size_t>(cube.size(), 6); ++i) {
        if (cube[i] != '-') within &= cube[i] == '1' ? kInputPattern[i] : ~kInputPattern[i];
    }
    for (size_t word = 0; word < table.size(); ++word) {
        bool is_in = true;
        for (size_t i = 6; i < cube.size() && is_in; ++i) {
            is_in = cube[i] == '-' || (word >> (i - 6) & 1) == static_cast<size_t>(cube[i] - '0');
        }
        if (is_in) table[word] |= within;
    }
}

void complement(Words& table, size_t inputs) {
    for (uint64_t& word : table) word = ~word;
    table.back() &= last_word_mask(inputs);
}

/// The lines of a text without comments, continued ones joined, as words.
class Lines {
  public:
    Lines(std::string_view text, const std::string& shown) : text_(text), shown_(shown) {}

    /// The words of the next line that has any, and the number of its first line; false at the end.
    bool next(std::vector<std::string_view>& words, int& line) {
        words.clear();
        bool goes_on = false;
        while (at_ < text_.size()) {
            ++number_;
            const size_t end = std::min(text_.find('\n', at_), text_.size());
            std::string_view rest = text_.substr(at_, end - at_);
            at_ = end + 1;
            if (words.empty()) line = number_;
            rest = rest.substr(0, rest.find('#'));
            while (!rest.empty() && is_space(rest.back())) rest.remove_suffix(1);
            goes_on = rest.ends_with('\\');
            if (goes_on) rest.remove_suffix(1);
            split(rest, words);
            if (!goes_on && !words.empty()) return true;
        }
        if (goes_on) throw InputError(fmt::format("{}:{}: the last line ends in '\\'", shown_, number_));
        return !words.empty();
    }

  private:
    static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r'; }

    void split(std::string_view text, std::vector<std::string_view>& words) const {
        for (size_t at = 0; at < text.size();) {
            const size_t begin = at;
            while (at < text.size() && !is_space(text[at])) {
                if (text[at] < ' ' || text[at] > '~')
                    throw InputError(fmt::format("{}:{}: holds byte 0x{:02x}, expected printable ASCII", shown_,
                                                 number_, static_cast<unsigned char>(text[at])));
                ++at;
            }
            if (at > begin) words.push_back(text.substr(begin, at - begin));
            while (at < text.size() && is_space(text[at])) ++at;
        }
    }

    std::string_view text_;
    const std::string& shown_;
    size_t at_ = 0;
    int number_ = 0;
};

class Reader {
  public:
    Reader(std::string_view text, const std::string& shown) : lines_(text, shown), shown_(shown) {}

    std::vector<BlifModel> read() {
        while (lines_.next(words_, line_)) {
            if (words_[0].starts_with('.')) {
                end_cover();
                directive();
            } else {
                cube();
            }
        }
        end_model();
        if (models_.empty()) throw InputError(fmt::format("{}: holds no .model; expected BLIF", shown_));
        return std::move(models_);
    }

  private:
    using Words_ = std::vector<std::string_view>;

    InputError error(const std::string& text) const {
        return InputError(fmt::format("{}:{}: {}", shown_, line_, text));
    }

    void count(uint64_t items) {
        items_ += items;
        if (items_ > kMaxBlifItems)
            throw error(fmt::format("more than {} signals, gates and words of truth tables", kMaxBlifItems));
    }

    void directive() {
        const std::string_view what = words_[0];
        if (what == ".model") return begin_model();
        if (!is_open_) {
            throw error(fmt::format("'{}' stands outside a model, expected .model", shorten(what)));
        }
        if (what == ".end") return end_model();
        if (what == ".inputs") return pins(model().inputs, true);
        if (what == ".outputs") return pins(model().outputs, false);
        if (what == ".names") return names();
        if (what == ".latch") return latch();
        if (what == ".subckt") return subckt();
        if (what == ".clock") return;  // names what .latch names as well
        throw error(fmt::format(
            "'{}' is not supported, expected .model, .inputs, .outputs, .names, .latch, .subckt, .clock or .end",
            shorten(what)));
    }

    BlifModel& model() { return models_.back(); }

    void begin_model() {
        end_model();
        if (words_.size() != 2) throw error(".model expects one name");
        for (const BlifModel& known : models_) {
            if (known.name == words_[1])
                throw error(fmt::format("model '{}' stands in line {} already", shorten(words_[1]), known.line));
        }
        models_.emplace_back();
        model().name = words_[1];
        model().line = line_;
        driven_at_.clear();
        is_open_ = true;
    }

    void end_model() {
        end_cover();
        is_open_ = false;
    }

    uint32_t signal(std::string_view name) {
        const uint32_t number = model().intern(name);
        if (number == driven_at_.size()) {
            count(1);
            driven_at_.push_back(0);
        }
        return number;
    }

    uint32_t driven(std::string_view name) {
        const uint32_t number = signal(name);
        if (driven_at_[number] != 0)
            throw error(fmt::format("signal '{}' is driven in line {} already", shorten(name), driven_at_[number]));
        driven_at_[number] = line_;
        return number;
    }

    void pins(std::vector<uint32_t>& into, bool are_inputs) {
        for (size_t i = 1; i < words_.size(); ++i) {
            into.push_back(are_inputs ? driven(words_[i]) : signal(words_[i]));
            if (are_inputs) continue;
            if (!outputs_.insert({models_.size(), into.back()}).second)
                throw error(fmt::format("output '{}' is named twice", shorten(words_[i])));
        }
    }

    // A gate: its head, then its cover line by line. Narrow covers go into a table at once, wide ones are kept.

    void names() {
        if (words_.size() < 2) throw error(".names expects at least the name of its output");
        if (words_.size() - 2 > kMaxCoverInputs)
            throw error(fmt::format(".names has {} inputs, expected at most {}", words_.size() - 2, kMaxCoverInputs));
        gate_ = {};
        for (size_t i = 1; i + 1 < words_.size(); ++i) gate_.inputs.push_back(signal(words_[i]));
        gate_.output = driven(words_.back());
        gate_.line = line_;
        in_cover_ = true;
        cover_value_ = '-';
        cubes_.clear();
        if (!is_wide()) gate_.table.assign(table_words(gate_.inputs.size()), 0);
        count(1 + gate_.table.size());
    }

    bool is_wide() const { return gate_.inputs.size() > kMaxBlifGateInputs; }

    void cube() {
        if (!in_cover_)
            throw error(fmt::format("'{}' is a line of a cover, but no .names precedes it", shorten(words_[0])));
        const size_t inputs = gate_.inputs.size();
        const std::string_view in = inputs == 0 ? std::string_view{} : words_[0];
        if (words_.size() != (inputs == 0 ? 1u : 2u) || in.size() != inputs || words_.back().size() != 1)
            throw error(fmt::format("expected {} letters 0, 1 or - and the output's 0 or 1", inputs));
        const char value = words_.back()[0];
        if (in.find_first_not_of("01-") != std::string_view::npos || (value != '0' && value != '1'))
            throw error(fmt::format("'{}' does not fit: a cover has 0, 1 and - for inputs, 0 or 1 for the output",
                                    shorten(in.empty() ? words_.back() : in)));
        if (cover_value_ != '-' && cover_value_ != value) throw error("a cover lists ones or zeros, not both");
        cover_value_ = value;
        if (is_wide()) {
            count(1 + inputs / 8);
            cubes_.emplace_back(in);
        } else {
            cover(gate_.table, in);
        }
    }

    void end_cover() {
        if (!in_cover_) return;
        in_cover_ = false;
        if (is_wide()) return break_down();
        gate_.table.back() &= last_word_mask(gate_.inputs.size());
        if (cover_value_ == '0') complement(gate_.table, gate_.inputs.size());
        model().gates.push_back(std::move(gate_));
    }

    /// A wide cover as a tree: AND of the literals of each cube, OR of the cubes, both in pieces.
    void break_down() {
        std::vector<std::pair<uint32_t, char>> terms;
        for (const std::string& one : cubes_) {
            std::vector<std::pair<uint32_t, char>> literals;
            for (size_t i = 0; i < one.size(); ++i) {
                if (one[i] != '-') literals.emplace_back(gate_.inputs[i], one[i]);
            }
            terms.emplace_back(conjunction(std::move(literals)), '0');
        }
        const uint32_t none = conjunction(std::move(terms));  // no cube holds
        model().gates.push_back({{none}, gate_.output, {cover_value_ == '0' ? 0b10u : 0b01u}, gate_.line});
    }

    /// A new signal that is 1 where all literals (signal, its value) hold.
    uint32_t conjunction(std::vector<std::pair<uint32_t, char>> literals) {
        for (;;) {
            std::vector<std::pair<uint32_t, char>> next;
            for (size_t begin = 0; begin == 0 || begin < literals.size(); begin += kMaxBlifGateInputs) {
                BlifModel::Gate piece;
                std::string cube;
                const size_t end = std::min(literals.size(), begin + kMaxBlifGateInputs);
                for (size_t i = begin; i < end; ++i) {
                    piece.inputs.push_back(literals[i].first);
                    cube += literals[i].second;
                }
                piece.table.assign(table_words(cube.size()), 0);
                cover(piece.table, cube);
                piece.table.back() &= last_word_mask(cube.size());
                piece.line = gate_.line;
                std::string name;  // with a blank, which no name in a file has
                do {
                    name = fmt::format("wide {}", made_++);
                } while (model().find(name));
                piece.output = driven(name);
                count(1 + piece.table.size());
                next.emplace_back(piece.output, '1');
                model().gates.push_back(std::move(piece));
            }
            if (next.size() == 1) return next[0].first;
            literals = std::move(next);
        }
    }

    void latch() {
        static constexpr std::array<std::string_view, 5> kTypes{"re", "fe", "ah", "al", "as"};
        BlifModel::Latch made;
        const auto bad = [this] { return error(".latch expects: input output [re|fe|ah|al|as clock] [0|1|2|3]"); };
        if (words_.size() < 3 || words_.size() > 6) throw bad();
        size_t at = 3;
        if (words_.size() >= 5) {
            made.type = words_[3];
            if (std::find(kTypes.begin(), kTypes.end(), words_[3]) == kTypes.end()) throw bad();
            if (words_[4] != "NIL") made.clock = signal(words_[4]);
            at = 5;
        }
        if (at < words_.size()) {
            const std::string_view init = words_[at];
            if (init.size() != 1 || init[0] < '0' || init[0] > '3') throw bad();
            made.init = init[0] - '0';
        }
        made.input = signal(words_[1]);
        made.output = driven(words_[2]);
        made.line = line_;
        count(1);
        model().latches.push_back(std::move(made));
    }

    void subckt() {
        if (words_.size() < 2) throw error(".subckt expects the name of a model and its pins");
        BlifModel::Instance made{std::string(words_[1]), {}, line_};
        for (size_t i = 2; i < words_.size(); ++i) {
            const size_t equals = words_[i].find('=');
            if (equals == 0 || equals == std::string_view::npos || equals + 1 == words_[i].size())
                throw error(fmt::format("'{}' is no pin=signal", shorten(words_[i])));
            made.pins.emplace_back(words_[i].substr(0, equals), signal(words_[i].substr(equals + 1)));
            count(1);
        }
        count(1);
        model().instances.push_back(std::move(made));
    }

    Lines lines_;
    const std::string& shown_;
    Words_ words_;
    int line_ = 0;
    uint64_t items_ = 0;
    std::vector<BlifModel> models_;
    bool is_open_ = false;
    std::vector<int> driven_at_;                     ///< by signal of the open model: line, or 0
    std::set<std::pair<size_t, uint32_t>> outputs_;  ///< named so far, with the number of models
    bool in_cover_ = false;
    BlifModel::Gate gate_;
    char cover_value_ = '-';
    std::vector<std::string> cubes_;
    uint64_t made_ = 0;
};

/// Puts instances in place of their models, depth first.
class Flattener {
  public:
    Flattener(const std::vector<BlifModel>& models, const std::string& shown) : shown_(shown) {
        for (const BlifModel& model : models) models_[model.name] = &model;
    }

    BlifModel flatten(const BlifModel& top) {
        flat_.name = top.name;
        flat_.line = top.line;
        std::vector<uint32_t> map(top.signals.size());
        for (size_t i = 0; i < map.size(); ++i) map[i] = flat_.intern(top.signals[i]);
        driven_.resize(map.size());
        flat_.inputs = top.inputs;
        flat_.outputs = top.outputs;
        for (const uint32_t input : top.inputs) driven_[input] = true;
        place(top, map);
        return std::move(flat_);
    }

  private:
    InputError error(int line, const std::string& text) const {
        return InputError(fmt::format("{}:{}: {}", shown_, line, text));
    }

    uint32_t drive(uint32_t signal, int line) {
        if (driven_[signal])
            throw error(line, fmt::format("signal '{}' has more than one driver", shorten(flat_.signals[signal])));
        driven_[signal] = true;
        return signal;
    }

    void count(uint64_t items, int line) {
        items_ += items;
        if (items_ > kMaxBlifItems)
            throw error(line, fmt::format("with all instances in place there are more than {} signals, gates and words "
                                          "of truth tables",
                                          kMaxBlifItems));
    }

    /// Adds what a model holds; map: its signals as signals of the result.
    void place(const BlifModel& model, const std::vector<uint32_t>& map) {
        constexpr size_t deepest = 100;
        if (open_.size() >= deepest)
            throw error(model.line, fmt::format("models are nested more than {} deep", deepest));
        if (!open_.insert(&model).second)
            throw error(model.line, fmt::format("model '{}' contains itself", shorten(model.name)));
        for (const BlifModel::Gate& gate : model.gates) {
            BlifModel::Gate placed = gate;
            for (uint32_t& input : placed.inputs) input = map[input];
            placed.output = drive(map[gate.output], gate.line);
            count(1 + placed.table.size(), gate.line);
            flat_.gates.push_back(std::move(placed));
        }
        for (const BlifModel::Latch& latch : model.latches) {
            BlifModel::Latch placed = latch;
            placed.input = map[latch.input];
            placed.output = drive(map[latch.output], latch.line);
            if (latch.clock) placed.clock = map[*latch.clock];
            count(1, latch.line);
            flat_.latches.push_back(std::move(placed));
        }
        for (const BlifModel::Instance& instance : model.instances) place(instance, map);
        open_.erase(&model);
    }

    void place(const BlifModel::Instance& instance, const std::vector<uint32_t>& outer) {
        const auto found = models_.find(instance.model);
        if (found == models_.end())
            throw error(instance.line,
                        fmt::format(".subckt of '{}', which is no model of this file", shorten(instance.model)));
        const BlifModel& model = *found->second;
        constexpr uint32_t none = ~uint32_t{0};
        std::vector<uint32_t> map(model.signals.size(), none);
        const std::set<uint32_t> inputs(model.inputs.begin(), model.inputs.end());
        const std::set<uint32_t> outputs(model.outputs.begin(), model.outputs.end());
        for (const auto& [port, signal] : instance.pins) {
            const auto inner = model.find(port);
            const bool is_input = inner && inputs.contains(*inner);
            if (!is_input && !(inner && outputs.contains(*inner)))
                throw error(instance.line,
                            fmt::format("model '{}' has no port '{}'", shorten(model.name), shorten(port)));
            if (map[*inner] != none)
                throw error(instance.line, fmt::format("port '{}' is connected twice", shorten(port)));
            map[*inner] = outer[signal];
        }
        for (const uint32_t input : inputs) {
            if (map[input] == none)
                throw error(instance.line, fmt::format("input '{}' of model '{}' is not connected",
                                                       shorten(model.signals[input]), shorten(model.name)));
        }
        const uint64_t number = placed_++;
        count(1, instance.line);
        for (size_t i = 0; i < map.size(); ++i) {
            if (map[i] != none) continue;
            count(1, instance.line);
            std::string name = fmt::format("{}#{}/{}", instance.model, number, model.signals[i]);  // '#': in no file
            map[i] = flat_.intern(name);
            driven_.resize(flat_.signals.size());
        }
        place(model, map);
    }

    std::map<std::string, const BlifModel*, std::less<>> models_;
    const std::string& shown_;
    BlifModel flat_;
    std::vector<bool> driven_;
    std::set<const BlifModel*> open_;
    uint64_t items_ = 0, placed_ = 0;
};

}  // namespace

std::vector<BlifModel> read_blif(std::string_view text, const std::string& shown) {
    if (text.size() > kMaxBlifBytes)
        throw InputError(fmt::format("{}: is {} bytes long, expected at most {}", shown, text.size(), kMaxBlifBytes));
    return Reader(text, shown).read();
}

BlifModel flatten_blif(const std::vector<BlifModel>& models, const std::string& top, const std::string& shown) {
    for (const BlifModel& model : models) {
        if (top.empty() || model.name == top) return Flattener(models, shown).flatten(model);
    }
    throw InputError(fmt::format("{}: holds no model '{}'", shown, shorten(top)));
}

}  // namespace concrete::gen

#include "gen/mac_model.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>
#include <optional>
#include <random>
#include <set>

#include "sim/error.h"
#include "sim/netlist_builder.h"

namespace concrete::gen {
namespace {

using sim::NetlistBuilder;
using Word = NetlistBuilder::Word;

constexpr int kMostStages = 8;

size_t port_bits(std::span<const sim::Port> ports, const std::string& name) {
    for (const sim::Port& port : ports)
        if (port.name == name) return static_cast<size_t>(port.bits);
    return 0;
}

/// For every output the inputs that it reads through nodes.
std::vector<std::set<uint32_t>> supports(const sim::Netlist& netlist) {
    std::vector<std::set<uint32_t>> result;
    for (const uint32_t output : netlist.outputs) {
        std::vector<bool> seen(netlist.signals(), false);
        std::vector<uint32_t> open{output};
        std::set<uint32_t> inputs;
        while (!open.empty()) {
            const uint32_t signal = open.back();
            open.pop_back();
            if (seen[signal] || signal < sim::Netlist::kFirstInput) continue;
            seen[signal] = true;
            if (signal < netlist.first_node()) {
                inputs.insert(signal - sim::Netlist::kFirstInput);
                continue;
            }
            for (const uint32_t fanin : netlist.nodes[signal - netlist.first_node()].fanin) open.push_back(fanin);
        }
        result.push_back(std::move(inputs));
    }
    return result;
}

class Extraction {
  public:
    Extraction(const ClockedCircuit& circuit, const MacPorts& ports, const std::string& name)
        : circuit_(circuit), ports_(ports), name_(name), registers_(circuit.registers.size()) {
        a_bits_ = port_bits(circuit.inputs, ports.a);
        b_bits_ = port_bits(circuit.inputs, ports.b);
        y_bits_ = port_bits(circuit.outputs, ports.y);
    }

    MacModel run() {
        settle();
        find_accumulator();
        refuse_hidden_state();
        const int stages = pipeline_stages();
        MacModel model;
        model.latency = stages + 1 + output_stages_;
        if (model.latency > kMostStages)
            fail(fmt::format("a latency of {} clocks, expected at most {}", model.latency, kMostStages));
        model.step = step(stages);
        return model;
    }

  private:
    [[noreturn]] void fail(const std::string& what) const { throw InputError(name_ + ": " + what); }

    std::string names(const std::set<size_t>& registers) const {
        constexpr size_t most = 6;
        std::vector<std::string> list;
        for (const size_t r : registers) {
            const std::string& full = circuit_.registers[r];
            const std::string word = "'" + full.substr(0, full.find('[')) + "'";
            if (std::find(list.begin(), list.end(), word) == list.end()) list.push_back(word);
        }
        const bool more = list.size() > most;
        list.resize(std::min(list.size(), most));
        return fmt::format("{}{}", fmt::join(list, ", "), more ? ", ..." : "");
    }

    /// The circuit for an inactive clear, an active enable and what registers settle to. Inputs: all bits of a, b, then
    /// the rest as they are.
    sim::Netlist specialized(const std::map<size_t, bool>& settled) const {
        NetlistBuilder build(circuit_.netlist.inputs);
        Word inputs;
        for (const sim::Port& port : circuit_.inputs)
            for (int bit = 0; bit < port.bits; ++bit) {
                const auto at = static_cast<uint32_t>(inputs.size());
                const bool is_clear = port.name == ports_.clear, is_enable = port.name == ports_.enable;
                const bool value = is_clear ? ports_.clear_low : true;
                inputs.push_back(is_clear || is_enable ? build.constant(value) : build.input(at));
            }
        for (size_t r = 0; r < registers_; ++r) {
            const auto at = static_cast<uint32_t>(inputs.size());
            const auto known = settled.find(r);
            inputs.push_back(known == settled.end() ? build.input(at) : build.constant(known->second));
        }
        return build.finish(build.append(circuit_.netlist, inputs));
    }

    uint32_t next_of(size_t r) const { return steady_.outputs[circuit_.output_bits() + r]; }
    const std::set<uint32_t>& sources_of(size_t r) const { return support_[circuit_.output_bits() + r]; }

    void settle() {
        std::map<size_t, bool> settled;
        for (bool is_new = true; is_new;) {
            is_new = false;
            steady_ = specialized(settled);
            for (size_t r = 0; r < registers_; ++r)
                if (next_of(r) <= sim::Netlist::kOne)
                    is_new = settled.emplace(r, next_of(r) == sim::Netlist::kOne).second || is_new;
        }
        support_ = supports(steady_);
    }

    /// The register that a signal is, if it is one.
    std::optional<size_t> as_register(uint32_t signal) const {
        const size_t first = sim::Netlist::kFirstInput + circuit_.input_bits();
        if (signal < first || signal >= steady_.first_node()) return std::nullopt;
        return signal - first;
    }

    std::set<size_t> registers_in(const std::set<uint32_t>& inputs) const {
        std::set<size_t> result;
        for (const uint32_t input : inputs)
            if (input >= circuit_.input_bits()) result.insert(input - circuit_.input_bits());
        return result;
    }

    /// All registers that some depend on, over any number of clocks.
    std::set<size_t> closure(std::set<size_t> from) const {
        std::vector<size_t> open(from.begin(), from.end());
        while (!open.empty()) {
            const size_t r = open.back();
            open.pop_back();
            for (const size_t source : registers_in(sources_of(r)))
                if (from.insert(source).second) open.push_back(source);
        }
        return from;
    }

    bool is_recurrent(size_t r) const { return closure(registers_in(sources_of(r))).contains(r); }

    /// Follows y to the registers in a cycle, through copies.
    void find_accumulator() {
        accumulator_.assign(y_bits_, std::nullopt);
        constants_.assign(y_bits_, false);
        std::vector<std::vector<size_t>> chains(y_bits_);
        std::optional<size_t> depth;
        for (size_t bit = 0; bit < y_bits_; ++bit) {
            uint32_t signal = steady_.outputs[circuit_.output_at(ports_.y) + bit];
            if (signal <= sim::Netlist::kOne) {
                constants_[bit] = signal == sim::Netlist::kOne;
                continue;
            }
            while (const auto r = as_register(signal)) {
                if (std::find(chains[bit].begin(), chains[bit].end(), *r) != chains[bit].end()) break;
                chains[bit].push_back(*r);
                if (is_recurrent(*r)) break;
                signal = next_of(*r);
            }
            if (chains[bit].empty())
                fail(fmt::format("output {}[{}] is no register's but computed from {}, expected the accumulator itself",
                                 ports_.y, bit, names(registers_in(support_[circuit_.output_at(ports_.y) + bit]))));
            if (!is_recurrent(chains[bit].back())) continue;
            const size_t found = chains[bit].size() - 1;
            if (depth && *depth != found)
                fail(fmt::format("output {}[{}] shows its register after {} clocks more, another bit after {}",
                                 ports_.y, bit, found, *depth));
            depth = found;
        }
        if (!depth) fail(fmt::format("output '{}' accumulates nothing: none of its registers reads itself", ports_.y));
        std::map<size_t, size_t> bit_of;
        for (size_t bit = 0; bit < y_bits_; ++bit) {
            if (chains[bit].empty()) continue;
            if (chains[bit].size() <= *depth)
                fail(fmt::format("output {}[{}] follows register {} sooner than the other bits", ports_.y, bit,
                                 names({chains[bit].back()})));
            accumulator_[bit] = chains[bit][*depth];
            if (const auto [at, is_new] = bit_of.emplace(*accumulator_[bit], bit); !is_new)
                fail(fmt::format("outputs {0}[{1}] and {0}[{2}] are one register: give the width that accumulates",
                                 ports_.y, at->second, bit));
        }
        output_stages_ = static_cast<int>(*depth);
    }

    std::set<size_t> accumulator_registers() const {
        std::set<size_t> result;
        for (const auto& r : accumulator_)
            if (r) result.insert(*r);
        return result;
    }

    void refuse_hidden_state() {
        const std::set<size_t> accumulator = accumulator_registers();
        std::set<size_t> hidden;
        // A register that the accumulator reads and that reads the accumulator holds a part of the sum, even where no
        // bit of it reads itself: carries climb from bit to bit.
        for (const size_t r : closure(accumulator)) {
            if (accumulator.contains(r)) continue;
            const std::set<size_t> read = closure(registers_in(sources_of(r)));
            const bool reads_sum =
                std::any_of(read.begin(), read.end(), [&](size_t s) { return accumulator.contains(s); });
            if (reads_sum || read.contains(r)) hidden.insert(r);
        }
        if (!hidden.empty())
            fail(
                fmt::format("register {} remembers, beside the accumulator that '{}' shows, what the next step depends "
                            "on: hidden state",
                            names(hidden), ports_.y));
        // What the accumulator reads is otherwise a pipeline, so that it must start at the operands.
        for (const size_t r : closure(accumulator)) {
            for (const uint32_t input : sources_of(r)) {
                if (input >= circuit_.input_bits() || is_operand(input)) continue;
                fail(
                    fmt::format("register {} reads an input that is neither operand while clear is inactive and enable "
                                "active",
                                names({r})));
            }
        }
    }

    bool is_operand(uint32_t input) const {
        const size_t a = circuit_.input_at(ports_.a), b = circuit_.input_at(ports_.b);
        return (a <= input && input < a + a_bits_) || (b <= input && input < b + b_bits_);
    }

    /// Registers between operands and accumulator, which must be as many on every way.
    int pipeline_stages() const {
        const std::set<size_t> accumulator = accumulator_registers();
        std::map<size_t, std::optional<int>> stage;
        std::optional<int> all;
        std::optional<size_t> witness;
        for (const size_t r : accumulator) {
            const auto found = stages_before(r, accumulator, stage);
            if (!found) continue;
            if (all && *all != *found)
                fail(
                    fmt::format("operands reach register {} after {} clocks and register {} after {}: they must be "
                                "delayed alike",
                                names({*witness}), *all + 1, names({r}), *found + 1));
            all = found;
            witness = r;
        }
        if (!all) fail(fmt::format("'{}' does not depend on '{}' and '{}'", ports_.y, ports_.a, ports_.b));
        return *all;
    }

    /// Nothing for a register that no operand reaches. No recursion deeper than the pipeline, which hidden-state checks
    /// have shown to be without cycles.
    std::optional<int> stages_before(size_t r, const std::set<size_t>& accumulator,
                                     std::map<size_t, std::optional<int>>& known) const {
        if (const auto at = known.find(r); at != known.end()) return at->second;
        std::optional<int> stages;
        std::string first;
        const auto join = [&](int found, const std::string& by) {
            if (stages && *stages != found)
                fail(
                    fmt::format("register {} reads {} {} clocks after the operands, but {} {} after: operands must be "
                                "delayed alike",
                                names({r}), first, *stages, by, found));
            stages = found;
            first = by;
        };
        for (const uint32_t input : sources_of(r)) {
            if (input < circuit_.input_bits()) {
                const bool is_a = input - circuit_.input_at(ports_.a) < a_bits_;
                join(0, "'" + (is_a ? ports_.a : ports_.b) + "'");
                continue;
            }
            const size_t source = input - circuit_.input_bits();
            if (accumulator.contains(source)) continue;
            if (const auto found = stages_before(source, accumulator, known)) join(*found + 1, names({source}));
        }
        return known[r] = stages;
    }

    sim::Netlist step(int stages) const {
        NetlistBuilder build(static_cast<uint32_t>(a_bits_ + b_bits_ + y_bits_));
        Word inputs(steady_.inputs, build.zero());
        const auto bind = [&](size_t at, uint32_t from, size_t bits) {
            for (size_t i = 0; i < bits; ++i) inputs[at + i] = build.input(from + static_cast<uint32_t>(i));
        };
        bind(circuit_.input_at(ports_.a), 0, a_bits_);
        bind(circuit_.input_at(ports_.b), static_cast<uint32_t>(a_bits_), b_bits_);
        const size_t first = circuit_.input_bits(), outputs = circuit_.output_bits();
        const auto bind_accumulator = [&] {
            for (size_t bit = 0; bit < y_bits_; ++bit)
                if (accumulator_[bit])
                    inputs[first + *accumulator_[bit]] = build.input(static_cast<uint32_t>(a_bits_ + b_bits_ + bit));
        };
        bind_accumulator();
        // Each round puts one more stage of the pipeline in terms of the operands.
        Word next = build.append(steady_, inputs);
        for (int round = 0; round < stages; ++round) {
            for (size_t r = 0; r < registers_; ++r) inputs[first + r] = next[outputs + r];
            bind_accumulator();
            next = build.append(steady_, inputs);
        }
        Word result;
        for (size_t bit = 0; bit < y_bits_; ++bit)
            result.push_back(accumulator_[bit] ? next[outputs + *accumulator_[bit]] : build.constant(constants_[bit]));
        return build.finish(result);
    }

    const ClockedCircuit& circuit_;
    const MacPorts& ports_;
    const std::string& name_;
    size_t registers_, a_bits_, b_bits_, y_bits_;
    sim::Netlist steady_;
    std::vector<std::set<uint32_t>> support_;
    std::vector<std::optional<size_t>> accumulator_;  ///< by bit of y; nothing for a constant
    std::vector<bool> constants_;
    int output_stages_ = 0;
};

/// Clocks the netlist, 64 lanes at a time, with seeded operands and init.
class LaneSimulator {
  public:
    LaneSimulator(const ClockedCircuit& circuit, const MacPorts& ports) : circuit_(circuit), ports_(ports), random_(1) {
        registers_.resize(circuit.registers.size());
        for (uint64_t& word : registers_) word = random_();
        for (size_t i = 0; i < port_bits(circuit.inputs, ports.init); ++i) init_.push_back(random_());
    }

    /// One edge. Returns: planes of y after it.
    std::vector<uint64_t> clock(bool clear, bool enable, const std::vector<uint64_t>& a,
                                const std::vector<uint64_t>& b) {
        inputs_.assign(circuit_.netlist.inputs, 0);
        put(ports_.clear, std::vector<uint64_t>(1, clear != ports_.clear_low ? ~uint64_t{0} : 0));
        put(ports_.enable, std::vector<uint64_t>(1, enable ? ~uint64_t{0} : 0));
        put(ports_.a, a);
        put(ports_.b, b);
        put(ports_.init, init_);
        set_registers();
        std::vector<uint64_t> outputs = evaluate64(circuit_.netlist, inputs_);
        registers_.assign(outputs.begin() + static_cast<std::ptrdiff_t>(circuit_.output_bits()), outputs.end());
        set_registers();
        outputs = evaluate64(circuit_.netlist, inputs_);
        const auto y = outputs.begin() + static_cast<std::ptrdiff_t>(circuit_.output_at(ports_.y));
        return {y, y + static_cast<std::ptrdiff_t>(port_bits(circuit_.outputs, ports_.y))};
    }

    std::vector<uint64_t> operand(const std::string& port) {
        std::vector<uint64_t> planes(port_bits(circuit_.inputs, port));
        for (uint64_t& plane : planes) plane = random_();
        return planes;
    }
    const std::vector<uint64_t>& init() const { return init_; }

  private:
    void put(const std::string& port, const std::vector<uint64_t>& planes) {
        if (!port.empty())
            std::copy(planes.begin(), planes.end(),
                      inputs_.begin() + static_cast<std::ptrdiff_t>(circuit_.input_at(port)));
    }
    void set_registers() {
        std::copy(registers_.begin(), registers_.end(),
                  inputs_.begin() + static_cast<std::ptrdiff_t>(circuit_.input_bits()));
    }

    const ClockedCircuit& circuit_;
    const MacPorts& ports_;
    std::mt19937_64 random_;
    std::vector<uint64_t> registers_, init_, inputs_;
};

/// What happens to the clocked netlist in one neuron, as `verify` will drive it.
class Trial {
  public:
    Trial(const ClockedCircuit& circuit, const MacPorts& ports, const std::string& name, MacModel& model)
        : circuit_(circuit), ports_(ports), name_(name), model_(model) {}

    void run() {
        find_clear_value();
        for (model_.clear_overlap = 0; model_.clear_overlap < model_.latency; ++model_.clear_overlap)
            if (accumulates()) return check_hold();
        throw InputError(fmt::format(
            "{}: after '{}' the accumulator does not take one product a clock, with operands from {} clocks before its "
            "end on or later",
            name_, ports_.clear, model_.latency - 1));
    }

  private:
    void find_clear_value() {
        LaneSimulator simulator(circuit_, ports_);
        std::vector<uint64_t> y;
        for (int i = 0; i < 3 * kMostStages; ++i)
            y = simulator.clock(true, true, simulator.operand(ports_.a), simulator.operand(ports_.b));
        if (!ports_.init.empty()) {
            if (y == simulator.init()) return;
            throw InputError(
                fmt::format("{}: '{}' does not bring '{}' to '{}'", name_, ports_.clear, ports_.y, ports_.init));
        }
        uint64_t value = 0;
        for (size_t bit = 0; bit < y.size(); ++bit) {
            if (y[bit] != 0 && y[bit] != ~uint64_t{0})
                throw InputError(
                    fmt::format("{}: '{}' does not bring '{}' to one value", name_, ports_.clear, ports_.y));
            value |= (y[bit] & 1) << bit;
        }
        model_.clear_value = sim::decode(value, static_cast<int>(y.size()), true);
    }

    /// True if the accumulator goes the model's way, with clear for some clocks into the operands.
    bool accumulates() {
        LaneSimulator simulator(circuit_, ports_);
        std::vector<uint64_t> accumulator;
        const auto visible = static_cast<size_t>(model_.latency - 1);
        std::vector<std::vector<uint64_t>> seen, expected;
        for (int i = 0; i < 2 * kMostStages; ++i)
            accumulator = simulator.clock(true, true, simulator.operand(ports_.a), simulator.operand(ports_.b));
        constexpr size_t products = 24;
        for (size_t k = 0; k < products + visible; ++k) {
            const auto a = simulator.operand(ports_.a), b = simulator.operand(ports_.b);
            seen.push_back(simulator.clock(static_cast<int>(k) < model_.clear_overlap, true, a, b));
            std::vector<uint64_t> inputs = a;
            inputs.insert(inputs.end(), b.begin(), b.end());
            inputs.insert(inputs.end(), accumulator.begin(), accumulator.end());
            accumulator = evaluate64(model_.step, inputs);
            expected.push_back(accumulator);
        }
        for (size_t k = 0; k < products; ++k)
            if (seen[k + visible] != expected[k]) return false;
        return true;
    }

    void check_hold() {
        if (ports_.enable.empty()) return;
        LaneSimulator simulator(circuit_, ports_);
        const auto clock = [&](bool clear, bool enable) {
            return simulator.clock(clear, enable, simulator.operand(ports_.a), simulator.operand(ports_.b));
        };
        for (int i = 0; i < 2 * kMostStages; ++i) clock(true, true);
        for (int i = 0; i < 2 * kMostStages; ++i) clock(false, true);
        std::vector<uint64_t> held;
        for (int i = 0; i < model_.latency; ++i) held = clock(false, false);
        for (int i = 0; i < 2 * kMostStages; ++i)
            if (clock(false, false) != held)
                throw InputError(fmt::format("{}: the accumulator moves while '{}' is inactive, expected it to hold",
                                             name_, ports_.enable));
    }

    const ClockedCircuit& circuit_;
    const MacPorts& ports_;
    const std::string& name_;
    MacModel& model_;
};

}  // namespace

MacModel extract_mac(const ClockedCircuit& circuit, const MacPorts& ports, const std::string& name) {
    MacModel model = Extraction(circuit, ports, name).run();
    Trial(circuit, ports, name, model).run();
    return model;
}

}  // namespace concrete::gen

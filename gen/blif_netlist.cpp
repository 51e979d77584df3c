#include "gen/blif_netlist.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "sim/error.h"
#include "sim/netlist_builder.h"

namespace concrete::gen {
namespace {

using sim::NetlistBuilder;
using Literal = NetlistBuilder::Literal;

class Converter {
  public:
    Converter(const BlifModel& model, std::span<const std::string> inputs, const std::string& shown)
        : model_(model),
          shown_(shown),
          build_(static_cast<uint32_t>(std::min<size_t>(inputs.size(), ~uint32_t{0}))),
          gate_of_(model.signals.size(), nullptr),
          latch_of_(model.signals.size(), nullptr),
          state_(model.signals.size(), State::unseen),
          value_(model.signals.size(), build_.zero()) {
        if (!model.instances.empty())
            throw InputError(fmt::format("{}:{}: .subckt is not supported here", shown, model.instances[0].line));
        for (const BlifModel::Gate& gate : model.gates) gate_of_[gate.output] = &gate;
        for (const BlifModel::Latch& latch : model.latches) latch_of_[latch.output] = &latch;
        for (uint32_t i = 0; i < inputs.size(); ++i) {
            const uint32_t signal = find(inputs[i]);
            if (state_[signal] == State::done)
                throw InputError(fmt::format("{}: input '{}' is named twice", shown, inputs[i]));
            state_[signal] = State::done;
            value_[signal] = build_.input(i);
        }
    }

    sim::Netlist convert(std::span<const std::string> outputs) {
        std::vector<Literal> literals;
        for (const std::string& output : outputs) literals.push_back(value(find(output)));
        return build_.finish(literals);
    }

  private:
    enum class State : uint8_t { unseen, open, done };

    uint32_t find(const std::string& name) const {
        if (const auto signal = model_.find(name)) return *signal;
        throw InputError(fmt::format("{}: model '{}' has no signal '{}'", shown_, model_.name, name));
    }

    /// Depth first, without recursion: chains may be a million gates long.
    Literal value(uint32_t wanted) {
        std::vector<uint32_t> stack{wanted};
        while (!stack.empty()) {
            const uint32_t signal = stack.back();
            if (state_[signal] == State::done) {
                stack.pop_back();
                continue;
            }
            const BlifModel::Gate& gate = driver(signal);
            if (state_[signal] == State::open) {  // what it reads is there
                std::vector<Literal> fanin;
                for (const uint32_t input : gate.inputs) fanin.push_back(value_[input]);
                value_[signal] = build_.gate(fanin, gate.table);
                state_[signal] = State::done;
                stack.pop_back();
                continue;
            }
            state_[signal] = State::open;
            for (const uint32_t input : gate.inputs) {
                if (state_[input] == State::open) throw loop(input);
                if (state_[input] == State::unseen) stack.push_back(input);
            }
        }
        return value_[wanted];
    }

    const BlifModel::Gate& driver(uint32_t signal) const {
        if (gate_of_[signal] != nullptr) return *gate_of_[signal];
        const std::string& name = model_.signals[signal];
        if (latch_of_[signal] != nullptr)
            throw InputError(
                fmt::format("{}:{}: signal '{}' is the output of a latch, expected a combinational circuit", shown_,
                            latch_of_[signal]->line, name));
        if (std::find(model_.inputs.begin(), model_.inputs.end(), signal) != model_.inputs.end())
            throw InputError(
                fmt::format("{}: the outputs depend on '{}', which is none of the inputs asked for", shown_, name));
        throw InputError(fmt::format("{}: signal '{}' is read, but nothing drives it", shown_, name));
    }

    InputError loop(uint32_t signal) const {
        return InputError(fmt::format("{}:{}: signal '{}' depends on itself: a combinational loop", shown_,
                                      gate_of_[signal]->line, model_.signals[signal]));
    }

    const BlifModel& model_;
    const std::string& shown_;
    NetlistBuilder build_;
    std::vector<const BlifModel::Gate*> gate_of_;
    std::vector<const BlifModel::Latch*> latch_of_;
    std::vector<State> state_;
    std::vector<Literal> value_;
};

}  // namespace

sim::Netlist netlist_from_blif(const BlifModel& model, std::span<const std::string> inputs,
                               std::span<const std::string> outputs, const std::string& shown) {
    return Converter(model, inputs, shown).convert(outputs);
}

std::string to_blif(const sim::Netlist& netlist, const std::string& name, std::span<const std::string> inputs,
                    std::span<const std::string> outputs) {
    if (inputs.size() != netlist.inputs || outputs.size() != netlist.outputs.size())
        throw ShapeError(fmt::format("netlist: {} and {} names for {} inputs and {} outputs", inputs.size(),
                                     outputs.size(), netlist.inputs, netlist.outputs.size()));
    std::vector<std::string> signals{"$zero", "$one"};
    signals.insert(signals.end(), inputs.begin(), inputs.end());
    std::string text = fmt::format(".model {}\n.inputs", name);
    for (const std::string& input : inputs) text += " " + input;
    text += "\n.outputs";
    for (const std::string& output : outputs) text += " " + output;
    text += "\n.names $zero\n.names $one\n1\n";
    for (const sim::Netlist::Node& node : netlist.nodes) {
        signals.push_back(fmt::format("$node{}", signals.size() - netlist.first_node()));
        text += ".names";
        for (const uint32_t fanin : node.fanin) text += " " + signals[fanin];
        text += " " + signals.back() + "\n";
        for (unsigned index = 0; index < 8; ++index)
            if ((node.table >> index & 1) != 0)
                text += fmt::format("{}{}{} 1\n", index >> 2 & 1, index >> 1 & 1, index & 1);
    }
    for (size_t i = 0; i < outputs.size(); ++i)
        text += fmt::format(".names {} {}\n1 1\n", signals[netlist.outputs[i]], outputs[i]);
    return text + ".end\n";
}

}  // namespace concrete::gen

#include "gen/import_blif.h"

#include <fmt/format.h>
#include <iterator>

#include "gen/blif.h"
#include "sim/error.h"
#include "sim/file.h"
#include "sim/hash.h"

namespace concrete::gen {
namespace {

/// As for Verilog that is read from files (gen/sources.h).
constexpr size_t kMaxText = size_t{16} << 20;

class Translator {
  public:
    Translator(const BlifModel& model, std::string shown)
        : model_(model), shown_(std::move(shown)), names_(model.signals.size()), driver_(model.signals.size(), kNone) {}

    /// Verilog of the model as module `name`.
    std::string text(const std::string& name) {
        if (!model_.latches.empty())
            throw InputError(fmt::format("{}:{}: has a latch (.latch), expected a combinational circuit", shown_,
                                         model_.latches.front().line));
        find_drivers();
        refuse_loops();
        std::string ports;
        for (const auto& [signals, direction] :
             {std::pair{&model_.inputs, "input"}, std::pair{&model_.outputs, "output"}})
            for (const uint32_t signal : *signals) {
                names_[signal] = detail::escaped_name(model_.signals[signal], shown_ + ": the port");
                ports += fmt::format("{}    {} wire {}", ports.empty() ? "" : ",\n", direction, names_[signal]);
            }
        std::string text =
            fmt::format("// {}: translated from BLIF by `concrete gen`.\nmodule {} (\n{}\n);\n", name, name, ports);
        for (size_t i = 0; i < names_.size(); ++i)
            if (names_[i].empty()) text += fmt::format("  wire {};\n", names_[i] = fmt::format("concrete_n{}", i));
        for (const BlifModel::Gate& gate : model_.gates) {
            add_gate(text, gate);
            if (text.size() > kMaxText)
                throw InputError(fmt::format("{}: is too large: its Verilog exceeds {} bytes", shown_, kMaxText));
        }
        return text + "endmodule\n";
    }

  private:
    static constexpr uint32_t kNone = ~uint32_t{0}, kInput = kNone - 1;

    void find_drivers() {
        for (const uint32_t signal : model_.inputs) driver_[signal] = kInput;
        for (size_t i = 0; i < model_.gates.size(); ++i) driver_[model_.gates[i].output] = static_cast<uint32_t>(i);
        const auto need = [&](uint32_t signal, int line) {
            if (driver_[signal] == kNone)
                throw InputError(fmt::format("{}:{}: nothing drives the signal '{}'", shown_, line,
                                             model_.signals[signal].substr(0, 200)));
        };
        for (const BlifModel::Gate& gate : model_.gates)
            for (const uint32_t signal : gate.inputs) need(signal, gate.line);
        for (const uint32_t signal : model_.outputs) {
            need(signal, model_.line);
            if (driver_[signal] == kInput)
                throw InputError(fmt::format("{}:{}: '{}' is both input and output", shown_, model_.line,
                                             model_.signals[signal].substr(0, 200)));
        }
    }

    /// Takes gates whose inputs are known away until none is left.
    void refuse_loops() const {
        std::vector<std::vector<uint32_t>> readers(model_.signals.size());
        std::vector<size_t> waiting(model_.gates.size());
        std::vector<uint32_t> known = model_.inputs;
        for (size_t i = 0; i < model_.gates.size(); ++i) {
            waiting[i] = model_.gates[i].inputs.size();
            for (const uint32_t signal : model_.gates[i].inputs) readers[signal].push_back(static_cast<uint32_t>(i));
            if (waiting[i] == 0) known.push_back(model_.gates[i].output);
        }
        for (size_t at = 0; at < known.size(); ++at)
            for (const uint32_t gate : readers[known[at]])
                if (--waiting[gate] == 0) known.push_back(model_.gates[gate].output);
        for (size_t i = 0; i < waiting.size(); ++i)
            if (waiting[i] > 0)
                throw InputError(fmt::format("{}:{}: the signal '{}' depends on a combinational loop", shown_,
                                             model_.gates[i].line,
                                             model_.signals[model_.gates[i].output].substr(0, 200)));
    }

    void add_gate(std::string& text, const BlifModel::Gate& gate) const {
        const std::string& output = names_[gate.output];
        auto out = std::back_inserter(text);
        const size_t count = gate.inputs.size();
        if (count == 0) {
            fmt::format_to(out, "  assign {} = 1'b{};\n", output, gate.at(0) ? 1 : 0);
            return;
        }
        std::string index;
        for (size_t i = count; i-- > 0;) index += names_[gate.inputs[i]] + (i > 0 ? ", " : "");
        std::string digits;
        for (size_t i = size_t{1} << count; i-- > 0;) digits += gate.at(i) ? '1' : '0';
        fmt::format_to(out, "  localparam [{0}:0] concrete_t{1} = {2}'b{3};\n  assign {4} = concrete_t{1}[{{{5}}}];\n",
                       (size_t{1} << count) - 1, gate.output, size_t{1} << count, digits, output, index);
    }

    const BlifModel& model_;
    std::string shown_;
    std::vector<std::string> names_;  ///< in the Verilog
    std::vector<uint32_t> driver_;    ///< gate, kInput or kNone
};

}  // namespace

Circuit import_blif(const std::filesystem::path& file, const std::string& top) {
    const std::string shown = file.string(), text = read_file(file, kMaxBlifBytes);
    const BlifModel model = flatten_blif(read_blif(text, shown), top, shown);
    const std::string name = "imported_blif_" + Sha256().add(text).add(model.name).hex().substr(0, 16);
    const std::string verilog = Translator(model, shown).text(name);
    return adapt({{{name + ".v", verilog, false}}, name, {}, {}}, name,
                 fmt::format("{}: model '{}'", shown, model.name.substr(0, 200)));
}

}  // namespace concrete::gen

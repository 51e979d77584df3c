#include "verify/hardware.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <utility>

#include "gen/catalogue.h"
#include "gen/sources.h"
#include "sim/error.h"
#include "sim/file.h"

namespace concrete::verify {
namespace {

using sim::Operator;
using sim::Sources;

/// Collects files and defines of several designs, and refuses those that contradict each other: a simulator would
/// silently take one of two modules of the same name.
class SourceSet {
  public:
    void add_file(const Sources::File& file) { place(file); }

    void add_define(const std::string& define) {
        const std::string name = define.substr(0, define.find('='));
        for (const std::string& known : sources_.defines) {
            if (known == define) return;
            if (known.substr(0, known.find('=')) == name) {
                throw InputError(
                    fmt::format("replay: the operators were made with -D {} and -D {}; they cannot be simulated in one "
                                "program",
                                known, define));
            }
        }
        sources_.defines.push_back(define);
    }

    void add_operator(const Operator& op, const std::string& folder) {
        if (op.sources.files.empty()) {
            throw InputError(fmt::format(
                "{}: the operator file holds no Verilog, so that nothing can be replayed; make it with `concrete gen`",
                op.name));
        }
        OperatorFiles files{folder, {}, {}, {}};
        for (const Sources::File& file : op.sources.files) files.by_path[file.path] = &file;
        files.include_folders = include_folders(op.sources);
        for (const Sources::File& file : op.sources.files) place_in(files, file);
        for (const std::string& define : op.sources.defines) add_define(define);
    }

    Sources take() { return std::move(sources_); }

  private:
    /// The files of one operator, and where those met so far went.
    struct OperatorFiles {
        std::string folder;  ///< where they go, with its "/"
        std::map<std::string, const Sources::File*> by_path;
        std::vector<std::string> include_folders;  ///< in the order of search, with their "/"
        std::map<std::string, std::string> placed;
    };

    /// "" and "_include0/", "_include1/", ... as gen/sources.h names them.
    static std::vector<std::string> include_folders(const Sources& sources) {
        const std::string prefix = "_include";
        std::map<std::pair<size_t, std::string>, std::string> by_number;  // "10" after "9": length, then digits
        for (const Sources::File& file : sources.files) {
            const size_t slash = file.path.find('/');
            if (slash == std::string::npos || !file.path.starts_with(prefix)) continue;
            const std::string number = file.path.substr(prefix.size(), slash - prefix.size());
            if (number.empty() || number.find_first_not_of("0123456789") != std::string::npos) continue;
            by_number[{number.size(), number}] = file.path.substr(0, slash + 1);
        }
        std::vector<std::string> folders{""};
        for (const auto& [number, folder] : by_number) folders.push_back(folder);
        return folders;
    }

    /// Adds a file unless it is there; returns its path in the set.
    std::string place(Sources::File file) {
        for (const Sources::File& known : sources_.files)
            if (known.text == file.text && known.is_include == file.is_include) return known.path;
        if (!file.is_include) note_modules(file);
        sources_.files.push_back(std::move(file));
        return sources_.files.back().path;
    }

    /// Adds a file of an operator, after those it includes.
    std::string place_in(OperatorFiles& files, const Sources::File& file) {
        std::string path = files.folder + file.path;
        std::replace(path.begin(), path.end(), ' ', '_');  // lists of files for simulators end a name there
        const auto [known, is_new] = files.placed.try_emplace(file.path, path);
        if (!is_new) return known->second;  // or a file that includes itself, behind `ifndef
        path = place({path, with_full_includes(files, file), file.is_include});
        return files.placed[file.path] = path;
    }

    /// The text with includes named by their place in the set. Each operator has search paths of its own, and files of
    /// two may share names; simulators also disagree about searching beside the file.
    std::string with_full_includes(OperatorFiles& files, const Sources::File& file) {
        const std::string directive = "`include";
        const std::string code = gen::detail::without_comments(file.text);  // offsets stay
        std::string text;
        size_t copied = 0;
        for (size_t at = code.find(directive); at != std::string::npos; at = code.find(directive, at + 1)) {
            const size_t quote = code.find_first_not_of(" \t\r\n", at + directive.size());
            if (quote == std::string::npos || code[quote] != '"') continue;
            const size_t end = code.find('"', quote + 1);
            if (end == std::string::npos) break;
            const Sources::File* included = find_include(files, file, code.substr(quote + 1, end - quote - 1));
            if (!included) continue;  // in a branch of `ifdef that is not taken
            text += file.text.substr(copied, quote + 1 - copied) + place_in(files, *included);
            copied = end;
        }
        return text + file.text.substr(copied);
    }

    /// Searches as gen::read_sources does: beside the file, then beside the first file, then in -I folders.
    static const Sources::File* find_include(const OperatorFiles& files, const Sources::File& from,
                                             const std::string& name) {
        std::vector<std::string> folders{from.path.substr(0, from.path.rfind('/') + 1)};
        folders.insert(folders.end(), files.include_folders.begin(), files.include_folders.end());
        for (const std::string& folder : folders) {
            const auto found = files.by_path.find(std::filesystem::path(folder + name).lexically_normal().string());
            if (found != files.by_path.end()) return found->second;
        }
        return nullptr;
    }

    void note_modules(const Sources::File& file) {
        for (const std::string& module : gen::detail::modules_in(gen::detail::without_comments(file.text))) {
            const auto [at, is_new] = module_file_.try_emplace(module, file.path);
            if (is_new || at->second == file.path) continue;
            throw InputError(
                fmt::format("replay: {} and {} both define module '{}', with different text; rename one of them",
                            gen::display_path(at->second), gen::display_path(file.path), module));
        }
    }

    Sources sources_;
    std::map<std::string, std::string> module_file_;
};

/// "#(.P(8)) ", or nothing.
std::string parameter_text(const Sources& sources) {
    std::string text;
    for (const auto& [name, value] : sources.parameters)
        text += fmt::format("{}.{}({})", text.empty() ? "" : ", ", name, value);
    return text.empty() ? "" : "#(" + text + ") ";
}

/// A module with ports a, b, y around an operator whose ports may be called anything.
std::string bound_module(const std::string& name, const Operator& op, int y_bits) {
    const bool drops_carry = op.y.bits > y_bits;
    std::string text = fmt::format("// {}: {}, with the port names that rtl/mac_unit.v expects.\n", name, op.name);
    text +=
        fmt::format("module {} (\n    input wire [{}:0] a,\n    input wire [{}:0] b,\n    output wire [{}:0] y\n);\n",
                    name, op.a.bits - 1, op.b.bits - 1, y_bits - 1);
    text += fmt::format("  wire [{}:0] result;\n", op.y.bits - 1);
    text += fmt::format("  {} {}operator (\n      .{}(a),\n      .{}(b),\n      .{}(result)\n  );\n", op.sources.top,
                        parameter_text(op.sources), op.a.name, op.b.name, op.y.name);
    text += fmt::format("  assign y = result{};\nendmodule\n", drops_carry ? fmt::format("[{}:0]", y_bits - 1) : "");
    return text;
}

/// A module without parameters around one of rtl/, so that a macro can name it.
std::string built_in_adder(const sim::AccumulatorSpec& acc) {
    const std::string adder = acc.or_bits == 0 ? fmt::format("add_exact #(.W({}))", acc.bits)
                                               : fmt::format("add_loa #(.W({}), .K({}))", acc.bits, acc.or_bits);
    return fmt::format(
        "// bound_adder: the accumulator's adder.\nmodule bound_adder (\n    input wire [{0}:0] a,\n    input wire "
        "[{0}:0] b,\n    output wire [{0}:0] y\n);\n  {1} operator (\n      .a(a),\n      .b(b),\n      .y(y)\n  "
        ");\nendmodule\n",
        acc.bits - 1, adder);
}

std::string sign_magnitude_module(const Operator& op) {
    return fmt::format(
        "// bound_multiplier: signed codes through bound_magnitude_multiplier.\nmodule bound_multiplier (\n    input "
        "wire [{0}:0] a,\n    input wire [{1}:0] b,\n    output wire [{2}:0] y\n);\n  sign_magnitude #(.A_BITS({0}), "
        ".B_BITS({1}), .Y_BITS({2}), .Y_SIGNED({3})) operator (\n      .a(a),\n      .b(b),\n      .y(y)\n  "
        ");\nendmodule\n",
        op.a.bits, op.b.bits, op.y.bits, op.y.is_signed ? 1 : 0);
}

std::string bound_text(const NeuronHardware& hardware) {
    const Operator& multiplier = *hardware.multiplier;
    std::string text;
    if (hardware.sign_magnitude) {
        text = bound_module("bound_magnitude_multiplier", multiplier, multiplier.y.bits) + "\n" +
               sign_magnitude_module(multiplier);
    } else {
        text = bound_module("bound_multiplier", multiplier, multiplier.y.bits);
    }
    const sim::AccumulatorSpec& acc = hardware.acc;
    return text + "\n" +
           (hardware.adder ? bound_module("bound_adder", *hardware.adder, acc.bits) : built_in_adder(acc));
}

}  // namespace

std::string NeuronHardware::label() const {
    if (is_mac_unit()) return fmt::format("{}, {} bits", multiplier->name, acc.bits);
    const std::string built_in = acc.or_bits > 0 ? fmt::format("loa {}", acc.or_bits) : "exact";
    return fmt::format("{}{}, {}, {} bits, {}", multiplier->name, sign_magnitude ? " (sign and magnitude)" : "",
                       adder ? adder->name : built_in, acc.bits,
                       acc.overflow == sim::Overflow::wrap ? "wrap" : "saturate");
}

NeuronHardware hardware_of(const sim::MacLayer& layer) {
    // The product model keeps its multiplier alive; the pointer made here only borrows from it.
    return {std::shared_ptr<const Operator>(layer.products, &layer.products->multiplier()),
            layer.products->sign_magnitude(), layer.acc, layer.adder};
}

sim::Sources neuron_sources(const NeuronHardware& hardware, const std::filesystem::path& rtl) {
    const Operator& multiplier = *hardware.multiplier;
    const sim::AccumulatorSpec& acc = hardware.acc;
    SourceSet set;
    if (hardware.is_mac_unit()) {
        for (const char* file :
             {"neuron.v", "mac_unit.v", "mul_s_exact.v", "add_exact.v", "zero_point_correction.v", "requantise.v"})
            set.add_file({fmt::format("concrete/{}", file), read_file(rtl / file), false});
        sim::Sources sources = set.take();
        sources.top = "neuron";
        sources.parameters = {{"W", std::to_string(acc.bits)}, {"Q_BITS", std::to_string(kCodeBits)}};
        return sources;
    }
    set.add_operator(multiplier, "multiplier/");
    if (hardware.adder) set.add_operator(*hardware.adder, "adder/");

    std::vector<std::string> files{"neuron.v", "mac_unit.v", "zero_point_correction.v", "requantise.v"};
    if (hardware.sign_magnitude) files.push_back("sign_magnitude.v");
    if (!hardware.adder) files.push_back(acc.or_bits == 0 ? "add_exact.v" : "add_loa.v");
    for (const std::string& file : files) set.add_file({"concrete/" + file, read_file(rtl / file), false});
    set.add_file({"concrete/bound.v", bound_text(hardware), false});

    set.add_define("CONCRETE_MULTIPLIER=bound_multiplier");
    set.add_define("CONCRETE_ADDER=bound_adder");
    if (hardware.sign_magnitude) set.add_define("CONCRETE_MAGNITUDE_MULTIPLIER=bound_magnitude_multiplier");

    sim::Sources sources = set.take();
    sources.top = "neuron";
    const int y_bits = multiplier.y.bits + (hardware.sign_magnitude ? 1 : 0);
    const bool y_signed = multiplier.y.is_signed || hardware.sign_magnitude;
    sources.parameters = {{"A_BITS", std::to_string(hardware.a_bits())},
                          {"B_BITS", std::to_string(hardware.b_bits())},
                          {"Y_BITS", std::to_string(y_bits)},
                          {"Y_SIGNED", y_signed ? "1" : "0"},
                          {"Y_LSB", std::to_string(multiplier.y_lsb)},
                          {"W", std::to_string(acc.bits)},
                          {"SATURATE", acc.overflow == sim::Overflow::saturate ? "1" : "0"},
                          {"Q_BITS", std::to_string(kCodeBits)}};
    return sources;
}

std::filesystem::path rtl_folder() {
    return gen::default_catalogue_path().parent_path();
}

}  // namespace concrete::verify

#include "gen/adapter.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <optional>
#include <set>

#include "gen/sources.h"
#include "gen/verilog_text.h"
#include "sim/error.h"
#include "sim/hash.h"
#include "sim/sources_check.h"

namespace concrete::gen {
namespace {

using detail::PortGroup;
using sim::Port;

/// Stands for a top module that cannot be named in Sources until its adapter is there.
constexpr const char* kNoTop = "concrete_unnamed";

/// A name that may stand as it is in Verilog and in C++ comments, and after a dot.
bool is_plain(const std::string& name) {
    return sim::is_identifier(name) && !detail::is_keyword(name);
}

/// What the Verilog standard takes `\mul8 ` for: mul8.
std::string without_escape(std::string name) {
    if (name.starts_with('\\')) {
        name.erase(0, 1);
        while (name.ends_with(' ')) name.pop_back();
    }
    return name;
}

/// What keeps a name from being written as an escaped identifier in the adapter. The tools lex these letters each in
/// their own way; without them an escaped name ends at its blank, whatever it holds.
bool can_be_escaped(const std::string& name) {
    return !name.empty() && name.size() <= sim::kMaxNameLength && name.front() != '-' && name.front() != '+' &&
           std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c <= '~'; }) &&
           name.find_first_of("`\"\\") == std::string::npos && name.find("//") == std::string::npos &&
           name.find("/*") == std::string::npos && name.find("*/") == std::string::npos;
}

/// A plain name near this one that is not taken; takes it.
std::string plain_name(std::string name, std::set<std::string>& taken) {
    for (char& c : name)
        if (!sim::is_identifier(std::string(1, 'a') + c)) c = '_';
    if (name.empty() || !sim::is_identifier(name)) name = "p_" + name;
    name = name.substr(0, sim::kMaxNameLength - 10);
    while (!is_plain(name) || taken.contains(name)) name += "_";
    taken.insert(name);
    return name;
}

/// Base and index of "a0", "a_0", "a_0_", "a[0]", "a<0>", "a(0)", "a.0".
std::optional<std::pair<std::string, int>> split_bit(const std::string& name) {
    constexpr std::string_view closing = "])>}_", opening = "[(<{_.";
    constexpr size_t most_digits = 3;
    size_t end = name.size();
    if (end > 0 && closing.find(name[end - 1]) != std::string_view::npos) --end;
    size_t begin = end;
    while (begin > 0 && name[begin - 1] >= '0' && name[begin - 1] <= '9') --begin;
    if (begin == end || end - begin > most_digits) return {};
    size_t base = begin;
    while (base > 0 && opening.find(name[base - 1]) != std::string_view::npos) --base;
    if (base == 0) return {};
    return std::pair{name.substr(0, base), std::stoi(name.substr(begin, end - begin))};
}

/// True for the carry output of an adder, which stands above the bits of its sum.
bool is_carry(const PortGroup& group) {
    std::string name = group.name;
    for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    std::erase(name, '_');
    return group.bits() == 1 && (name == "cout" || name == "co" || name == "carry" || name == "carryout");
}

std::string list_of(const std::vector<Port>& ports) {
    constexpr size_t shown = 8;
    std::vector<std::string> names;
    for (const Port& port : ports) {
        if (names.size() == shown) {
            names.emplace_back("...");
            break;
        }
        names.push_back(port.name);
    }
    return fmt::format("{}", fmt::join(names, ", "));
}

/// The ports as operands and result: inputs and outputs after grouping.
struct Grouped {
    std::vector<PortGroup> inputs, outputs;

    bool is_operator() const { return inputs.size() == 2 && outputs.size() == 1; }
};

std::vector<PortGroup> alone(const std::vector<Port>& ports) {
    std::vector<PortGroup> groups;
    for (const Port& port : ports) groups.push_back({port.name, {port}});
    return groups;
}

Grouped group(const Design& design) {
    Grouped grouped;
    grouped.inputs = design.inputs.size() == 2 ? alone(design.inputs) : detail::group_bits(design.inputs);
    grouped.outputs = design.outputs.size() == 1 ? alone(design.outputs) : detail::group_bits(design.outputs);
    if (grouped.outputs.size() == 2) {
        const size_t carry = is_carry(grouped.outputs[0]) ? 0 : 1;
        PortGroup &top = grouped.outputs[carry], &sum = grouped.outputs[1 - carry];
        if (is_carry(top) && !is_carry(sum)) {
            sum.ports.insert(sum.ports.end(), top.ports.begin(), top.ports.end());
            grouped.outputs = {sum};
        }
    }
    return grouped;
}

/// "[7:0]" with a sign where one port was declared with it and stands for the whole.
std::string type_of(const PortGroup& group) {
    return fmt::format("wire {}[{}:0]", group.ports.size() == 1 && group.ports[0].is_signed ? "signed " : "",
                       group.bits() - 1);
}

/// ".\a[0] (a[0]), .\a[1] (a[1])"
void connect(std::vector<std::string>& pins, const PortGroup& group, const std::string& vector) {
    int low = 0;
    for (const Port& port : group.ports) {
        const int high = low + port.bits - 1;
        const std::string part = group.ports.size() == 1 ? vector
                                 : port.bits == 1        ? fmt::format("{}[{}]", vector, low)
                                                         : fmt::format("{}[{}:{}]", vector, high, low);
        pins.push_back(fmt::format("      .{}({})", detail::escaped_name(port.name, "port"), part));
        low = high + 1;
    }
}

/// Adds the adapter module to sources and makes it their top.
void add_adapter(sim::Sources& sources, const std::string& top, const Grouped& grouped) {
    std::set<std::string> taken;
    std::vector<std::string> ports, pins;
    const auto add = [&](const std::vector<PortGroup>& groups, const char* direction) {
        for (const PortGroup& one : groups) {
            const std::string name = plain_name(one.name, taken);
            ports.push_back(fmt::format("    {} {} {}", direction, type_of(one), name));
            connect(pins, one, name);
        }
    };
    add(grouped.inputs, "input");
    add(grouped.outputs, "output");
    std::vector<std::string> parameters, settings;
    for (const auto& [name, value] : sources.parameters) {
        parameters.push_back(fmt::format("parameter {} = {}", detail::escaped_name(name, "parameter"), value));
        settings.push_back(fmt::format(".{0}({0})", detail::escaped_name(name, "parameter")));
    }
    const auto list = [](const std::vector<std::string>& items) {
        return items.empty() ? "" : fmt::format("#({}) ", fmt::join(items, ", "));
    };
    // The name holds a hash of the sources, so that no module in them can have it.
    const std::string name = "concrete_adapter_" + Sha256().add(sources_hash(sources)).add(top).hex().substr(0, 32);
    const std::string text = fmt::format(
        "// {}: plain names and vectors for the ports of the module below. Made by `concrete gen`.\n"
        "module {} {}(\n{}\n);\n  {} {}circuit (\n{}\n  );\nendmodule\n",
        name, name, list(parameters), fmt::join(ports, ",\n"), detail::escaped_name(top, "the top module"),
        list(settings), fmt::join(pins, ",\n"));
    sources.files.push_back({name + ".v", text, false});
    sources.top = name;
}

std::string describe(const Grouped& grouped) {
    std::vector<std::string> parts;
    for (const auto* groups : {&grouped.inputs, &grouped.outputs})
        for (const PortGroup& one : *groups)
            parts.push_back(one.ports.size() == 1 ? fmt::format("{} ({} bits)", one.name, one.bits())
                                                  : fmt::format("{} ({} bits: {} .. {})", one.name, one.bits(),
                                                                one.ports.front().name, one.ports.back().name));
    return fmt::format("{}", fmt::join(parts, ", "));
}

}  // namespace

std::string detail::escaped_name(const std::string& name, const std::string& what) {
    if (is_plain(name)) return name;
    if (!can_be_escaped(name)) {
        std::string shown = name.substr(0, sim::kMaxNameLength);
        for (char& c : shown)
            if (c < ' ' || c > '~') c = '?';
        throw InputError(
            fmt::format("{} '{}' has a name that cannot be handled: expected printable letters without blanks, `, \", "
                        "\\ and comment signs, not beginning with - or +",
                        what, shown));
    }
    return "\\" + name + " ";
}

int detail::PortGroup::bits() const {
    int sum = 0;
    for (const Port& port : ports) sum += port.bits;
    return sum;
}

std::vector<PortGroup> detail::group_bits(const std::vector<Port>& ports) {
    std::map<std::string, std::map<int, Port>> bits;  // by base, then index
    std::set<std::string> doubtful;
    for (const Port& port : ports)
        if (const auto bit = split_bit(port.name); bit && port.bits == 1)
            if (!bits[bit->first].emplace(bit->second, port).second) doubtful.insert(bit->first);
    for (const auto& [base, members] : bits) {
        const int first = members.begin()->first, last = members.rbegin()->first;
        if (first > 1 || static_cast<size_t>(last - first) + 1 != members.size()) doubtful.insert(base);
    }
    std::vector<PortGroup> groups;
    std::set<std::string> done;
    for (const Port& port : ports) {
        const auto bit = port.bits == 1 ? split_bit(port.name) : std::nullopt;
        if (!bit || doubtful.contains(bit->first)) {
            groups.push_back({port.name, {port}});
        } else if (done.insert(bit->first).second) {
            PortGroup one{bit->first, {}};
            for (const auto& [index, member] : bits[bit->first]) one.ports.push_back(member);
            groups.push_back(std::move(one));
        }
    }
    return groups;
}

Circuit read_circuit(const std::vector<std::filesystem::path>& files, const std::string& top,
                     const std::map<std::string, std::string>& parameters,
                     const std::vector<std::filesystem::path>& include_folders,
                     const std::vector<std::string>& defines) {
    const std::string own = without_escape(top);
    const bool plain_top = is_plain(own);
    if (!plain_top) detail::escaped_name(own, "the top module");  // says what is wrong with its name
    return adapt(read_sources(files, plain_top ? own : kNoTop, parameters, include_folders, defines), own,
                 fmt::format("module '{}'", own));
}

Circuit adapt(sim::Sources sources, const std::string& top, const std::string& shown) {
    Circuit circuit{std::move(sources), {}};
    const bool plain_top = is_plain(top);
    const Design design = elaborate_module(circuit.sources, top);
    const Grouped grouped = group(design);
    const auto plain = [](const Port& port) { return is_plain(port.name); };
    const bool plain_ports = std::all_of(design.inputs.begin(), design.inputs.end(), plain) &&
                             std::all_of(design.outputs.begin(), design.outputs.end(), plain);
    if (!grouped.is_operator())
        throw InputError(fmt::format(
            "{} has {} inputs ({}) and {} outputs ({}), expected two operands and one result, as "
            "vectors or as bits a0, a1, ... b0, b1, ... y0, y1, ...",
            shown, design.inputs.size(), list_of(design.inputs), design.outputs.size(), list_of(design.outputs)));
    for (const auto* groups : {&grouped.inputs, &grouped.outputs})
        for (const PortGroup& one : *groups)
            if (one.bits() > 64)
                throw InputError(
                    fmt::format("{}: '{}' has {} bits, at most 64 can be handled", shown, one.name, one.bits()));
    const bool grouping = design.inputs.size() != 2 || design.outputs.size() != 1;
    if (plain_top && plain_ports && !grouping) return circuit;
    add_adapter(circuit.sources, top, grouped);
    if (grouping) circuit.notes.push_back(fmt::format("{}: bits put together: {}", shown, describe(grouped)));
    return circuit;
}

}  // namespace concrete::gen

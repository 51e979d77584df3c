// /netlist of the operator file (docs/operator-file.md).
#include "sim/netlist_file.h"

#include <charconv>
#include <fmt/format.h>

#include "sim/sources_check.h"

namespace concrete::sim::detail {
namespace {

constexpr const char* kGroup = "/netlist";

uint64_t read_decimal(const Hdf5Reader& file, const std::string& name) {
    const std::string text = file.text_attribute(kGroup, name);
    uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) {
        file.fail(kGroup, fmt::format("{} is '{}', expected a decimal number below 2^64", name, text));
    }
    return value;
}

bool read_flag(const Hdf5Reader& file, const std::string& name) {
    const int64_t value = file.integer_attribute(kGroup, name);
    if (value != 0 && value != 1) file.fail(kGroup, fmt::format("{} is {}, expected 0 or 1", name, value));
    return value == 1;
}

std::vector<int32_t> read_values(const Hdf5Reader& file, const std::string& name, const Shape& shape, int64_t lowest,
                                 int64_t highest) {
    const std::string item = std::string(kGroup) + "/" + name;
    Tensor<int32_t> values = file.integers32(item, size_t{3} * kMaxNetlistNodes);
    if (values.shape != shape) {
        file.fail(item, fmt::format("has the shape {}, expected {}", to_string(values.shape), to_string(shape)));
    }
    for (const int32_t value : values.data) {
        if (value < lowest || value > highest) {
            file.fail(item, fmt::format("holds {}, expected {} to {}", value, lowest, highest));
        }
    }
    return std::move(values.data);
}

}  // namespace

std::optional<std::string> netlist_section_problem(const Operator& op) {
    if (!op.netlist) {
        if (!op.netlist_absence.empty() && !is_printable(op.netlist_absence)) return "absence is not printable";
        return std::nullopt;
    }
    const Netlist& netlist = *op.netlist;
    if (netlist.inputs != static_cast<uint32_t>(netlist_input_bits(op)) ||
        netlist.outputs.size() != static_cast<size_t>(op.y.bits)) {
        return fmt::format("has {} inputs and {} outputs, expected {} and {} as the ports have bits", netlist.inputs,
                           netlist.outputs.size(), netlist_input_bits(op), op.y.bits);
    }
    return netlist_problem(netlist);
}

void write_netlist(Hdf5Writer& file, const Operator& op) {
    if (!op.netlist && op.netlist_absence.empty()) return;
    file.group(kGroup);
    if (!op.netlist) {
        file.attribute(kGroup, "absence", op.netlist_absence);
        return;
    }
    const Netlist& netlist = *op.netlist;
    std::vector<int32_t> fanin, tables, outputs;
    for (const Netlist::Node& node : netlist.nodes) {
        for (const uint32_t signal : node.fanin) fanin.push_back(static_cast<int32_t>(signal));
        tables.push_back(node.table);
    }
    for (const uint32_t signal : netlist.outputs) outputs.push_back(static_cast<int32_t>(signal));
    file.attribute(kGroup, "nodes", static_cast<int64_t>(netlist.nodes.size()));
    if (!netlist.nodes.empty()) {
        file.write(std::string(kGroup) + "/fanin", {netlist.nodes.size(), 3}, fanin.data());
        file.write(std::string(kGroup) + "/table", {netlist.nodes.size()}, tables.data());
    }
    file.write(std::string(kGroup) + "/outputs", {outputs.size()}, outputs.data());
    file.attribute(kGroup, "exhaustive", int64_t{op.equivalence.exhaustive});
    file.attribute(kGroup, "formal", int64_t{op.equivalence.formal});
    file.attribute(kGroup, "vectors", std::to_string(op.equivalence.vectors));
    file.attribute(kGroup, "vector_seed", std::to_string(op.equivalence.seed));
}

void read_netlist(const Hdf5Reader& file, Operator& op) {
    if (!file.has(kGroup)) return;
    if (file.has_attribute(kGroup, "absence")) {
        op.netlist_absence = file.text_attribute(kGroup, "absence");
        return;
    }
    const int64_t count = file.integer_attribute(kGroup, "nodes");
    if (count < 0 || count > int64_t{kMaxNetlistNodes}) {
        file.fail(kGroup, fmt::format("nodes is {}, expected 0 to {}", count, kMaxNetlistNodes));
    }
    Netlist netlist;
    netlist.inputs = static_cast<uint32_t>(netlist_input_bits(op));
    netlist.nodes.resize(static_cast<size_t>(count));
    const int64_t signals = netlist.signals();
    if (count > 0) {
        const std::vector<int32_t> fanin = read_values(file, "fanin", {netlist.nodes.size(), 3}, 0, signals - 1);
        const std::vector<int32_t> tables = read_values(file, "table", {netlist.nodes.size()}, 0, 255);
        for (size_t i = 0; i < netlist.nodes.size(); ++i) {
            for (size_t k = 0; k < 3; ++k) netlist.nodes[i].fanin[k] = static_cast<uint32_t>(fanin[3 * i + k]);
            netlist.nodes[i].table = static_cast<uint8_t>(tables[i]);
        }
    }
    for (const int32_t signal : read_values(file, "outputs", {static_cast<size_t>(op.y.bits)}, 0, signals - 1)) {
        netlist.outputs.push_back(static_cast<uint32_t>(signal));
    }
    if (const auto problem = netlist_problem(netlist)) file.fail(kGroup, *problem);
    op.netlist = std::move(netlist);
    op.equivalence = {read_flag(file, "exhaustive"), read_flag(file, "formal"), read_decimal(file, "vectors"),
                      read_decimal(file, "vector_seed")};
}

}  // namespace concrete::sim::detail

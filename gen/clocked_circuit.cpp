#include "gen/clocked_circuit.h"

#include <fmt/format.h>
#include <sstream>

#include "gen/blif_netlist.h"
#include "gen/process.h"
#include "gen/sources.h"
#include "gen/synthesis.h"
#include "sim/file.h"

namespace concrete::gen {

namespace fs = std::filesystem;

namespace {

/// Stands above the user's top, as in gen/synthesis.cpp. Its ports are p0, p1, ...: names that BLIF can hold.
constexpr const char* kWrapper = "concrete_clocked_wrapper";
constexpr uint64_t kMaxFileBytes = uint64_t{256} << 20;

std::string wrapper_of(const sim::Sources& sources, std::span<const sim::Port> inputs,
                       std::span<const sim::Port> outputs, const std::string& clock) {
    std::string parameters, ports = "input concrete_clock", pins = fmt::format(".\\{} (concrete_clock)", clock);
    for (const auto& [name, value] : sources.parameters)
        parameters += fmt::format("{}.{}({})", parameters.empty() ? "" : ", ", name, value);
    const auto add = [&](std::span<const sim::Port> some, const char* direction, const char* prefix) {
        for (size_t i = 0; i < some.size(); ++i) {
            ports += fmt::format(", {} [{}:0] {}{}", direction, some[i].bits - 1, prefix, i);
            pins += fmt::format(", .\\{} ({}{})", some[i].name, prefix, i);
        }
    };
    add(inputs, "input", "i");
    add(outputs, "output", "o");
    return fmt::format("module {}({});\n  \\{} {}dut ({});\nendmodule\n", kWrapper, ports, sources.top,
                       parameters.empty() ? "" : "#(" + parameters + ") ", pins);
}

std::string yosys_script() {
    return fmt::format(
               "read_verilog -sv -nodpi ../preprocessed.sv\nread_verilog -sv ../wrapper.sv\nhierarchy -check -top {}\n",
               kWrapper) +
           // Initial values are forgotten: what a unit holds at power-on must not matter.
           "proc\nflatten\nsetattr -unset init\nopt -nodffe -nosdff\nmemory -nomap\nmemory_map\nopt -nodffe -nosdff\n"
           "tee -q -o ../state.txt select -list t:$dlatch t:$adlatch t:$dlatchsr t:$sr t:$mem* t:$ff "
           "t:$dffsr* t:$aldff*\ntechmap -map ../asynchronous.v\ndffunmap\nopt -nodffe "
           "-nosdff\ntechmap\nsimplemap\nopt -fast -nodffe -nosdff\ncheck -assert\n"
           "abc -lut 3\nopt_clean\nwrite_blif ../circuit.blif\n";
}

/// Asynchronous resets as synchronous ones. Yosys' own pass for it, async2sync, renames the registers.
constexpr const char* kAsynchronous = R"v(
module \$adff (CLK, ARST, D, Q);
  parameter WIDTH = 1, CLK_POLARITY = 1, ARST_POLARITY = 1, ARST_VALUE = 0;
  input CLK, ARST;
  input [WIDTH-1:0] D;
  output [WIDTH-1:0] Q;
  wire [WIDTH-1:0] next = (ARST == (ARST_POLARITY != 0)) ? ARST_VALUE : D;
  \$dff #(.WIDTH(WIDTH), .CLK_POLARITY(CLK_POLARITY)) _TECHMAP_REPLACE_ (.CLK(CLK), .D(next), .Q(Q));
endmodule
module \$adffe (CLK, ARST, EN, D, Q);
  parameter WIDTH = 1, CLK_POLARITY = 1, EN_POLARITY = 1, ARST_POLARITY = 1, ARST_VALUE = 0;
  input CLK, ARST, EN;
  input [WIDTH-1:0] D;
  output [WIDTH-1:0] Q;
  wire [WIDTH-1:0] kept = (EN == (EN_POLARITY != 0)) ? D : Q;
  wire [WIDTH-1:0] next = (ARST == (ARST_POLARITY != 0)) ? ARST_VALUE : kept;
  \$dff #(.WIDTH(WIDTH), .CLK_POLARITY(CLK_POLARITY)) _TECHMAP_REPLACE_ (.CLK(CLK), .D(next), .Q(Q));
endmodule
)v";

std::string first_line(const std::string& text) {
    std::string line = text.substr(0, std::min<size_t>(text.find('\n'), 300));
    for (char& c : line)
        if (c < ' ' || c > '~') c = '?';
    return line;
}

std::string yosys_reason(const std::string& err) {
    std::istringstream lines(err);
    std::string found;
    for (std::string line; std::getline(lines, line);) {
        for (const char* sign : {"has no driver", "logic loop", "conflicting drivers", "ERROR: "})
            if (found.empty() && line.find(sign) != std::string::npos) found = line;
    }
    return first_line(found.empty() ? err : found);
}

/// What the user calls a register: without the wrapper's instance name.
std::string shown(const std::string& name) {
    return name.starts_with("dut.") ? name.substr(4) : name;
}

BlifModel run_yosys(const sim::Sources& sources, const std::string& wrapper, const fs::path& folder) {
    const fs::path source = folder / "source";
    write_file(folder / "preprocessed.sv", detail::preprocessed(sources, source));
    write_file(folder / "wrapper.sv", wrapper);
    write_file(folder / "asynchronous.v", kAsynchronous);
    write_file(folder / "script.ys", yosys_script());
    ProcessLimits limits;
    limits.cpu_s = 120;
    limits.wall_s = 360;
    limits.file_bytes = kMaxFileBytes;
    const ProcessResult result = run_process({"yosys", "-q", "-s", "../script.ys"}, source, limits);
    if (!result.ended_by.empty())
        throw SynthesisRefused(
            fmt::format("Yosys was ended by {}: the circuit is too large for synthesis", result.ended_by));
    std::error_code missing;
    if (fs::file_size(folder / "state.txt", missing) > 0 && !missing)
        throw SynthesisRefused(
            fmt::format("a latch, a memory or an asynchronous set or load ({}), expected registers of one clock only",
                        first_line(read_file(folder / "state.txt", kMaxFileBytes))));
    if (result.exit_status != 0) throw SynthesisRefused("Yosys refuses it: " + yosys_reason(result.err));
    return read_blif(read_file(folder / "circuit.blif", kMaxFileBytes), "yosys").at(0);
}

std::vector<std::string> bit_names(std::span<const sim::Port> ports, const char* prefix) {
    std::vector<std::string> names;
    for (size_t i = 0; i < ports.size(); ++i)
        for (int bit = 0; bit < ports[i].bits; ++bit)
            names.push_back(ports[i].bits == 1 ? fmt::format("{}{}", prefix, i)
                                               : fmt::format("{}{}[{}]", prefix, i, bit));
    return names;
}

size_t bits_of(std::span<const sim::Port> ports) {
    size_t bits = 0;
    for (const sim::Port& port : ports) bits += static_cast<size_t>(port.bits);
    return bits;
}

size_t place_of(std::span<const sim::Port> ports, const std::string& name) {
    size_t at = 0;
    for (const sim::Port& port : ports) {
        if (port.name == name) return at;
        at += static_cast<size_t>(port.bits);
    }
    throw std::logic_error("no port " + name);
}

}  // namespace

size_t ClockedCircuit::input_bits() const {
    return bits_of(inputs);
}
size_t ClockedCircuit::output_bits() const {
    return bits_of(outputs);
}
size_t ClockedCircuit::input_at(const std::string& port) const {
    return place_of(inputs, port);
}
size_t ClockedCircuit::output_at(const std::string& port) const {
    return place_of(outputs, port);
}

ClockedCircuit synthesize_clocked(const sim::Sources& sources, std::span<const sim::Port> inputs,
                                  std::span<const sim::Port> outputs, const std::string& clock) {
    const TemporaryFolder folder;
    const BlifModel model = run_yosys(sources, wrapper_of(sources, inputs, outputs, clock), folder.path());
    ClockedCircuit circuit;
    circuit.inputs.assign(inputs.begin(), inputs.end());
    circuit.outputs.assign(outputs.begin(), outputs.end());
    std::vector<std::string> from = bit_names(inputs, "i"), to = bit_names(outputs, "o");
    const auto clock_signal = model.find("concrete_clock");
    for (const BlifModel::Latch& latch : model.latches) {
        const std::string& name = model.signals[latch.output];
        circuit.registers.push_back(shown(name));
        if (latch.clock != clock_signal || !clock_signal || latch.type != "re")
            throw InputError(
                fmt::format("register '{}' is clocked by {}, expected the rising edge of '{}' itself for all registers",
                            shown(name),
                            latch.clock == clock_signal
                                ? fmt::format("the falling edge of '{}'", clock)
                                : fmt::format("'{}'", latch.clock ? shown(model.signals[*latch.clock]) : "nothing"),
                            clock));
        from.push_back(name);
        to.push_back(model.signals[latch.input]);
    }
    circuit.netlist = netlist_from_blif(model, from, to, "yosys");
    return circuit;
}

}  // namespace concrete::gen

#include "gen/clocked_circuit.h"

#include <fmt/format.h>

#include "gen/blif_netlist.h"
#include "gen/yosys.h"
#include "sim/file.h"

namespace concrete::gen {

namespace {

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

/// What the user calls a register: without the wrapper's instance name.
std::string shown(const std::string& name) {
    return name.starts_with("dut.") ? name.substr(4) : name;
}

constexpr const char* kClock = "concrete_clock";

/// Pins i0, i1, ..., o0, o1, ...: names that BLIF can hold.
YosysTask task_of(std::span<const sim::Port> inputs, std::span<const sim::Port> outputs, const std::string& clock) {
    YosysTask task;
    task.pins = {{"input", kClock, clock, 1}};
    for (const sim::Port& port : inputs)
        task.pins.push_back({"input", fmt::format("i{}", task.pins.size() - 1), port.name, port.bits});
    for (const sim::Port& port : outputs)
        task.pins.push_back({"output", fmt::format("o{}", task.pins.size() - 1 - inputs.size()), port.name, port.bits});
    // Initial values are forgotten: what a unit holds at power-on must not matter.
    task.commands =
        "proc\nflatten\nsetattr -unset init\nopt -nodffe -nosdff\nmemory -nomap\nmemory_map\nopt -nodffe -nosdff\n"
        "tee -q -o ../state.txt select -list t:$dlatch t:$adlatch t:$dlatchsr t:$sr t:$mem* t:$ff "
        "t:$dffsr* t:$aldff*\ntechmap -map ../asynchronous.v\ndffunmap\nopt -nodffe "
        "-nosdff\ntechmap\nsimplemap\nopt -fast -nodffe -nosdff\ncheck -assert\n"
        "abc -lut 3\nopt_clean\nwrite_blif ../circuit.blif\n";
    task.wrong = "a latch, a memory or an asynchronous set or load";
    task.expected = "registers of one clock only";
    task.limits.wall_s = 360;
    task.limits.file_bytes = kMaxSynthesisFile;
    return task;
}

std::vector<std::string> pin_names(std::span<const sim::Port> ports, const char* prefix) {
    std::vector<std::string> names;
    for (size_t i = 0; i < ports.size(); ++i)
        for (std::string& name : bit_names(fmt::format("{}{}", prefix, i), ports[i].bits))
            names.push_back(std::move(name));
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
    write_file(folder.path() / "asynchronous.v", kAsynchronous);
    run_yosys(sources, task_of(inputs, outputs, clock), folder.path());
    const BlifModel model = read_blif(read_file(folder.path() / "circuit.blif", kMaxSynthesisFile), "yosys").at(0);
    ClockedCircuit circuit;
    circuit.inputs.assign(inputs.begin(), inputs.end());
    circuit.outputs.assign(outputs.begin(), outputs.end());
    std::vector<std::string> from = pin_names(inputs, "i"), to = pin_names(outputs, "o");
    const auto clock_signal = model.find(kClock);
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

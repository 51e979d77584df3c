#include "gen/synthesis.h"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <regex>
#include <sstream>

#include "gen/blif_netlist.h"
#include "gen/netlist_order.h"
#include "gen/process.h"
#include "gen/sources.h"
#include "sim/file.h"

namespace concrete::gen {

namespace fs = std::filesystem;

namespace {

/// Stands above the user's top: Verilator's -G and #(.P(...)) mean the same, Yosys' own parameter setting does not.
constexpr const char* kWrapper = "concrete_synthesis_wrapper";

constexpr uint64_t kMaxFileBytes = uint64_t{256} << 20;

ProcessLimits limits_of_tools() {
    ProcessLimits limits;
    limits.cpu_s = 60;
    limits.wall_s = 180;
    limits.memory_bytes = uint64_t{2} << 30;
    limits.file_bytes = kMaxFileBytes;
    return limits;
}

std::string wrapper_of(const sim::Operator& op) {
    std::string parameters;
    for (const auto& [name, value] : op.sources.parameters)
        parameters += fmt::format("{}.{}({})", parameters.empty() ? "" : ", ", name, value);
    return fmt::format(
        "module {}(input [{}:0] a, input [{}:0] b, output [{}:0] y);\n"
        "  \\{} {}dut (.\\{} (a), .\\{} (b), .\\{} (y));\n"
        "endmodule\n",
        kWrapper, op.a.bits - 1, op.b.bits - 1, op.y.bits - 1, op.sources.top,
        parameters.empty() ? "" : "#(" + parameters + ") ", op.a.name, op.b.name, op.y.name);
}

/// Yosys' script, to be run in the folder of the sources; own files stand one folder up. Words of the user's in it:
/// paths, which sim::is_plain_path() has seen.
std::string yosys_script(const sim::Sources& sources, const std::vector<std::string>& named) {
    std::string includes;
    for (const std::string& flag : source_flags(sources))
        if (flag.starts_with("-I")) includes += " " + flag;
    std::string script = "read_verilog -sv ../defines.vh\n";
    for (const std::string& file : named) script += fmt::format("read_verilog -sv{} \"{}\"\n", includes, file);
    script += fmt::format("read_verilog -sv ../wrapper.sv\nhierarchy -check -top {}\n", kWrapper);
    // What is left after memory_map is no combinational logic. `check` follows techmap: on words, it takes a carry
    // chain written as one vector for a loop.
    return script +
           "proc\nflatten\nopt -fine\nwreduce\npeepopt\nopt_clean\nalumacc\nopt\nmemory -nomap\nmemory_map\nopt -fine\n"
           "techmap\nopt -fast\n"
           "tee -q -o ../state.txt select -list t:$_DFF* t:$_SDFF* t:$_ALDFF* t:$_DLATCH* t:$_SR_* t:$_FF_ t:$mem*\n"
           "check -assert\naigmap\nopt_clean\nwrite_aiger -symbols ../source.aig\n";
}

std::string first_line(std::string text) {
    constexpr size_t longest = 300;
    text = text.substr(0, text.find('\n'));
    for (char& c : text)
        if (c < ' ' || c > '~') c = '?';
    return text.substr(0, longest);
}

/// "./mul.v:7: ERROR: syntax error" -> "mul.v:7: syntax error", the file as its user knows it.
std::string with_place(const std::string& line) {
    static const std::regex place(R"((.*/[^:]*):(\d+)(?:\.\d+-\d+\.\d+)?: (?:ERROR: |Warning: )?(.*))");
    std::smatch match;
    if (std::regex_match(line, match, place))
        return fmt::format("{}:{}: {}", display_path(match[1].str()), match[2].str(), match[3].str());
    for (const char* prefix : {"ERROR: ", "Warning: "})
        if (line.starts_with(prefix)) return line.substr(std::string(prefix).size());
    return line;
}

/// The line of Yosys' stderr that matters: of a failed check what it found, else the error.
std::string yosys_reason(const std::string& err) {
    std::string warning, error;
    std::istringstream lines(err);
    for (std::string line; std::getline(lines, line);) {
        for (const char* sign : {"has no driver", "logic loop", "conflicting drivers"})
            if (warning.empty() && line.find(sign) != std::string::npos) warning = line;
        if (error.empty() && line.find("ERROR: ") != std::string::npos) error = line;
    }
    const bool is_check = error.find("'check") != std::string::npos;
    const std::string line = is_check && !warning.empty() ? warning : error.empty() ? first_line(err) : error;
    return first_line(with_place(line));
}

void run_yosys(const sim::Sources& sources, const fs::path& folder) {
    const fs::path source = folder / "source";
    const std::vector<std::string> named = write_sources(sources, source);
    write_file(folder / "script.ys", yosys_script(sources, named));
    const ProcessResult result = run_process({"yosys", "-q", "-s", "../script.ys"}, source, limits_of_tools());
    if (!result.ended_by.empty())
        throw SynthesisRefused(
            fmt::format("Yosys was ended by {}: the circuit is too large for synthesis, such as a "
                        "table written out in Verilog",
                        result.ended_by));
    std::error_code missing;
    if (fs::file_size(folder / "state.txt", missing) > 0 && !missing)
        throw SynthesisRefused(fmt::format(
            "Yosys finds a latch, flip-flop or memory ({}), expected a combinational circuit",
            first_line(read_file(folder / "state.txt", kMaxFileBytes)).substr(std::string(kWrapper).size() + 1)));
    if (result.exit_status != 0) throw SynthesisRefused("Yosys refuses it: " + yosys_reason(result.err));
}

/// The maps that ABC tries; the smallest counts. They are bounded by iterations and conflicts, never by time.
std::string abc_script() {
    return "read_aiger source.aig\nstrash\nifraig\nscorr\ndc2\n"
           "dch -f\nif -K 3 -a\nmfs2\nwrite_blif lut0.blif\n"
           "strash\ndch\nif -K 3 -a\nmfs2\nwrite_blif lut1.blif\n"
           "strash\ndch -f\nif -K 2 -a\nmfs2\nwrite_blif gates0.blif\n";
}

std::vector<std::string> bit_names(const std::string& port, int bits) {
    std::vector<std::string> names;
    for (int i = 0; i < bits; ++i) names.push_back(bits == 1 ? port : fmt::format("{}[{}]", port, i));
    return names;
}

sim::Netlist read_result(const fs::path& file, const sim::Operator& op) {
    std::vector<std::string> inputs = bit_names("a", op.a.bits), b = bit_names("b", op.b.bits);
    inputs.insert(inputs.end(), b.begin(), b.end());
    const BlifModel model = read_blif(read_file(file, kMaxFileBytes), "yosys-abc").at(0);
    return netlist_from_blif(model, inputs, bit_names("y", op.y.bits), "yosys-abc");
}

/// Nodes of two or more fan-ins.
size_t gates_of(const sim::Netlist& netlist) {
    return static_cast<size_t>(std::count_if(netlist.nodes.begin(), netlist.nodes.end(),
                                             [](const sim::Netlist::Node& node) { return node.fanin[1] != 0; }));
}

}  // namespace

Synthesis synthesize(const sim::Operator& op) {
    if (op.kind == sim::OperatorKind::mac)
        throw InputError(fmt::format("{}: a MAC unit is clocked, expected a multiplier or adder", op.name));
    const TemporaryFolder folder;
    std::string defines;
    for (const std::string& define : op.sources.defines) {
        const size_t equals = std::min(define.find('='), define.size());
        defines += fmt::format("`define {} {}\n", define.substr(0, equals),
                               equals < define.size() ? define.substr(equals + 1) : "");
    }
    write_file(folder.path() / "defines.vh", defines);
    write_file(folder.path() / "wrapper.sv", wrapper_of(op));
    run_yosys(op.sources, folder.path());
    write_file(folder.path() / "script.abc", abc_script());
    const ProcessResult result =
        run_process({"yosys-abc", "-q", "source script.abc"}, folder.path(), limits_of_tools());
    if (!result.ended_by.empty())
        throw SynthesisRefused(
            fmt::format("ABC was ended by {}: the circuit is too large for synthesis", result.ended_by));

    Synthesis made;
    for (const char* candidate : {"lut0.blif", "lut1.blif"}) {
        std::error_code missing;
        if (!fs::exists(folder.path() / candidate, missing))
            throw SynthesisRefused(fmt::format("ABC gives up: {}", first_line(result.err + result.out)));
        sim::Netlist netlist = read_result(folder.path() / candidate, op);
        if (made.netlist.outputs.empty() || netlist.nodes.size() < made.netlist.nodes.size())
            made.netlist = std::move(netlist);
    }
    made.gates = static_cast<double>(gates_of(read_result(folder.path() / "gates0.blif", op)));
    made.source_aiger = read_file(folder.path() / "source.aig", kMaxFileBytes);
    return made;
}

}  // namespace concrete::gen

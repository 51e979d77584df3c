#include "gen/synthesis.h"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <regex>
#include <sstream>

#include "gen/arithmetic_map.h"
#include "gen/blif_netlist.h"
#include "gen/process.h"
#include "gen/sources.h"
#include "sim/file.h"

namespace concrete::gen {

namespace fs = std::filesystem;

namespace {

constexpr uint64_t kMaxFileBytes = uint64_t{256} << 20;

ProcessLimits limits_of_tools() {
    ProcessLimits limits;
    limits.cpu_s = 30;
    limits.wall_s = 120;
    limits.memory_bytes = uint64_t{2} << 30;
    limits.file_bytes = kMaxFileBytes;
    return limits;
}

/// A name for the wrapper that stands nowhere in the Verilog.
std::string wrapper_name(const std::string& verilog) {
    std::string name = "concrete_synthesis_wrapper";
    while (verilog.find(name) != std::string::npos) name += '_';
    return name;
}

/// A module above the user's top: Verilator's -G and #(.P(...)) mean the same, Yosys' own parameter setting does not.
std::string wrapper_of(const sim::Operator& op, const std::string& wrapper) {
    std::string parameters;
    for (const auto& [name, value] : op.sources.parameters)
        parameters += fmt::format("{}.{}({})", parameters.empty() ? "" : ", ", name, value);
    return fmt::format(
        "module {}(input [{}:0] a, input [{}:0] b, output [{}:0] y);\n"
        "  \\{} {}dut (.\\{} (a), .\\{} (b), .\\{} (y));\n"
        "endmodule\n",
        wrapper, op.a.bits - 1, op.b.bits - 1, op.y.bits - 1, op.sources.top,
        parameters.empty() ? "" : "#(" + parameters + ") ", op.a.name, op.b.name, op.y.name);
}

/// Yosys' script, to be run in the folder of the sources; own files stand one folder up.
std::string yosys_script(const std::string& wrapper) {
    const std::string script = fmt::format(
        "read_verilog -sv -nodpi ../preprocessed.sv\nread_verilog -sv ../wrapper.sv\nhierarchy -check -top {}\n",
        wrapper);
    // What is left after memory_map is no combinational logic. `check` follows techmap: on words, it takes a carry
    // chain written as one vector for a loop.
    return script +
           "proc\nflatten\nopt -fine\nwreduce\npeepopt\nopt_clean\nmemory -nomap\nmemory_map\nopt -fine\n"
           "techmap -map ../arithmetic.v\nalumacc\nopt\nmaccmap\nopt -fast\ntechmap -map ../arithmetic.v\n"
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

/// "mul.v:7: ERROR: syntax error" -> "mul.v:7: syntax error", the file as its user knows it.
std::string with_place(const std::string& line) {
    static const std::regex place(R"(([^:]*):(\d+)(?:\.\d+-\d+\.\d+)?: (?:ERROR: |Warning: )?(.*))");
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
    return with_place(first_line(line));
}

void run_yosys(const sim::Operator& op, const fs::path& folder) {
    const fs::path source = folder / "source";
    const std::string verilog = detail::preprocessed(op.sources, source), wrapper = wrapper_name(verilog);
    write_file(folder / "preprocessed.sv", verilog);
    write_file(folder / "wrapper.sv", wrapper_of(op, wrapper));
    write_file(folder / "script.ys", yosys_script(wrapper));
    const ProcessResult result = run_process({"yosys", "-q", "-s", "../script.ys"}, source, limits_of_tools());
    if (!result.ended_by.empty())
        throw SynthesisRefused(
            fmt::format("Yosys was ended by {}: the circuit is too large for synthesis, such as a "
                        "table written out in Verilog",
                        result.ended_by));
    std::error_code missing;
    if (fs::file_size(folder / "state.txt", missing) > 0 && !missing)
        throw SynthesisRefused(
            fmt::format("Yosys finds a latch, flip-flop or memory ({}), expected a combinational circuit",
                        first_line(read_file(folder / "state.txt", kMaxFileBytes)).substr(wrapper.size() + 1)));
    if (result.exit_status != 0) throw SynthesisRefused("Yosys refuses it: " + yosys_reason(result.err));
}

/// AND gates of an AIGER file: "aig M I L O A".
uint64_t size_of(const fs::path& aiger) {
    std::istringstream header(read_file(aiger, kMaxFileBytes).substr(0, 100));
    std::string magic;
    uint64_t variables = 0, inputs = 0, latches = 0, outputs = 0, ands = 0;
    header >> magic >> variables >> inputs >> latches >> outputs >> ands;
    if (!header || magic != "aig") throw SynthesisRefused("Yosys writes no AIGER that can be read");
    return ands;
}

/// What ABC is asked to do: write some netlists of 3-input nodes (lut0.blif, ...) and of 2-input nodes (gates0.blif,
/// ...), of which the smallest count. Everything is bounded by iterations and conflicts, never by time.
class AbcTask {
  public:
    explicit AbcTask(uint64_t ands) {
        // Resubstitution with don't-cares; depth does not matter. (lutpack would make nodes of four inputs.)
        const std::string refine = "mfs2 -a -e -D 0 -L 1000 -W 8 -F 100 -M 500\n";
        const std::string map = "dch\nif -K 3 -a\n" + refine;
        // The script compress2rs of ABC's abc.rc, spelled out.
        const std::string compress =
            "balance -l\nresub -K 6 -l\nrewrite -l\nresub -K 6 -N 2 -l\nrefactor -l\nresub -K 8 -l\nbalance -l\n"
            "resub -K 8 -N 2 -l\nrewrite -l\nresub -K 10 -l\nrewrite -z -l\nresub -K 10 -N 2 -l\nbalance -l\n"
            "resub -K 12 -l\nrefactor -z -l\nresub -K 12 -N 2 -l\nrewrite -z -l\nbalance -l\n";
        const std::string clean = "read_aiger source.aig\nstrash\nifraig\nscorr\n";
        constexpr uint64_t large = 5'000, huge = 50'000;  // AND gates
        if (ands > huge) {
            luts("read_aiger source.aig\nstrash\nif -K 3 -a\n");
            gates("strash\nif -K 2 -a\n");
            return;
        }
        luts(clean + "dc2\n" + map);
        gates(clean + "dch\nif -K 2 -a\nmfs2 -a -e -D 0 -L 1000\n");
        if (ands > large) return;
        // Every round comes out at another local minimum, a few nodes up or down; which is the least, nobody knows
        // beforehand.
        luts(clean + compress + map);
        luts("strash\n" + map);
        for (int round = 0; round < 2; ++round) {
            luts("strash\n" + compress + map);
            luts("strash\n" + map);
            luts("strash\nif -K 3 -a\n" + refine);
        }
        gates("strash\ndch\nif -K 2 -a\nmfs2 -a -e -D 0 -L 1000\n");
    }

    const std::string& script() const { return script_; }
    const std::vector<std::string>& lut_files() const { return luts_; }
    const std::vector<std::string>& gate_files() const { return gates_; }

  private:
    void luts(const std::string& commands) { write(commands, luts_, "lut"); }
    void gates(const std::string& commands) { write(commands, gates_, "gates"); }
    void write(const std::string& commands, std::vector<std::string>& files, const char* stem) {
        files.push_back(fmt::format("{}{}.blif", stem, files.size()));
        script_ += commands + "write_blif " + files.back() + "\n";
    }

    std::string script_;
    std::vector<std::string> luts_, gates_;
};

void run_abc(const AbcTask& task, const fs::path& folder) {
    write_file(folder / "script.abc", task.script());
    const ProcessResult result = run_process({"yosys-abc", "-s", "-q", "source script.abc"}, folder, limits_of_tools());
    if (!result.ended_by.empty())
        throw SynthesisRefused(
            fmt::format("ABC was ended by {}: the circuit is too large for synthesis", result.ended_by));
    std::error_code missing;  // its exit status means little: what counts is that it came to the end of the script
    if (!fs::exists(folder / task.gate_files().back(), missing))
        throw SynthesisRefused(fmt::format("ABC gives up: {}", first_line(result.err + result.out)));
}

std::vector<std::string> bit_names(const std::string& port, int bits) {
    std::vector<std::string> names;
    for (int i = 0; i < bits; ++i) names.push_back(bits == 1 ? port : fmt::format("{}[{}]", port, i));
    return names;
}

sim::Netlist read_result(const fs::path& file, const sim::Operator& op) {
    const BlifModel model = read_blif(read_file(file, kMaxFileBytes), "yosys-abc").at(0);
    return netlist_from_blif(model, detail::input_names(op), detail::output_names(op), "yosys-abc");
}

/// Nodes of two or more fan-ins.
size_t gates_of(const sim::Netlist& netlist) {
    return static_cast<size_t>(std::count_if(netlist.nodes.begin(), netlist.nodes.end(),
                                             [](const sim::Netlist::Node& node) { return node.fanin[1] != 0; }));
}

}  // namespace

std::string detail::preprocessed(const sim::Sources& sources, const fs::path& folder) {
    std::vector<std::string> command{"verilator", "-E", "-Wno-fatal", "-DSYNTHESIS", "-DYOSYS"};
    for (const auto& more : {source_flags(sources), write_sources(sources, folder)})
        command.insert(command.end(), more.begin(), more.end());
    ProcessLimits limits = limits_of_tools();
    limits.output_bytes = kMaxFileBytes;
    const ProcessResult result = run_process(command, folder, limits);
    if (!result.ended_by.empty())
        throw SynthesisRefused(fmt::format("Verilator's preprocessor was ended by {}", result.ended_by));
    if (result.exit_status != 0)
        throw SynthesisRefused("Verilator's preprocessor refuses it: " + first_line(result.err));
    // Yosys reads memory files and calls C functions while it reads Verilog, of modules that nobody uses as well.
    for (const char* word : {"$readmem", "`include", "`define", "\"DPI"})
        if (result.out.find(word) != std::string::npos)
            throw SynthesisRefused(
                fmt::format("{} is not passed to Yosys: Verilog may not reach outside the simulation", word));
    std::istringstream lines(result.out);
    std::string text;
    for (std::string line; std::getline(lines, line); text += line + "\n") {
        if (!line.starts_with("`line ")) continue;
        // Yosys takes no blanks in a file name.
        const size_t open = std::min(line.find('"'), line.size()), close = line.rfind('"');
        for (size_t i = open; i < line.size() && i < close; ++i)
            if (line[i] == ' ') line[i] = '_';
    }
    return text;
}

std::vector<std::string> detail::input_names(const sim::Operator& op) {
    std::vector<std::string> names = bit_names("a", op.a.bits);
    for (const std::string& name : bit_names("b", op.b.bits)) names.push_back(name);
    return names;
}

std::vector<std::string> detail::output_names(const sim::Operator& op) {
    return bit_names("y", op.y.bits);
}

Synthesis synthesize(const sim::Operator& op) {
    if (op.kind == sim::OperatorKind::mac)
        throw InputError(fmt::format("{}: a MAC unit is clocked, expected a multiplier or adder", op.name));
    const TemporaryFolder folder;
    write_file(folder.path() / "arithmetic.v", arithmetic_map());
    run_yosys(op, folder.path());
    const AbcTask task(size_of(folder.path() / "source.aig"));
    run_abc(task, folder.path());

    Synthesis made;
    for (const std::string& file : task.lut_files()) {
        sim::Netlist netlist = read_result(folder.path() / file, op);
        if (made.netlist.outputs.empty() || netlist.nodes.size() < made.netlist.nodes.size())
            made.netlist = std::move(netlist);
    }
    size_t gates = ~size_t{0};
    for (const std::string& file : task.gate_files())
        gates = std::min(gates, gates_of(read_result(folder.path() / file, op)));
    made.gates = static_cast<double>(gates);
    made.source_aiger = read_file(folder.path() / "source.aig", kMaxFileBytes);
    return made;
}

}  // namespace concrete::gen

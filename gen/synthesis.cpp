#include "gen/synthesis.h"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <sstream>

#include "gen/arithmetic_map.h"
#include "gen/blif_netlist.h"
#include "sim/file.h"

namespace concrete::gen {

namespace fs = std::filesystem;

namespace {

ProcessLimits limits_of_tools() {
    ProcessLimits limits;
    limits.cpu_s = 30;
    limits.wall_s = 120;
    limits.memory_bytes = uint64_t{2} << 30;
    limits.file_bytes = kMaxSynthesisFile;
    return limits;
}

YosysTask task_of(const sim::Operator& op) {
    YosysTask task;
    task.pins = {{"input", "a", op.a.name, op.a.bits},
                 {"input", "b", op.b.name, op.b.bits},
                 {"output", "y", op.y.name, op.y.bits}};
    // What is left after memory_map is no combinational logic. `check` follows techmap: on words, it takes a carry
    // chain written as one vector for a loop.
    task.commands =
        "proc\nflatten\nopt -fine\nwreduce\npeepopt\nopt_clean\nmemory -nomap\nmemory_map\nopt -fine\n"
        "techmap -map ../arithmetic.v\nalumacc\nopt\nmaccmap\nopt -fast\ntechmap -map ../arithmetic.v\n"
        "techmap\nopt -fast\n"
        "tee -q -o ../state.txt select -list t:$_DFF* t:$_SDFF* t:$_ALDFF* t:$_DLATCH* t:$_SR_* t:$_FF_ t:$mem*\n"
        "check -assert\naigmap\nopt_clean\nwrite_aiger -symbols ../source.aig\n";
    task.wrong = "Yosys finds a latch, flip-flop or memory";
    task.expected = "a combinational circuit";
    task.limits = limits_of_tools();
    return task;
}

/// AND gates of an AIGER file: "aig M I L O A".
uint64_t size_of(const fs::path& aiger) {
    std::istringstream header(read_file(aiger, kMaxSynthesisFile).substr(0, 100));
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

void optimize(const AbcTask& task, const fs::path& folder) {
    const ProcessResult result = run_abc(task.script(), folder, limits_of_tools());
    if (!result.ended_by.empty())
        throw SynthesisRefused(
            fmt::format("ABC was ended by {}: the circuit is too large for synthesis", result.ended_by));
    std::error_code missing;  // its exit status means little: what counts is that it came to the end of the script
    if (!fs::exists(folder / task.gate_files().back(), missing))
        throw SynthesisRefused(fmt::format("ABC gives up: {}", first_line(result.err + result.out)));
}

sim::Netlist read_result(const fs::path& file, const sim::Operator& op) {
    const BlifModel model = read_blif(read_file(file, kMaxSynthesisFile), "yosys-abc").at(0);
    return netlist_from_blif(model, detail::input_names(op), detail::output_names(op), "yosys-abc");
}

/// Nodes of two or more fan-ins.
size_t gates_of(const sim::Netlist& netlist) {
    return static_cast<size_t>(std::count_if(netlist.nodes.begin(), netlist.nodes.end(),
                                             [](const sim::Netlist::Node& node) { return node.fanin[1] != 0; }));
}

}  // namespace

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
    run_yosys(op.sources, task_of(op), folder.path());
    const AbcTask task(size_of(folder.path() / "source.aig"));
    optimize(task, folder.path());

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
    made.source_aiger = read_file(folder.path() / "source.aig", kMaxSynthesisFile);
    return made;
}

}  // namespace concrete::gen

#include "gen/yosys.h"

#include <algorithm>
#include <fmt/format.h>
#include <regex>
#include <sstream>

#include "gen/sources.h"
#include "sim/file.h"

namespace concrete::gen {

namespace fs = std::filesystem;

namespace {

/// A name for the wrapper that stands nowhere in the Verilog.
std::string wrapper_name(const std::string& verilog) {
    std::string name = "concrete_synthesis_wrapper";
    while (verilog.find(name) != std::string::npos) name += '_';
    return name;
}

/// A module above the user's top: Verilator's -G and #(.P(...)) mean the same, Yosys' own parameter setting does not.
std::string wrapper_of(const sim::Sources& sources, std::span<const YosysTask::Pin> pins, const std::string& wrapper) {
    std::string parameters, ports, connections;
    for (const auto& [name, value] : sources.parameters)
        parameters += fmt::format("{}.{}({})", parameters.empty() ? "" : ", ", name, value);
    for (const auto& [direction, name, port, bits] : pins) {
        const char* comma = ports.empty() ? "" : ", ";
        ports += fmt::format("{}{} [{}:0] {}", comma, direction, bits - 1, name);
        connections += fmt::format("{}.\\{} ({})", comma, port, name);
    }
    return fmt::format("module {}({});\n  \\{} {}dut ({});\nendmodule\n", wrapper, ports, sources.top,
                       parameters.empty() ? "" : "#(" + parameters + ") ", connections);
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

/// The sources as Verilator's preprocessor leaves them, for Yosys to read: a preprocessor of its own would see other
/// comments, branches and includes than those that were checked and simulated. Run in the folder of the sources.
std::string preprocessed(const sim::Sources& sources, const fs::path& folder, ProcessLimits limits) {
    std::vector<std::string> command{"verilator", "-E", "-Wno-fatal"};
    for (const auto& more : {source_flags(sources), write_sources(sources, folder)})
        command.insert(command.end(), more.begin(), more.end());
    limits.output_bytes = kMaxSynthesisFile;
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

}  // namespace

void run_yosys(const sim::Sources& sources, const YosysTask& task, const fs::path& folder) {
    const fs::path source = folder / "source";
    const std::string verilog = preprocessed(sources, source, task.limits), wrapper = wrapper_name(verilog);
    write_file(folder / "preprocessed.sv", verilog);
    write_file(folder / "wrapper.sv", wrapper_of(sources, task.pins, wrapper));
    write_file(folder / "script.ys",
               fmt::format("read_verilog -sv -nodpi ../preprocessed.sv\nread_verilog -sv ../wrapper.sv\n"
                           "hierarchy -check -top {}\n{}",
                           wrapper, task.commands));
    const ProcessResult result = run_process({"yosys", "-q", "-s", "../script.ys"}, source, task.limits);
    if (!result.ended_by.empty())
        throw SynthesisRefused(
            fmt::format("Yosys was ended by {}: the circuit is too large for synthesis, such as a "
                        "table written out in Verilog",
                        result.ended_by));
    std::error_code missing;
    if (fs::file_size(folder / "state.txt", missing) > 0 && !missing) {
        const std::string cell = first_line(read_file(folder / "state.txt", kMaxSynthesisFile));
        throw SynthesisRefused(fmt::format("{} ({}), expected {}", task.wrong,
                                           cell.substr(std::min(wrapper.size() + 1, cell.size())), task.expected));
    }
    if (result.exit_status != 0) throw SynthesisRefused("Yosys refuses it: " + yosys_reason(result.err));
}

ProcessResult run_abc(const std::string& script, const fs::path& folder, const ProcessLimits& limits) {
    write_file(folder / "script.abc", script);
    return run_process({"yosys-abc", "-s", "-q", "source script.abc"}, folder, limits);
}

std::vector<std::string> bit_names(const std::string& port, int bits) {
    std::vector<std::string> names;
    for (int i = 0; i < bits; ++i) names.push_back(bits == 1 ? port : fmt::format("{}[{}]", port, i));
    return names;
}

}  // namespace concrete::gen

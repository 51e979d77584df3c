#include "gen/verilator_message.h"

#include <algorithm>
#include <fmt/format.h>
#include <regex>
#include <sstream>

#include "gen/sources.h"
#include "sim/error.h"

namespace concrete::gen {
namespace {

/// What some of Verilator's sentences mean to somebody who brings a circuit.
std::string in_plain_words(const std::string& text) {
    const std::string switch_level = "Unsupported: Verilog 1995 gate primitive: ";
    if (text.starts_with(switch_level))
        return fmt::format("the switch-level primitive {} is refused: write it with and, or, not or an assign",
                           text.substr(switch_level.size()));
    if (text == "Unsupported: Interfaced port on top level module")
        return "a port of the top module is an interface, expected inputs and outputs of bits";
    return text;
}

}  // namespace

std::string VerilatorMessage::shown() const {
    if (file.empty()) return in_plain_words(text);
    return fmt::format("{}:{}: {}", display_path(file), line, in_plain_words(text));
}

std::string own_file(const std::string& file, const std::filesystem::path& folder) {
    const std::string prefix = std::filesystem::canonical(folder).string() + "/";
    std::string name = file.starts_with(prefix) ? file.substr(prefix.size()) : file;
    if (name.starts_with('/') || name.find("..") != std::string::npos)
        throw InputError(
            "the Verilog includes a file elsewhere: only files below its own folder or that of -I are read");
    return name;
}

std::vector<VerilatorMessage> parse_messages(const std::string& verilator_stderr) {
    static const std::regex pattern(R"(%(Error|Warning)(?:-([A-Z0-9]+))?: (?:([^:]+):(\d+):(?:\d+:)? )?(.*))");
    std::vector<VerilatorMessage> messages;
    std::istringstream lines(verilator_stderr);
    for (std::string line; std::getline(lines, line);) {
        std::smatch match;
        if (line.size() > 4096 || !std::regex_match(line, match, pattern)) continue;
        VerilatorMessage message{match[1] == "Error", match[2], match[3], 0, match[5]};
        if (match[4].matched) message.line = std::atoi(match[4].str().c_str());
        if (message.text.starts_with("Exiting due to") || message.text == "Cannot continue") continue;
        messages.push_back(message);
    }
    return messages;
}

std::vector<VerilatorMessage> run_verilator(const std::vector<std::string>& arguments,
                                            const std::filesystem::path& folder) {
    std::vector<std::string> command{"verilator"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    ProcessLimits limits;
    limits.cpu_s = 120;
    limits.file_bytes = uint64_t{256} << 20;
    const ProcessResult result = run_process(command, folder, limits);
    std::vector<VerilatorMessage> messages = parse_messages(result.err);
    if (!result.ended_by.empty())
        throw InputError(
            fmt::format("Verilator was ended by {}: the design is too large, or has a generate loop or a "
                        "constant function without an end",
                        result.ended_by));
    for (VerilatorMessage& message : messages) message.file = own_file(message.file, folder);
    if (result.exit_status == 0) return messages;
    for (const VerilatorMessage& message : messages)
        if (message.is_error) throw InputError(message.shown());
    throw InputError(fmt::format("Verilator gave up: {}", first_line(result.err)));
}

}  // namespace concrete::gen

#include "gen/formal.h"

#include <algorithm>
#include <fmt/format.h>
#include <sstream>

#include "gen/blif_netlist.h"
#include "gen/synthesis.h"
#include "gen/yosys.h"
#include "sim/error.h"
#include "sim/file.h"

namespace concrete::gen {
namespace {

/// "Input pattern:  a[0]=1 b[3]=0 ...": inputs that are not named do not matter; there may be none.
void read_pattern(const std::string& line, const sim::Operator& op, FormalResult& result) {
    const std::vector<std::string> names = detail::input_names(op);
    std::istringstream words(line);

    for (std::string word; words >> word;) {
        const size_t equals = word.find('=');
        if (equals == std::string::npos) continue;
        const auto name = std::find(names.begin(), names.end(), word.substr(0, equals));
        const std::string value = word.substr(equals + 1);
        if (name == names.end() || (value != "0" && value != "1"))
            throw InputError(fmt::format("ABC's cec prints '{}', expected an input and its value", first_line(word)));

        if (value == "0") continue;
        const auto index = static_cast<int>(name - names.begin());
        if (index < op.a.bits)
            result.a |= uint64_t{1} << index;
        else
            result.b |= uint64_t{1} << (index - op.a.bits);
    }
}

}  // namespace

FormalResult prove_equal(const std::string& source_aiger, const sim::Netlist& netlist, const sim::Operator& op,
                         double cpu_s) {
    const TemporaryFolder folder;
    write_file(folder.path() / "source.aig", source_aiger);
    write_file(folder.path() / "netlist.blif",
               to_blif(netlist, "netlist", detail::input_names(op), detail::output_names(op)));
    ProcessLimits limits;
    limits.cpu_s = cpu_s;
    limits.wall_s = 3 * cpu_s;
    limits.memory_bytes = uint64_t{2} << 30;
    limits.file_bytes = uint64_t{1} << 20;
    // Its own limit of time ends only some of its methods: the process has one as well.
    const std::string command =
        fmt::format("cec -T {} -C 10000000 source.aig netlist.blif", std::max(1, static_cast<int>(cpu_s)));
    const ProcessResult run = run_abc(command + "\n", folder.path(), limits);

    FormalResult result;
    if (!run.ended_by.empty()) {
        result.reason = run.ended_by;
        return result;
    }
    // The exit status is 0 whatever happens. One line, alone, tells the outcome.
    size_t equal = 0, different = 0, undecided = 0;
    std::string pattern;
    std::istringstream lines(run.out);
    for (std::string line; std::getline(lines, line);) {
        equal += line.starts_with("Networks are equivalent");
        different += line.starts_with("Networks are NOT EQUIVALENT");
        undecided += line.starts_with("Networks are UNDECIDED");
        if (line.starts_with("Input pattern:")) pattern = line;
        for (const char* sign : {"Error", "different number", "failed.", "Cannot"})
            if (line.find(sign) != std::string::npos) throw InputError("ABC's cec: " + first_line(line));
    }
    if (equal + different + undecided != 1)
        throw InputError(fmt::format("ABC's cec prints no outcome: {}", first_line(run.out + run.err)));
    if (undecided != 0) result.reason = "ABC's limit of time or conflicts";
    if (equal != 0) result.outcome = FormalResult::Outcome::proven;
    if (different != 0) {
        result.outcome = FormalResult::Outcome::different;
        if (pattern.empty()) throw InputError("ABC's cec names no operands on which the circuits differ");
        read_pattern(pattern, op, result);
    }
    return result;
}

}  // namespace concrete::gen

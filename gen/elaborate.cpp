#include "gen/elaborate.h"

#include <fmt/format.h>
#include <map>
#include <mutex>
#include <set>

#include "gen/design_check.h"
#include "gen/verilator_message.h"
#include "sim/error.h"
#include "sim/file.h"

namespace concrete::gen {
namespace {

std::vector<std::string> arguments_for(const sim::Sources& sources, const std::string& top,
                                       const std::vector<std::string>& named, std::initializer_list<const char*> mode) {
    std::vector<std::string> arguments(mode.begin(), mode.end());
    for (const auto& flags : {source_flags(sources), parameter_flags(sources), named})
        arguments.insert(arguments.end(), flags.begin(), flags.end());
    arguments.insert(arguments.end(), {"--top-module", top, "--no-timing", "-Wno-fatal", "-Wno-lint", "-Wno-style"});
    return arguments;
}

/// Warnings that mean a circuit is wrong, and those kept as doubts; all others are a matter of style.
void judge(const std::vector<VerilatorMessage>& messages, Design& design) {
    static const std::map<std::string, const char*> wrong{
        {"LATCH", ""},
        {"MULTIDRIVEN", ""},
        {"PINMISSING", ""},
        {"USERERROR", "the design itself reports: "},
        {"USERFATAL", "the design itself reports: "},
        {"STMTDLY", "a delay inside a process is refused: "},
    };
    std::set<std::string> outputs;
    for (const sim::Port& port : design.outputs) outputs.insert("'" + port.name + "'");
    for (const VerilatorMessage& message : messages) {
        VerilatorMessage said = message;
        if (const auto found = wrong.find(message.code); found != wrong.end()) {
            said.text = found->second + said.text;
            throw InputError(said.shown());
        }
        if (message.code == "WIDTH" && message.text.find("port connection") != std::string::npos)
            throw InputError(said.shown());
        if (message.code != "UNDRIVEN" && message.code != "UNOPTFLAT") continue;
        const size_t quote = message.text.find('\'');
        const size_t end = message.text.find('\'', quote + 1);
        if (message.code == "UNDRIVEN" && quote != std::string::npos &&
            outputs.contains(message.text.substr(quote, end - quote + 1))) {
            said.text = "output is not driven: " + said.text;
            throw InputError(said.shown());
        }
        design.doubts.push_back(said.shown());
    }
}

/// Verilator takes always_latch for always_comb.
void refuse_declared_latches(const sim::Sources& sources) {
    for (const sim::Sources::File& file : sources.files) {
        const std::string code = detail::without_comments(file.text);
        const size_t at = detail::find_word(code, "always_latch");
        if (at == std::string::npos) continue;
        throw InputError(fmt::format("{}:{}: always_latch declares a latch, expected a combinational circuit",
                                     display_path(file.path), detail::line_at(code, at)));
    }
}

/// Verilator keeps the first of two modules of one name, and warns; which one was meant, nobody knows.
void refuse_duplicates(const std::vector<VerilatorMessage>& messages) {
    for (const VerilatorMessage& message : messages)
        if (message.code == "MODDUP") throw InputError(message.shown());
}

Design elaborate_now(const sim::Sources& sources, const std::string& top, CircuitKind kind) {
    const TemporaryFolder folder;
    const std::vector<std::string> named = write_sources(sources, folder.path());
    refuse_duplicates(run_verilator(
        arguments_for(sources, top, named, {"--xml-only", "--xml-output", "concrete_design.xml", "-Wwarn-MODDUP"}),
        folder.path()));
    Design design = detail::check_design(folder.path() / "concrete_design.xml", kind);
    if (kind == CircuitKind::clocked) return design;
    refuse_declared_latches(sources);
    std::vector<std::string> lint = arguments_for(sources, top, named, {"--lint-only"});
    for (const char* code :
         {"LATCH", "UNDRIVEN", "UNOPTFLAT", "MULTIDRIVEN", "PINMISSING", "WIDTH", "USERERROR", "USERFATAL", "STMTDLY"})
        lint.push_back(fmt::format("-Wwarn-{}", code));
    judge(run_verilator(lint, folder.path()), design);
    return design;
}

Design elaborate_once(const sim::Sources& sources, const std::string& top, CircuitKind kind) {
    // One operator is elaborated by the generator and again by the sweep.
    static std::mutex mutex;
    static std::map<std::string, Design> known;
    const std::string key = sources_hash(sources) + (kind == CircuitKind::clocked ? "c" : "") + " " + top;
    {
        const std::lock_guard lock(mutex);
        if (const auto found = known.find(key); found != known.end()) return found->second;
    }
    Design design = elaborate_now(sources, top, kind);
    const std::lock_guard lock(mutex);
    return known[key] = std::move(design);
}

}  // namespace

Design elaborate(const sim::Sources& sources, CircuitKind kind) {
    return elaborate_once(sources, sources.top, kind);
}

Design elaborate_module(const sim::Sources& sources, const std::string& top) {
    return elaborate_once(sources, top, CircuitKind::combinational);
}

}  // namespace concrete::gen

#include "gen/verilated.h"

#include <algorithm>
#include <atomic>
#include <fmt/format.h>
#include <mutex>
#include <sstream>
#include <unistd.h>

#include "gen/elaborate.h"
#include "gen/process.h"
#include "gen/verilator_message.h"
#include "sim/error.h"
#include "sim/file.h"
#include "sim/hash.h"
#include "sim/parallel.h"

namespace concrete::gen {

namespace fs = std::filesystem;

namespace {

/// Raise it when a change here makes other programs from the same input.
constexpr uint64_t kBuildVersion = 4;

/// Where Verilator keeps its headers.
const fs::path& verilator_include() {
    static const fs::path folder = [] {
        std::string root = run_process({"verilator", "--getenv", "VERILATOR_ROOT"}, ".").out;
        while (!root.empty() && std::isspace(static_cast<unsigned char>(root.back()))) root.pop_back();
        fs::path include = fs::path(root) / "include";
        std::error_code ignored;
        if (!fs::is_regular_file(include / "verilated.cpp", ignored))
            throw MissingError(fmt::format("Verilator's runtime is not in {}: reinstall the Debian package 'verilator'",
                                           include.string()));
        return include;
    }();
    return folder;
}

void compile(std::vector<std::string> arguments, const fs::path& folder) {
    arguments.insert(arguments.begin(),
                     {"g++", "-std=gnu++20", "-w", "-pthread", "-faligned-new", "-DVM_COVERAGE=0", "-DVM_SC=0",
                      "-DVM_TRACE=0", "-DVM_TRACE_FST=0", "-DVM_TRACE_VCD=0", "-I.", "-isystem",
                      verilator_include().string(), "-isystem", (verilator_include() / "vltstd").string()});
    ProcessLimits limits;
    limits.cpu_s = 900;
    limits.wall_s = 1800;
    const ProcessResult result = run_process(arguments, folder, limits);
    if (result.ok()) return;
    throw InputError(
        fmt::format("the simulator of this Verilog does not compile: {}",
                    result.ended_by.empty() ? detail::first_error(result.err) : "g++ was ended by " + result.ended_by));
}

/// A name beside `target` that no other thread or process uses.
fs::path unique_beside(const fs::path& target) {
    static std::atomic<unsigned> counter = 0;
    return target.parent_path() / fmt::format(".{}.{}-{}", target.filename().string(), getpid(), counter.fetch_add(1));
}

InputError cache_error(const fs::path& folder, const std::error_code& error) {
    return InputError(
        fmt::format("{}: this folder of the cache cannot be written{}; set CONCRETE_CACHE_DIR to a "
                    "writable folder",
                    folder.string(), error ? ": " + error.message() : ""));
}

/// Compiles to a temporary name and renames, so that whoever finds `target` finds all of it.
void compile_to(const fs::path& target, std::vector<std::string> arguments, const fs::path& folder) {
    std::error_code error;
    fs::create_directories(target.parent_path(), error);
    if (error || access(target.parent_path().c_str(), W_OK) != 0) throw cache_error(target.parent_path(), error);
    const fs::path temporary = unique_beside(target);
    arguments.insert(arguments.end(), {"-o", temporary.string()});
    try {
        compile(std::move(arguments), folder);
    } catch (...) {
        std::error_code ignored;
        fs::remove(temporary, ignored);
        throw;
    }
    fs::rename(temporary, target, error);
    if (error) throw cache_error(target.parent_path(), error);
}

std::string tools_hash() {
    return Sha256()
        .add(tool_version("verilator"))
        .add(tool_version("g++"))
        .add(verilator_include().string())
        .add(kBuildVersion)
        .hex();
}

/// What every program needs: the Verilator runtime as one object, and its headers compiled in advance for -O1. Both
/// take longer than most models, so they are kept.
struct Runtime {
    fs::path object, header;
};

Runtime runtime() {
    static std::mutex mutex;  // threads of one process should not compile it twice; processes may, without harm
    const std::lock_guard lock(mutex);
    const fs::path kept = cache_folder() / ("verilated-" + tools_hash().substr(0, 16));
    Runtime made{kept / "runtime.o", kept / "concrete_runtime.h"};
    const fs::path compiled_header = kept / "concrete_runtime.h.gch";
    std::error_code ignored;
    if (fs::exists(made.object, ignored) && fs::exists(compiled_header, ignored)) return made;
    const TemporaryFolder folder;
    write_file(folder.path() / "runtime.cpp", "#include \"verilated.cpp\"\n#include \"verilated_threads.cpp\"\n");
    write_file(made.header, "#include <memory>\n#include <string>\n#include <vector>\n#include \"verilated.h\"\n");
    sim::parallel_for(2, 2, [&](size_t begin, size_t end) {
        for (size_t part = begin; part < end; ++part) {
            if (part == 0) compile_to(made.object, {"-O1", "-c", "runtime.cpp"}, folder.path());
            if (part == 1)
                compile_to(compiled_header, {"-O1", "-x", "c++-header", made.header.string()}, folder.path());
        }
    });
    return made;
}

/// Runs Verilator on one model; returns #include lines of what it made. Sources and models stand in folders of their
/// own, and only names that Verilator makes are taken: no file of the user's is ever seen by the compiler.
std::string verilate(const detail::Model& model, const fs::path& folder) {
    const fs::path source = folder / model.prefix / "source";
    const std::vector<std::string> named = write_sources(model.sources, source);
    std::vector<std::string> arguments{"--cc",         "--prefix",        model.prefix,     "--Mdir", "../model",
                                       "--top-module", model.sources.top, "--x-assign",     "unique", "--x-initial",
                                       "unique",       "--no-timing",     "--output-split", "0",      "-Wno-fatal",
                                       "-Wno-lint",    "-Wno-style"};
    for (const auto& more : {source_flags(model.sources), parameter_flags(model.sources), named})
        arguments.insert(arguments.end(), more.begin(), more.end());
    run_verilator(arguments, source);
    std::vector<std::string> made;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder / model.prefix / "model")) {
        const std::string name = entry.path().filename().string();
        if (name.starts_with(model.prefix) && name.ends_with(".cpp")) made.push_back(name);
    }
    std::sort(made.begin(), made.end());
    std::string includes = fmt::format("#include \"{}/model/{}.h\"\n", model.prefix, model.prefix);
    for (const std::string& file : made) includes += fmt::format("#include \"{}/model/{}\"\n", model.prefix, file);
    return includes;
}

}  // namespace

fs::path build_verilated(const VerilatedSpec& spec) {
    elaborate(spec.sources, CircuitKind::clocked);
    const detail::Model model{"Vtop", spec.sources};
    return detail::build_models({&model, 1}, spec.driver, spec.optimize);
}

std::string detail::first_error(const std::string& compiler_output) {
    constexpr size_t longest = 300;
    std::istringstream lines(compiler_output);
    for (std::string line; std::getline(lines, line);)
        for (const char* sign : {"error", "undefined reference", "No space"})
            if (line.find(sign) != std::string::npos) return line.substr(0, longest);
    return compiler_output.substr(0, std::min(compiler_output.find('\n'), longest));
}

fs::path detail::build_models(std::span<const Model> models, const std::string& driver, bool optimize) {
    Sha256 key;
    key.add(tools_hash()).add(driver).add(uint64_t{optimize ? 2u : 1u}).add(uint64_t{models.size()});
    for (const Model& model : models) key.add(model.prefix).add(sources_hash(model.sources));
    fs::path program = cache_folder() / "programs" / key.hex();
    std::error_code ignored;
    if (fs::exists(program, ignored)) return program;

    const TemporaryFolder folder;
    // One translation unit: most of a compiler run is reading Verilator's headers, and models are small.
    std::string unit;
    for (const Model& model : models) unit += verilate(model, folder.path());
    write_file(folder.path() / "concrete_driver.h", driver);
    write_file(folder.path() / "concrete_unit.cpp", unit + "#include \"concrete_driver.h\"\n");
    const Runtime kept = runtime();
    std::vector<std::string> arguments{optimize ? "-O2" : "-O1"};
    // g++ crashes on a header that was compiled with another -O.
    if (!optimize) arguments.insert(arguments.end(), {"-include", kept.header.string()});
    for (const Model& model : models) arguments.push_back(fmt::format("-I{}/model", model.prefix));
    arguments.insert(arguments.end(), {"concrete_unit.cpp", kept.object.string()});
    compile_to(program, arguments, folder.path());
    return program;
}

}  // namespace concrete::gen

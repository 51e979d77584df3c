#include "cuda/netlist_kernel.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <map>
#include <mutex>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include "cuda/host_block.h"
#include "cuda/nvrtc.h"
#include "sim/error.h"
#include "sim/file.h"

namespace concrete::cuda {
namespace {

namespace fs = std::filesystem;

/// Runs the C++ compiler without a shell, and without optimization: for as few steps as tests make, compiling takes
/// longer than running. Returns: whether it made the library.
bool compile_library(const fs::path& source, const fs::path& library) {
    std::vector<std::string> command{"c++",     "-std=c++17",    "-w", "-fPIC",
                                     "-shared", source.string(), "-o", library.string()};
    std::vector<char*> arguments;
    for (std::string& argument : command) arguments.push_back(argument.data());
    arguments.push_back(nullptr);
    pid_t process = 0;
    if (posix_spawnp(&process, "c++", nullptr, nullptr, arguments.data(), environ) != 0) return false;
    int status = 0;
    return waitpid(process, &status, 0) == process && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/// The entry of netlist_host_source() that runs one thread.
using HostThread = void (*)(const NetlistSteps*, unsigned block, unsigned thread);

HostThread compile_for_host(const std::string& text) {
    const TemporaryFolder folder;
    const fs::path source = folder.path() / "netlist.cpp", library = folder.path() / "netlist.so";
    write_file(source, text);
    if (!compile_library(source, library))
        throw MissingError("c++, which compiles netlists for the host executor, is not on this machine; install g++");
    void* const handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) throw MissingError(fmt::format("a compiled netlist does not load: {}", dlerror()));
    return reinterpret_cast<HostThread>(dlsym(handle, "netlist_thread"));
}

/// Threads in the order of the stream, one after the other. What was compiled stays loaded to the end of the process.
class HostNetlistKernel : public NetlistKernel {
  public:
    explicit HostNetlistKernel(const std::string& text) {
        static std::mutex mutex;
        static std::map<std::string, HostThread> compiled;
        const std::lock_guard lock(mutex);
        HostThread& thread = compiled[text];
        if (thread == nullptr) thread = compile_for_host(text);
        thread_ = thread;
    }

    void launch(Stream& stream, const std::string&, const NetlistSteps& steps) const override {
        stream.enqueue([thread = thread_, order = stream.host_order(), steps] {
            for (const unsigned index : detail::ordered(netlist_blocks(steps) * kNetlistThreads, order, 0))
                thread(&steps, index / kNetlistThreads, index % kNetlistThreads);
        });
    }

  private:
    HostThread thread_;
};

}  // namespace

std::unique_ptr<NetlistKernel> make_netlist_kernel(Executor& executor, const sim::StepCircuit& circuit) {
#ifdef CONCRETE_WITH_CUDA
    if (executor.make_stream()->gpu() != nullptr) {
        const DeviceLimits& limits = executor.limits();
        const std::string architecture = fmt::format("sm_{}{}", limits.compute_major, limits.compute_minor);
        return detail::load_netlist_kernel(compile_cubin(netlist_source(circuit), architecture));
    }
#endif
    static_cast<void>(executor);
    return std::make_unique<HostNetlistKernel>(netlist_host_source(circuit));
}

}  // namespace concrete::cuda

#include "cuda/nvrtc.h"

#include <array>
#include <cstdlib>
#include <dlfcn.h>
#include <filesystem>
#include <fmt/format.h>
#include <optional>
#include <vector>

#include "cuda/device.h"
#include "sim/error.h"
#include "sim/file.h"
#include "sim/hash.h"

namespace concrete::cuda {
namespace {

namespace fs = std::filesystem;

/// The functions of NVRTC that are used here; the same in all of its versions. A program is a handle, 0 is success.
struct Nvrtc {
    using Program = void*;
    int (*version)(int* major, int* minor);
    int (*create)(Program* program, const char* source, const char* name, int headers, const char* const* texts,
                  const char* const* names);
    int (*compile)(Program program, int options, const char* const* option);
    int (*log_size)(Program program, size_t* size);
    int (*log)(Program program, char* log);
    int (*cubin_size)(Program program, size_t* size);
    int (*cubin)(Program program, char* cubin);
    int (*destroy)(Program* program);
    const char* (*error_text)(int result);
    std::string version_text;
};

// No contraction, as everywhere.
constexpr std::array kNvrtcOptions{"--std=c++17", "--fmad=false"};

/// The system's search path, then where toolkits are installed.
std::vector<fs::path> library_folders() {
    std::vector<fs::path> folders{""};
    for (const char* variable : {"CUDA_HOME", "CUDA_PATH"})
        if (const char* home = std::getenv(variable)) folders.push_back(fs::path(home) / "lib64");
    folders.emplace_back("/usr/local/cuda/lib64");
    return folders;
}

template <typename Function>
void find_function(void* library, const char* name, Function& function) {
    function = reinterpret_cast<Function>(dlsym(library, name));
    if (function == nullptr) throw MissingError(fmt::format("libnvrtc.so has no {}; install CUDA 12 or 13", name));
}

Nvrtc load_nvrtc() {
    void* const library = detail::open_nvrtc(library_folders());
    Nvrtc api{};
    find_function(library, "nvrtcVersion", api.version);
    find_function(library, "nvrtcCreateProgram", api.create);
    find_function(library, "nvrtcCompileProgram", api.compile);
    find_function(library, "nvrtcGetProgramLogSize", api.log_size);
    find_function(library, "nvrtcGetProgramLog", api.log);
    find_function(library, "nvrtcGetCUBINSize", api.cubin_size);
    find_function(library, "nvrtcGetCUBIN", api.cubin);
    find_function(library, "nvrtcDestroyProgram", api.destroy);
    find_function(library, "nvrtcGetErrorString", api.error_text);
    int major = 0, minor = 0;
    if (api.version(&major, &minor) != 0) throw MissingError("NVRTC does not tell its version; install CUDA 12 or 13");
    api.version_text = fmt::format("{}.{}", major, minor);
    return api;
}

/// Loaded once; tried again at the next call where it was not there.
const Nvrtc& nvrtc() {
    static const Nvrtc api = load_nvrtc();
    return api;
}

/// A program of NVRTC while it is compiled.
class Compilation {
  public:
    Compilation(const std::string& source, const std::string& architecture) : architecture_(architecture) {
        demand(api_.create(&program_, source.c_str(), "netlist.cu", 0, nullptr, nullptr));
    }
    ~Compilation() { api_.destroy(&program_); }
    Compilation(const Compilation&) = delete;
    Compilation& operator=(const Compilation&) = delete;

    std::string cubin() {
        const std::string target = "--gpu-architecture=" + architecture_;
        std::vector<const char*> options(kNvrtcOptions.begin(), kNvrtcOptions.end());
        options.push_back(target.c_str());
        demand(api_.compile(program_, static_cast<int>(options.size()), options.data()));
        return read(api_.cubin_size, api_.cubin);
    }

  private:
    void demand(int result) {
        constexpr int kInvalidOption = 5;
        if (result == 0) return;
        if (result == kInvalidOption) {
            throw MissingError(fmt::format("NVRTC {} cannot compile for {}; install a CUDA toolkit as new as the GPU",
                                           api_.version_text, architecture_));
        }
        const std::string log = program_ == nullptr ? "" : read(api_.log_size, api_.log);
        throw InputError(fmt::format("NVRTC {} for {}: {}{}{}", api_.version_text, architecture_,
                                     api_.error_text(result), log.size() > 1 ? "\n" : "", log.c_str()));
    }

    std::string read(int (*size_of)(Nvrtc::Program, size_t*), int (*content)(Nvrtc::Program, char*)) {
        size_t size = 0;
        if (size_of(program_, &size) != 0) return "";
        std::string bytes(size, '\0');
        return content(program_, bytes.data()) == 0 ? bytes : "";
    }

    const Nvrtc& api_ = nvrtc();
    std::string architecture_;
    Nvrtc::Program program_ = nullptr;
};

fs::path entry_of(const std::string& source, const std::string& architecture) {
    Sha256 hash;
    hash.add(source).add(architecture).add(nvrtc().version_text);
    for (const char* option : kNvrtcOptions) hash.add(option);
    return cache_folder() / "cubins" / (hash.hex() + ".cubin");
}

/// An entry is a cubin and its hash.
std::optional<std::string> kept_cubin(const fs::path& entry) {
    constexpr size_t kHashSize = 64;
    try {
        std::error_code error;
        if (!fs::exists(entry, error)) return std::nullopt;
        std::string bytes = read_file(entry);
        if (bytes.size() <= kHashSize) return std::nullopt;
        const std::string hash = bytes.substr(bytes.size() - kHashSize);
        bytes.resize(bytes.size() - kHashSize);
        if (sha256_hex(bytes) == hash) return bytes;
    } catch (const InputError&) {
        // Not readable: compiled again.
    }
    return std::nullopt;
}

void keep_cubin(const fs::path& entry, const std::string& cubin) {
    try {
        write_file(entry, cubin + sha256_hex(cubin));
    } catch (const InputError&) {
        // The cubin itself is in order; the next process compiles again.
    }
}

}  // namespace

std::string compile_cubin(const std::string& source, const std::string& architecture) {
    const fs::path entry = entry_of(source, architecture);
    if (std::optional<std::string> cubin = kept_cubin(entry)) return *std::move(cubin);
    std::string cubin = Compilation(source, architecture).cubin();
    if (cubin.empty()) throw InputError(fmt::format("NVRTC gave no machine code for {}", architecture));
    keep_cubin(entry, cubin);
    return cubin;
}

std::string nvrtc_version() {
    return nvrtc().version_text;
}

namespace detail {

void* open_nvrtc(std::span<const fs::path> folders) {
    std::vector<std::string> names{"libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so"};
    // A driver need not take what a later major version than the runtime's compiles.
    if (is_built()) names.insert(names.begin(), "libnvrtc.so." + runtime_version().substr(0, 2));
    for (const fs::path& folder : folders)
        for (const std::string& name : names)
            if (void* library = dlopen((folder / name).c_str(), RTLD_NOW | RTLD_LOCAL)) return library;
    throw MissingError(
        "NVRTC (libnvrtc.so.13 or .12), which compiles netlists for the GPU, is not on this machine; install the CUDA "
        "toolkit or its package cuda-nvrtc, and name its folder in CUDA_HOME or LD_LIBRARY_PATH");
}

}  // namespace detail
}  // namespace concrete::cuda

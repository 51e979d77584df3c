#include "bench/gpu_library.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include "sim/error.h"

namespace concrete::bench {

GpuLibrary::GpuLibrary(const std::string& file) : file_(file) {
    for (const char* folder : {"", "/usr/local/cuda/lib64/"}) {
        handle_ = dlopen((folder + file).c_str(), RTLD_NOW | RTLD_GLOBAL);
        if (handle_) return;
    }
    const char* reason = dlerror();
    throw MissingError(
        fmt::format("no {} ({}); name its folder in LD_LIBRARY_PATH", file, reason ? reason : "no reason given"));
}

void* GpuLibrary::symbol(const char* name) const {
    void* const found = dlsym(handle_, name);
    if (!found) throw MissingError(fmt::format("{} has no {}", file_, name));
    return found;
}

}  // namespace concrete::bench

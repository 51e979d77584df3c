#include "sim/path.h"

#include <system_error>

namespace concrete::sim {

namespace fs = std::filesystem;

fs::path resolve_path(const std::string& text, const fs::path& config_folder) {
    fs::path path(text);
    if (path.is_absolute()) return path;
    std::error_code ignored;
    const fs::path start = fs::absolute(config_folder.empty() ? fs::path(".") : config_folder).lexically_normal();
    for (fs::path folder = start;; folder = folder.parent_path()) {
        if (fs::exists(folder / path, ignored)) return (folder / path).lexically_normal();
        if (folder == folder.parent_path()) break;
    }
    if (fs::exists(path, ignored)) return fs::absolute(path).lexically_normal();
    return (start / path).lexically_normal();
}

}  // namespace concrete::sim

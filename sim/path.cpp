#include "sim/path.h"

#include <system_error>

namespace concrete::sim {

std::filesystem::path resolve_path(const std::string& text, const std::filesystem::path& config_folder) {
    const std::filesystem::path path(text);
    if (path.is_absolute()) return path;
    const std::filesystem::path beside = (config_folder / path).lexically_normal();
    std::error_code ignored;
    if (!std::filesystem::exists(beside, ignored) && std::filesystem::exists(path, ignored)) return path;
    return beside;
}

}  // namespace concrete::sim

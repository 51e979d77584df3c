#pragma once

#include <filesystem>
#include <string>

namespace concrete::sim {

/// A path as a configuration writes it: absolute, or below the configuration's folder, or, where nothing of that name
/// is there, below the working folder. Where neither exists the first is returned, so that an error names it.
std::filesystem::path resolve_path(const std::string& text, const std::filesystem::path& config_folder);

}  // namespace concrete::sim

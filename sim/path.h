#pragma once

#include <filesystem>
#include <string>

namespace concrete::sim {

/// A path as a configuration writes it: absolute, or below the nearest of these folders where it exists: the
/// configuration's, those above it, the working folder. What exists nowhere stays below the configuration's folder, so
/// that an error names it.
std::filesystem::path resolve_path(const std::string& text, const std::filesystem::path& config_folder);

}  // namespace concrete::sim

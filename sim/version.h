#pragma once

#include <string>

namespace concrete {

/// The project's version, "0.1.0".
std::string version();

}  // namespace concrete

#pragma once

#include <string>

#include "app/command.h"

namespace concrete::app {

/// "done", "usage", "bad_input", "mismatch" or "missing".
std::string status_name(ExitCode code);

/// The envelope as text: numbers that are not finite as null, integers beyond 2^53 in magnitude as strings (readers
/// that keep numbers as doubles would round them), bytes that are not UTF-8 replaced. `error` is left out where it is
/// empty.
std::string envelope(const std::string& command, ExitCode code, const std::string& error, const Json& result);

/// Writes text to a file atomically, or to standard output for "-".
void write_json(const std::string& target, const std::string& text);

}  // namespace concrete::app

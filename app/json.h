#pragma once

#include <string>
#include <string_view>

#include "app/command.h"

namespace concrete::app {

/// "done", "usage", "bad_input", "mismatch" or "missing".
std::string status_name(ExitCode code);

/// The envelope as text: numbers that are not finite as null, integers beyond 2^53 in magnitude as strings (readers
/// that keep numbers as doubles would round them), bytes that are not UTF-8 replaced. `error` is left out where it is
/// empty.
std::string envelope(const std::string& command, ExitCode code, const std::string& error, const Json& result);

/// Text for a terminal: control characters and bytes that are not UTF-8 as \xNN, since messages quote untrusted files.
std::string printable(std::string_view text);

/// A field of a CSV file (RFC 4180): quoted where it holds a comma, a quote or a line break.
std::string csv_field(const std::string& text);

/// Writes text to a file atomically, or to standard output for "-".
void write_json(const std::string& target, const std::string& text);

}  // namespace concrete::app

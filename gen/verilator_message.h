#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "gen/process.h"

namespace concrete::gen {

/// One "%Error-CODE: FILE:LINE:COLUMN: TEXT" of Verilator.
struct VerilatorMessage {
    bool is_error = false;
    std::string code;  ///< "LATCH", or "" for errors without one
    std::string file;  ///< as given to Verilator; "" for messages without a place
    int line = 0;
    std::string text;

    /// "mul.v:3: Latch inferred for signal 'y'", with the file as its user knows it.
    std::string shown() const;
};

/// A file name of Verilator's as it is below `folder`, where Verilator ran; it writes some of them in full.
/// Throws: InputError for a file elsewhere: an `include that got past every scan. Its text, which Verilator quotes, is
/// not for the user's eyes.
std::string own_file(const std::string& file, const std::filesystem::path& folder);

/// All messages of a run, without source excerpts and follow-up lines.
std::vector<VerilatorMessage> parse_messages(const std::string& verilator_stderr);

/// Runs Verilator in `folder` under the limits of this folder's tools. Messages from a run that succeeded are returned.
/// Throws: InputError with the first error where it refuses, crashes or goes beyond a limit; MissingError.
std::vector<VerilatorMessage> run_verilator(const std::vector<std::string>& arguments,
                                            const std::filesystem::path& folder);

}  // namespace concrete::gen

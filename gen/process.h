#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace concrete::gen {

/// What a child process may use; going beyond kills it.
struct ProcessLimits {
    double cpu_s = 120;
    double wall_s = 180;
    uint64_t memory_bytes = uint64_t{4} << 30;   ///< of address space
    uint64_t output_bytes = uint64_t{16} << 20;  ///< of stdout and of stderr
    uint64_t file_bytes = uint64_t{4} << 30;     ///< of each file it writes
};

struct ProcessResult {
    int exit_status = 0;   ///< 128 + signal where one ended it
    std::string ended_by;  ///< "", or which limit or signal ended it ("the wall-clock limit of 180 s")
    std::string out, err;

    bool ok() const { return exit_status == 0 && ended_by.empty(); }
};

/// Runs a program (found on PATH, or a path) without a shell, with no standard input, in its own process group. When it
/// ends, or goes beyond a limit, whatever is left of its group is killed; it dies with its caller, too.
/// Throws: MissingError naming the Debian package if the program is not on this machine.
ProcessResult run_process(const std::vector<std::string>& command, const std::filesystem::path& working_folder,
                          const ProcessLimits& limits = {});

/// The first line of what a program printed, for a message: at most 300 letters, unprintable ones as '?'.
std::string first_line(const std::string& text);

/// First version number a tool prints ("5.006"), asked once a process. Throws: MissingError as run_process does.
std::string tool_version(const std::string& tool);

}  // namespace concrete::gen

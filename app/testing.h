#pragma once

#include <cstdlib>
#include <filesystem>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <string>
#include <sys/wait.h>
#include <vector>

#include "sim/file.h"

/// Running the built program, for tests.
namespace concrete::app::testing {

struct ProgramResult {
    int exit_code = -1;
    std::string out, err;
};

/// A folder of its own in which the program runs.
class ProgramTest : public ::testing::Test {
  protected:
    std::filesystem::path file(const std::string& name) const { return folder_.path() / name; }

    /// Runs `concrete ARGUMENTS`. Each argument reaches the program as it is; none may contain a single quote.
    ProgramResult run(const std::vector<std::string>& arguments, const std::string& environment = "") const {
        std::string command = "cd '" + folder_.path().string() + "' && " + environment + " '" CONCRETE_PROGRAM "'";
        for (const std::string& argument : arguments) command += " '" + argument + "'";
        command += " > .out 2> .err < /dev/null";
        const int status = std::system(command.c_str());
        return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), read_file(file(".out")),
                read_file(file(".err"))};
    }

    nlohmann::json json(const std::string& name) const { return nlohmann::json::parse(read_file(file(name))); }

  private:
    TemporaryFolder folder_;
};

}  // namespace concrete::app::testing

#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fmt/format.h>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sim/error.h"

namespace concrete::app {

/// JSON that keeps the order in which keys were set.
using Json = nlohmann::ordered_json;

/// What a running command writes to: text for people, and `result` of the JSON envelope.
class Context {
  public:
    /// `out`: standard output, or standard error where standard output carries the JSON.
    explicit Context(std::FILE* out) : out_(out) {}

    /// Result of the command: snake_case keys with units (time_s, mae_percent). Real numbers that are not finite become
    /// null and integers beyond 2^53 strings when it is written. Filled as things become known: on an error, what is
    /// there is written.
    Json result = Json::object();

    template <typename... Args>
    void print(fmt::format_string<Args...> format, Args&&... args) {
        fmt::print(out_, format, std::forward<Args>(args)...);
    }
    std::FILE* out() const { return out_; }

  private:
    std::FILE* out_;
};

/// One subcommand: app/NAME.cpp. To add one, derive a class there, declare make_NAME() below and list it in
/// app/commands.cpp. Its options are members, bound in declare():
///
///     class Info : public Command {
///         std::string name() const override { return "info"; }
///         ...
///         void declare(CLI::App& app) override { add_threads(app, threads_); }
///         ExitCode run(Context& context) override;
///         int threads_ = 0;
///     };
///
/// Descriptions of options give meaning, unit and allowed values; a default is appended by `--help` where the option
/// has capture_default_str(), and "Required." where it has required().
class Command {
  public:
    virtual ~Command() = default;
    virtual std::string name() const = 0;               ///< "gen"
    virtual std::string summary() const = 0;            ///< one line, lower case, no full stop
    virtual std::string details() const { return ""; }  ///< paragraphs for --help, each one line
    virtual std::string example() const = 0;            ///< commands ("$ concrete ...") and their output
    virtual void declare(CLI::App& app) = 0;
    /// Files the command reads and files it writes, known once the line is parsed: no output may replace an input.
    virtual std::vector<std::filesystem::path> inputs() const { return {}; }
    virtual std::vector<std::filesystem::path> outputs() const { return {}; }
    /// Does the work. Returns done or mismatch, throws Error for the rest.
    virtual ExitCode run(Context& context) = 0;
};

std::unique_ptr<Command> make_gen();
std::unique_ptr<Command> make_inspect();
std::unique_ptr<Command> make_matmul();
std::unique_ptr<Command> make_train();
std::unique_ptr<Command> make_info();
std::unique_ptr<Command> make_verify();
std::unique_ptr<Command> make_run();

/// All subcommands in the order of --help.
std::vector<std::unique_ptr<Command>> all_commands();

/// `--threads N`: 1 to 1024; `threads` starts as the number of hardware threads. Text: "THREADS share WHAT".
CLI::Option* add_threads(CLI::App& app, int& threads, const std::string& names = "--threads");

/// The --help text of a subcommand, wrapped at 100 columns.
std::string help_text(const Command& command, const CLI::App& app);

/// `concrete` as a function: parses, runs, prints one line for an error, writes the JSON envelope, returns the exit
/// code.
///
///     {"format": 1, "command": "info", "version": "0.1.0", "status": "done", "exit_code": 0, "result": {...}}
///
/// status: done, usage, bad_input, mismatch or missing; with `error` (the line) where the exit code is 1, 2 or 4.
int run_program(int argc, const char* const* argv);

}  // namespace concrete::app

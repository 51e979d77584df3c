// The program around the subcommands: parsing, errors, exit codes, JSON.
#include <algorithm>
#include <exception>
#include <new>
#include <optional>

#include "app/command.h"
#include "app/json.h"
#include "sim/file.h"
#include "sim/version.h"
#include "sim/yaml.h"

namespace concrete::app {

namespace {

struct Parsed {
    CLI::App app{"concrete: what a neural network computes on approximate hardware, bit for bit, from the Verilog",
                 "concrete"};
    std::vector<std::unique_ptr<Command>> commands = all_commands();
    std::vector<CLI::App*> apps;  ///< of each command
    std::string json;             ///< target of --json
    bool help = false;

    /// Index of the command on the command line, or commands.size().
    size_t chosen() const {
        for (size_t i = 0; i < apps.size(); ++i) {
            if (apps[i]->parsed()) return i;
        }
        return apps.size();
    }
    std::string chosen_name() const { return chosen() < apps.size() ? commands[chosen()]->name() : ""; }
};

/// Validators append themselves to type names ("N:INT in [1 - 64]"); descriptions say it in words.
void hide_validators(CLI::App& app) {
    for (CLI::Option* option : app.get_options()) {
        try {
            for (int i = 0;; ++i) option->get_validator(i)->description("");
        } catch (const CLI::OptionNotFound&) {
            continue;  // that was the last
        }
    }
}

void declare(Parsed& parsed) {
    parsed.app.set_help_flag();
    parsed.app.add_flag("-h,--help", parsed.help, "This text");
    parsed.app.set_version_flag("--version", "concrete " + version());
    for (const auto& command : parsed.commands) {
        CLI::App* app = parsed.app.add_subcommand(command->name(), command->summary());
        app->set_help_flag();
        command->declare(*app);
        app->add_option(
               "--json", parsed.json,
               "Write the result as JSON to this file, or to standard output for '-' (text for people then goes "
               "to standard error).")
            ->type_name("FILE");
        app->add_flag("-h,--help", parsed.help, "Print this text.");
        hide_validators(*app);
        parsed.apps.push_back(app);
    }
}

std::string overview(const Parsed& parsed) {
    std::string text = parsed.app.get_description() + "\n\nUsage: concrete COMMAND [OPTIONS]\n\nCommands:\n";
    for (const auto& command : parsed.commands) {
        text += fmt::format("  {:<10}{}\n", command->name(), command->summary());
    }
    text +=
        "\nOptions:\n  -h, --help  this text; after a command, what that command takes\n  --version   the version\n";
    text +=
        "\nExit codes: 0 done, 1 wrong usage, 2 bad input, 3 verification mismatch, 4 something is missing on the "
        "machine.\n";
    return text;
}

/// What follows --json in arguments that may not parse.
std::string json_target(int argc, const char* const* argv) {
    std::string target;
    for (int i = 1; i < argc; ++i) {
        const std::string argument = argv[i];
        if (argument == "--json" && i + 1 < argc) target = argv[i + 1];
        if (argument.starts_with("--json=")) target = argument.substr(7);
    }
    return target;
}

/// Help is asked for, whether or not the rest of the line parses.
bool asks_for_help(int argc, const char* const* argv) {
    return std::any_of(argv + 1, argv + argc, [](std::string_view a) { return a == "-h" || a == "--help"; });
}

const CLI::App* named_app(const Parsed& parsed, int argc, const char* const* argv) {
    for (int i = 1; i < argc; ++i) {
        for (const CLI::App* app : parsed.apps) {
            if (app->get_name() == argv[i]) return app;
        }
        if (argv[i][0] != '-') return nullptr;
    }
    return nullptr;
}

/// CLI11's message in one line, with the nearest name for something that does not exist.
std::string usage_message(const Parsed& parsed, const CLI::ParseError& error, const CLI::App* app, int argc,
                          const char* const* argv) {
    std::string message = error.what();
    std::replace(message.begin(), message.end(), '\n', ' ');
    std::vector<std::string> known;
    if (app == nullptr) {
        for (const auto& command : parsed.commands) known.push_back(command->name());
        const bool has_command = argc > 1 && argv[1][0] != '-';
        message = has_command ? fmt::format("no command '{}'", argv[1]) : "a command is missing";
        const std::string nearest = has_command ? sim::nearest_name(argv[1], known) : "";
        if (!nearest.empty()) message += fmt::format("; nearest: '{}'", nearest);
        return message + "; 'concrete --help' lists all";
    }
    for (const CLI::Option* option : app->get_options()) {
        for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
    }
    for (int i = 1; i < argc; ++i) {
        const std::string flag = std::string(argv[i]).substr(0, std::string(argv[i]).find('='));
        if (!flag.starts_with("--") || std::find(known.begin(), known.end(), flag) != known.end()) continue;
        const std::string nearest = sim::nearest_name(flag, known);
        message = fmt::format("no option '{}'{}", flag, nearest.empty() ? "" : "; nearest: '" + nearest + "'");
    }
    return fmt::format("{}; 'concrete {} --help' explains", message, app->get_name());
}

/// The complaint if an output, the JSON file among them, is a file that the command reads, else "".
std::string overwriting(const Command& command, const std::string& json) {
    std::vector<std::filesystem::path> outputs = command.outputs();
    if (!json.empty() && json != "-") outputs.emplace_back(json);
    for (const auto& output : outputs) {
        for (const auto& input : command.inputs()) {
            std::error_code absent;
            if (output.empty() || !std::filesystem::equivalent(output, input, absent)) continue;
            return fmt::format("{} would be overwritten, and this command reads it; give the output another name",
                               output.string());
        }
    }
    return "";
}

int finish(const std::string& command, const std::string& json, ExitCode code, const std::string& error,
           const Json& result) {
    if (!error.empty()) {
        fmt::print(stderr, "concrete{}{}: {}\n", command.empty() ? "" : " ", command, printable(error));
    }
    try {
        if (!json.empty()) write_json(json, envelope(command, code, error, result));
        if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) throw InputError("standard output cannot be written");
    } catch (const Error& failure) {
        fmt::print(stderr, "concrete {}: {}\n", command, printable(failure.what()));
        return static_cast<int>(ExitCode::bad_input);
    }
    return static_cast<int>(code);
}

int run_command(Command& command, const std::string& json) {
    const std::string complaint = overwriting(command, json);
    if (!complaint.empty())
        return finish(command.name(), "", ExitCode::usage, complaint, {});  // JSON may be that output
    Context context(json == "-" ? stderr : stdout);
    ExitCode code = ExitCode::done;
    std::string error;
    try {
        if (!json.empty() && json != "-") AtomicFile writable(json);  // better now than after an hour
        code = command.run(context);
    } catch (const Error& failure) {
        code = failure.code();
        error = failure.what();
    } catch (const std::bad_alloc&) {
        code = ExitCode::bad_input;
        error = "not enough memory for an input of this size";
    } catch (const std::exception& failure) {
        code = ExitCode::bad_input;
        error = std::string("internal error, please report it: ") + failure.what();
    }
    std::fflush(context.out());
    return finish(command.name(), json, code, error, context.result);
}

}  // namespace

int run_program(int argc, const char* const* argv) {
    Parsed parsed;
    declare(parsed);
    const CLI::App* named = named_app(parsed, argc, argv);
    if (asks_for_help(argc, argv)) {
        if (named == nullptr) {
            fmt::print("{}", overview(parsed));
            return finish("", "", ExitCode::done, "", {});
        }
        const auto index = std::find(parsed.apps.begin(), parsed.apps.end(), named) - parsed.apps.begin();
        fmt::print("{}", help_text(*parsed.commands[static_cast<size_t>(index)], *named));
        return finish("", "", ExitCode::done, "", {});
    }
    try {
        parsed.app.require_subcommand(1);
        parsed.app.parse(argc, argv);
    } catch (const CLI::CallForVersion& version_text) {
        fmt::print("{}\n", version_text.what());
        return finish("", "", ExitCode::done, "", {});
    } catch (const CLI::ParseError& error) {
        return finish(named == nullptr ? "" : named->get_name(), json_target(argc, argv), ExitCode::usage,
                      usage_message(parsed, error, named, argc, argv), Json::object());
    }
    return run_command(*parsed.commands[parsed.chosen()], parsed.json);
}

}  // namespace concrete::app

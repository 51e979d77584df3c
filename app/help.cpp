// --help: one layout for all subcommands, from which docs/command-line.md is made too.
#include <sstream>

#include "app/command.h"
#include "sim/parallel.h"

namespace concrete::app {

namespace {

constexpr size_t kColumns = 100;

/// Words of `text` in lines of at most kColumns, each behind `indent`.
std::string wrap(const std::string& text, const std::string& indent) {
    std::istringstream words(text);
    std::string result, line;
    for (std::string word; words >> word;) {
        if (!line.empty() && indent.size() + line.size() + 1 + word.size() > kColumns) {
            result += indent + line + "\n";
            line.clear();
        }
        line += (line.empty() ? "" : " ") + word;
    }
    return line.empty() ? result : result + indent + line + "\n";
}

std::string describe(const CLI::Option& option) {
    std::string text = option.get_description();
    const std::string fallback = option.get_default_str();
    if (!fallback.empty()) text += " Default: " + fallback + ".";
    if (option.get_required()) text += " Required.";
    return text;
}

/// "-P, --parameter KEY=VALUE", or "OPERATOR" for an argument without a flag.
std::string spelling(const CLI::Option& option) {
    if (option.get_positional()) return option.get_name(true);
    std::string names = option.get_name(false, true);
    for (size_t comma = names.find(','); comma != std::string::npos; comma = names.find(',', comma + 2)) {
        names.insert(comma + 1, " ");
    }
    const bool is_flag = option.get_expected_max() == 0 || option.get_type_name().empty();
    return is_flag ? names : names + " " + option.get_type_name();
}

}  // namespace

CLI::Option* add_threads(CLI::App& app, int& threads, const std::string& names) {
    threads = sim::default_threads();
    return app
        .add_option(names, threads,
                    "Threads to use, 1 to 1024. Results do not depend on it. Default: all of the machine.")
        ->type_name("N")
        ->check(CLI::Range(1, 1024));
}

std::string help_text(const Command& command, const CLI::App& app) {
    std::string arguments, flags, usage = "Usage: concrete " + command.name();
    for (const CLI::Option* option : app.get_options()) {
        const std::string entry = "  " + spelling(*option) + "\n" + wrap(describe(*option), "      ");
        (option->get_positional() ? arguments : flags) += entry;
        if (option->get_positional()) {
            const std::string name = option->get_name(true) + (option->get_items_expected_max() > 1 ? "..." : "");
            usage += option->get_required() ? " " + name : " [" + name + "]";
        } else if (option->get_required()) {
            usage += " " + option->get_name(false, false) + " " + option->get_type_name();
        }
    }
    std::string text = "concrete " + command.name() + ": " + command.summary() + "\n\n" + usage + " [OPTIONS]\n";
    std::istringstream paragraphs(command.details());
    for (std::string line; std::getline(paragraphs, line);) text += "\n" + wrap(line, "");
    if (!arguments.empty()) text += "\nArguments:\n" + arguments;
    text += "\nOptions:\n" + flags + "\nExample:\n";
    std::istringstream example(command.example());
    for (std::string line; std::getline(example, line);) text += line.empty() ? "\n" : "  " + line + "\n";
    return text;
}

}  // namespace concrete::app

#include "app/command.h"

namespace concrete::app {

std::vector<std::unique_ptr<Command>> all_commands() {
    std::vector<std::unique_ptr<Command>> commands;
    commands.push_back(make_gen());
    commands.push_back(make_inspect());
    commands.push_back(make_matmul());
    commands.push_back(make_run());
    commands.push_back(make_train());
    commands.push_back(make_verify());
    commands.push_back(make_info());
    return commands;
}

}  // namespace concrete::app

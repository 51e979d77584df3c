// The frame around the subcommands: help, exit codes, messages and the JSON envelope.
#include <algorithm>
#include <cmath>
#include <gmock/gmock.h>
#include <limits>

#include "app/json.h"
#include "app/progress.h"
#include "app/testing.h"
#include "sim/version.h"

namespace concrete::app {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using testing::ProgramResult;
using ::testing::StartsWith;

class Program : public testing::ProgramTest {};

size_t count_lines(const std::string& text) {
    return static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
}

TEST_F(Program, HelpListsEveryCommand) {
    const ProgramResult result = run({"--help"});
    EXPECT_EQ(result.exit_code, 0);
    for (const auto& command : all_commands()) {
        EXPECT_THAT(result.out, HasSubstr("\n  " + command->name() + " "));
        EXPECT_THAT(result.out, HasSubstr(command->summary() + "\n"));
    }
    EXPECT_EQ(result.err, "");
}

TEST_F(Program, HelpOfACommandDescribesEveryOptionAndGivesAnExample) {
    for (const auto& command : all_commands()) {
        const ProgramResult result = run({command->name(), "--help"});
        EXPECT_EQ(result.exit_code, 0);
        EXPECT_THAT(result.out, StartsWith("concrete " + command->name() + ": " + command->summary()));
        EXPECT_THAT(result.out, HasSubstr("\nExample:\n  $ concrete " + command->name()));
        EXPECT_THAT(command->example(), HasSubstr("\n"));
        CLI::App app;
        command->declare(app);
        for (const CLI::Option* option : app.get_options()) {
            EXPECT_GT(option->get_description().size(), 3U) << command->name() << " " << option->get_name();
            if (option->get_positional()) continue;
            EXPECT_THAT(result.out,
                        HasSubstr("\n  " + (option->get_lnames().empty()   ? "-" + option->get_snames()[0]
                                            : option->get_snames().empty() ? "--" + option->get_lnames()[0]
                                                                           : "-" + option->get_snames()[0])));
        }
    }
}

TEST_F(Program, VersionIsThatOfTheLibrary) {
    EXPECT_EQ(run({"--version"}).out, "concrete " + version() + "\n");
}

TEST_F(Program, WrongUsageIsOneLineAndExitCodeOne) {
    const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
        {{}, "concrete: a command is missing; 'concrete --help' lists all\n"},
        {{"inof"}, "concrete: no command 'inof'; nearest: 'info'; 'concrete --help' lists all\n"},
        {{"info", "--josn", "x"},
         "concrete info: no option '--josn'; nearest: '--json'; 'concrete info --help' explains\n"},
        {{"info", "surplus"}, "concrete info: The following argument was not expected: surplus"},
        {{"matmul", "x.h5"}, "concrete matmul: --in is required"},
        {{"matmul", "x.h5", "--in", "a", "--out", "b", "--acc-bits", "65"}, "concrete matmul: --acc-bits: "},
        {{"matmul", "x.h5", "--in", "a", "--out", "b", "--threads", "0"}, "concrete matmul: --threads: "},
        {{"matmul", "x.h5", "--in", "a", "--out", "b", "--overflow", "trap"}, "concrete matmul: --overflow: "},
    };
    for (const auto& [arguments, message] : cases) {
        const ProgramResult result = run(arguments);
        EXPECT_EQ(result.exit_code, 1);
        EXPECT_THAT(result.err, StartsWith(message));
        EXPECT_EQ(count_lines(result.err), 1U) << result.err;
        EXPECT_EQ(result.out, "");
    }
}

TEST_F(Program, JsonGoesToAFileOrToStandardOutput) {
    const ProgramResult plain = run({"info", "--json", "info.json"});
    EXPECT_EQ(plain.exit_code, 0);
    EXPECT_THAT(plain.out, StartsWith("version "));
    const nlohmann::json envelope = json("info.json");
    EXPECT_EQ(envelope["format"], 1);
    EXPECT_EQ(envelope["command"], "info");
    EXPECT_EQ(envelope["version"], version());
    EXPECT_EQ(envelope["status"], "done");
    EXPECT_EQ(envelope["exit_code"], 0);
    EXPECT_FALSE(envelope.contains("error"));
    EXPECT_GE(envelope["result"]["threads"], 1);

    const ProgramResult piped = run({"info", "--json", "-"});
    EXPECT_EQ(nlohmann::json::parse(piped.out)["result"]["threads"], envelope["result"]["threads"]);
    EXPECT_EQ(piped.err, plain.out);
}

TEST_F(Program, JsonIsWrittenOnErrorsToo) {
    const ProgramResult usage = run({"info", "--what", "--json", "usage.json"});
    EXPECT_EQ(usage.exit_code, 1);
    EXPECT_EQ(json("usage.json")["status"], "usage");
    EXPECT_EQ(json("usage.json")["exit_code"], 1);
    EXPECT_EQ("concrete info: " + json("usage.json")["error"].get<std::string>() + "\n", usage.err);

    const ProgramResult bad = run({"matmul", "none.h5", "--in", "a", "--out", "b", "--json=bad.json"});
    EXPECT_EQ(bad.exit_code, 2);
    EXPECT_EQ(bad.err, "concrete matmul: none.h5: no such file\n");
    EXPECT_EQ(json("bad.json")["status"], "bad_input");
    EXPECT_EQ(json("bad.json")["exit_code"], 2);
    EXPECT_EQ(json("bad.json")["error"], "none.h5: no such file");
}

TEST_F(Program, AnUnwritableJsonFileIsFoundBeforeTheWork) {
    const ProgramResult result = run({"info", "--json", "none/x.json"});
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_THAT(result.err, HasSubstr("none/x.json: cannot be written"));
    EXPECT_EQ(result.out, "");
}

TEST_F(Program, AFullStandardOutputIsAnError) {
    if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "no /dev/full on this machine";
    EXPECT_EQ(WEXITSTATUS(std::system("'" CONCRETE_PROGRAM "' info > /dev/full 2> /dev/null")), 2);
}

TEST(Envelope, NumbersStayWhatTheyAre) {
    Json result;
    result["nan"] = std::nan("");
    result["infinite"] = {1.0, std::numeric_limits<double>::infinity()};
    result["exact"] = int64_t{1} << 53;
    result["large"] = (int64_t{1} << 53) + 1;
    result["negative"] = std::numeric_limits<int64_t>::min();
    result["unsigned"] = std::numeric_limits<uint64_t>::max();
    result["bytes"] = "\xff";
    const auto json = nlohmann::json::parse(envelope("x", ExitCode::missing, "why", result));
    EXPECT_TRUE(json["result"]["nan"].is_null());
    EXPECT_TRUE(json["result"]["infinite"][1].is_null());
    EXPECT_EQ(json["result"]["exact"], int64_t{1} << 53);
    EXPECT_EQ(json["result"]["large"], "9007199254740993");
    EXPECT_EQ(json["result"]["negative"], "-9223372036854775808");
    EXPECT_EQ(json["result"]["unsigned"], "18446744073709551615");
    EXPECT_EQ(json["result"]["bytes"], "\xef\xbf\xbd");
    EXPECT_EQ(json["status"], "missing");
    EXPECT_EQ(json["exit_code"], 4);
    EXPECT_EQ(json["error"], "why");
}

TEST(Envelope, StatusOfEveryExitCode) {
    EXPECT_EQ(status_name(ExitCode::done), "done");
    EXPECT_EQ(status_name(ExitCode::usage), "usage");
    EXPECT_EQ(status_name(ExitCode::bad_input), "bad_input");
    EXPECT_EQ(status_name(ExitCode::mismatch), "mismatch");
    EXPECT_EQ(status_name(ExitCode::missing), "missing");
}

TEST(Progress, TextNamesShareCountAndTime) {
    EXPECT_EQ(progress_text("sweep", 5, 10, 3, false), "sweep   50%  5 of 10, 3 s, about 3 s left");
    EXPECT_EQ(progress_text("sweep", 10, 10, 6, false), "sweep  100%  10 of 10, 6 s");
    EXPECT_THAT(progress_text("sweep", 5, 10, 3, true), HasSubstr("[###############...............]"));
    EXPECT_THAT(progress_text("sweep", 0, 0, 3, true), AllOf(HasSubstr("100%"), EndsWith("3 s")));
}

TEST(Progress, IsSilentAtFirst) {
    ::testing::internal::CaptureStderr();
    {
        Progress progress("x", 1000);
        for (uint64_t i = 0; i <= 1000; ++i) progress.update(i);
    }
    EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

TEST(Progress, SpeaksWhileAStepTakesLong) {
    ::testing::internal::CaptureStderr();
    {
        Progress progress("x", 8, std::chrono::milliseconds(20));
        progress.update(2);
        std::this_thread::sleep_for(std::chrono::milliseconds(300));
    }
    EXPECT_THAT(::testing::internal::GetCapturedStderr(), StartsWith("x   25%  2 of 8, 0 s"));
}

TEST(Printable, EscapesWhatATerminalWouldObey) {
    EXPECT_EQ(printable("plain, 2\xc2\xb5m"), "plain, 2\xc2\xb5m");
    EXPECT_EQ(printable("\x1b[31mred\n"), "\\x1b[31mred\\x0a");
    EXPECT_EQ(printable("cut \xc2"), "cut \\xc2");
    EXPECT_EQ(printable("\xff."), "\\xff.");
}

TEST(CsvField, QuotesWhatWouldSplit) {
    EXPECT_EQ(csv_field("booth8_m4-P8"), "booth8_m4-P8");
    EXPECT_EQ(csv_field("a,\"b\""), "\"a,\"\"b\"\"\"");
}

}  // namespace
}  // namespace concrete::app

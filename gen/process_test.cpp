#include "gen/process.h"

#include <chrono>
#include <csignal>
#include <fstream>
#include <gmock/gmock.h>
#include <thread>

#include "sim/error.h"
#include "sim/file.h"

namespace concrete::gen {
namespace {

using ::testing::HasSubstr;

double seconds_of(const std::function<void()>& body) {
    const auto start = std::chrono::steady_clock::now();
    body();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

TEST(Process, ReturnsBothStreamsAndTheStatus) {
    const ProcessResult result = run_process({"sh", "-c", "echo out; echo err >&2; exit 7"}, "/");
    EXPECT_EQ(result.out, "out\n");
    EXPECT_EQ(result.err, "err\n");
    EXPECT_EQ(result.exit_status, 7);
    EXPECT_EQ(result.ended_by, "");
    EXPECT_FALSE(result.ok());
    EXPECT_TRUE(run_process({"true"}, "/").ok());
}

TEST(Process, PassesArgumentsUntouchedByAnyShell) {
    const std::string odd = "a b; $(echo c) `d` \"e\" * \n";
    EXPECT_EQ(run_process({"printf", "%s", odd}, "/").out, odd);
}

TEST(Process, RunsInTheGivenFolderWithoutInput) {
    const TemporaryFolder folder;
    EXPECT_EQ(run_process({"pwd", "-P"}, folder.path()).out, std::filesystem::canonical(folder.path()).string() + "\n");
    EXPECT_EQ(run_process({"cat"}, folder.path()).out, "");
}

TEST(Process, ReadsMoreThanAPipeHolds) {
    const ProcessResult result =
        run_process({"sh", "-c", "head -c 3000000 /dev/zero; head -c 3000000 /dev/zero >&2"}, "/");
    EXPECT_EQ(result.out.size(), 3000000u);
    EXPECT_EQ(result.err.size(), 3000000u);
}

TEST(Process, EndsAnEndlessLoopAtTheCpuLimit) {
    ProcessLimits limits;
    limits.cpu_s = 1;
    const ProcessResult result = run_process({"sh", "-c", "while :; do :; done"}, "/", limits);
    EXPECT_FALSE(result.ok());
    EXPECT_EQ(result.ended_by, "the limit of 1 s of CPU time");
}

TEST(Process, EndsAnEndlessLoopThatIgnoresTheFirstSignal) {
    ProcessLimits limits;
    limits.cpu_s = 1;
    const ProcessResult result = run_process({"sh", "-c", "trap '' XCPU; while :; do :; done"}, "/", limits);
    EXPECT_EQ(result.ended_by, "the limit of 1 s of CPU time");
    EXPECT_EQ(result.exit_status, 128 + SIGKILL);
}

TEST(Process, EndsASleeperAtTheWallClockLimitAlsoWithItsOutputClosed) {
    ProcessLimits limits;
    limits.wall_s = 0.3;
    for (const char* script : {"sleep 30", "exec >&- 2>&-; sleep 30"}) {
        ProcessResult result;
        EXPECT_LT(seconds_of([&] { result = run_process({"sh", "-c", script}, "/", limits); }), 10);
        EXPECT_EQ(result.ended_by, "the wall-clock limit of 0.3 s");
        EXPECT_EQ(result.exit_status, 128 + SIGKILL);
    }
}

TEST(Process, EndsAMemoryHog) {
    ProcessLimits limits;
    limits.memory_bytes = uint64_t{200} << 20;
    const ProcessResult result = run_process({"tail", "/dev/zero"}, "/", limits);
    EXPECT_FALSE(result.ok());
    EXPECT_EQ(result.ended_by, "the memory limit of 200 MiB");
}

TEST(Process, EndsAFloodOfOutputAndOfFiles) {
    const TemporaryFolder folder;
    ProcessLimits limits;
    limits.output_bytes = 1 << 20;
    limits.file_bytes = 1 << 20;
    EXPECT_EQ(run_process({"yes"}, "/", limits).ended_by, "the output limit of 1048576 bytes");
    const ProcessResult result = run_process({"dd", "if=/dev/zero", "of=big", "bs=65536"}, folder.path(), limits);
    EXPECT_EQ(result.ended_by, "the file size limit of 1048576 bytes");
    EXPECT_LE(std::filesystem::file_size(folder.path() / "big"), limits.file_bytes);
}

TEST(Process, LeavesNoGrandchildBehind) {
    const TemporaryFolder folder;
    run_process({"sh", "-c", "(sleep 1; touch alive) >/dev/null 2>&1 & exit 0"}, folder.path());
    std::this_thread::sleep_for(std::chrono::milliseconds(1500));
    EXPECT_FALSE(std::filesystem::exists(folder.path() / "alive"));
}

TEST(Process, NamesTheSignalThatEndedAProgram) {
    const ProcessResult result = run_process({"sh", "-c", "kill -SEGV $$"}, "/");
    EXPECT_EQ(result.exit_status, 128 + SIGSEGV);
    EXPECT_THAT(result.ended_by, HasSubstr("signal 11"));
}

TEST(Process, SaysWhatToInstallForAMissingTool) {
    try {
        run_process({"verilator-that-is-not-here"}, "/");
        FAIL() << "no error";
    } catch (const MissingError& error) {
        EXPECT_EQ(error.code(), ExitCode::missing);
        EXPECT_THAT(error.what(), HasSubstr("'verilator-that-is-not-here' is not on this machine: install the Debian"));
    }
    EXPECT_THROW(run_process({"/no/such/program"}, "/"), MissingError);
}

TEST(Process, ReadsToolVersions) {
    EXPECT_THAT(tool_version("verilator"), ::testing::MatchesRegex("[0-9]+\\.[0-9]+.*"));
    EXPECT_THROW(tool_version("sh"), MissingError);
}

}  // namespace
}  // namespace concrete::gen

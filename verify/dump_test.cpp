#include "verify/dump.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "gen/process.h"
#include "sim/error.h"
#include "verify/testing.h"

namespace concrete::verify {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::RandomNetwork;

constexpr const char* kHardware = R"(
defaults:
  weights: {bits: 8, scheme: symmetric, per: channel}
  activations: {bits: 8, scheme: symmetric}
  multiplier: mul8u_exact
  sign_magnitude: true
  accumulator: {bits: 18, adder: {loa: 5}, overflow: saturate}
layers:
  conv2: {multiplier: {name: booth8_m3, P: 10}, sign_magnitude: false, accumulator: {bits: 24, overflow: wrap}}
)";

std::string in_icarus(const std::filesystem::path& folder) {
    const gen::ProcessResult built =
        gen::run_process({"iverilog", "-g2005", "-c", "files.f", "-o", "replay.vvp"}, folder);
    EXPECT_EQ(built.exit_status, 0) << built.err;
    return gen::run_process({"vvp", "-n", "replay.vvp"}, folder).out;
}

class DumpTest : public ::testing::Test {
  protected:
    DumpTest()
        : network_(testing::kSmallNetwork, 3, 2),
          quantized_(network_.quantized(
              kHardware, [](const sim::OperatorRef& ref) { return testing::catalogue_operator(ref.label()); })),
          cases_(testing::sampled_cases(network_, quantized_, 20, 3)) {}

    TemporaryFolder folder_;
    RandomNetwork network_;
    sim::QuantizedNetwork quantized_;
    std::vector<NeuronCase> cases_;
};

/// Replaces the hexadecimal digit at an offset by another one.
void flip_digit(const std::filesystem::path& file, size_t offset) {
    std::string text = read_file(file);
    text.at(offset) = text.at(offset) == '0' ? '1' : '0';
    write_file(file, text);
}

TEST_F(DumpTest, TestBenchPassesInIcarus) {
    const auto folders = dump_vectors(cases_, rtl_folder(), folder_.path() / "vectors");
    ASSERT_EQ(folders.size(), 3u);
    EXPECT_EQ(folders[1].filename(), "1_conv2");
    EXPECT_THAT(in_icarus(folders[0]), AllOf(HasSubstr("PASS: 20 neurons, 360 MACs"), Not(HasSubstr("FAIL"))));
    EXPECT_THAT(in_icarus(folders[1]), AllOf(HasSubstr("PASS: 20 neurons, 160 MACs"), Not(HasSubstr("FAIL"))));
    EXPECT_THAT(in_icarus(folders[2]), AllOf(HasSubstr("PASS: 15 neurons"), Not(HasSubstr("FAIL"))));
}

TEST_F(DumpTest, TestBenchFailsOnAnAlteredVector) {
    const auto folder = dump_vectors(cases_, rtl_folder(), folder_.path() / "vectors").at(1);
    constexpr size_t kMacLine = 33, kLastAccDigit = 31, kLastCodeDigit = 103;
    const std::string macs = read_file(folder / "macs.mem"), neurons = read_file(folder / "neurons.mem");

    flip_digit(folder / "macs.mem", 5 * kMacLine + kLastAccDigit);
    EXPECT_THAT(in_icarus(folder), AllOf(HasSubstr("neuron 0, MAC 5: got"), HasSubstr("FAIL: 1 differences")));

    write_file(folder / "macs.mem", macs);
    flip_digit(folder / "neurons.mem", kLastCodeDigit);
    EXPECT_THAT(in_icarus(folder), AllOf(HasSubstr("neuron 0, requantised: got"), HasSubstr("FAIL: 1 differences")));

    write_file(folder / "neurons.mem", neurons);
    EXPECT_THAT(in_icarus(folder), HasSubstr("PASS"));
}

TEST_F(DumpTest, RefusesAFolderWithContentAndLeavesItAlone) {
    write_file(folder_.path() / "mine" / "file.txt", "x");
    try {
        dump_vectors(cases_, rtl_folder(), folder_.path() / "mine");
        FAIL() << "accepted";
    } catch (const InputError& error) {
        EXPECT_THAT(error.what(), AllOf(HasSubstr("mine"), HasSubstr("exists already")));
    }
    EXPECT_EQ(read_file(folder_.path() / "mine" / "file.txt"), "x");
}

TEST_F(DumpTest, FailureLeavesNothingBehind) {
    EXPECT_THROW(dump_vectors(cases_, folder_.path() / "no-rtl", folder_.path() / "new" / "vectors"), InputError);
    EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
    write_file(folder_.path() / "file", "x");
    try {
        dump_vectors(cases_, rtl_folder(), folder_.path() / "file" / "vectors");
        FAIL() << "accepted";
    } catch (const InputError& error) {
        EXPECT_THAT(error.what(), AllOf(HasSubstr("file/vectors"), HasSubstr("Not a directory")));
    }
    EXPECT_EQ(read_file(folder_.path() / "file"), "x");
}

TEST_F(DumpTest, AcceptsAPathThatEndsInASlashAndAnEmptyFolder) {
    const std::filesystem::path vectors = folder_.path() / "vectors";
    EXPECT_EQ(dump_vectors(cases_, rtl_folder(), vectors / "").size(), 3u);
    EXPECT_TRUE(std::filesystem::exists(vectors / "0_conv1" / "testbench.v"));

    const std::filesystem::path empty = folder_.path() / "empty";
    std::filesystem::create_directory(empty);
    std::filesystem::create_symlink("empty", folder_.path() / "link");
    dump_vectors(cases_, rtl_folder(), folder_.path() / "link" / ".");
    EXPECT_TRUE(std::filesystem::exists(empty / "2_fc1" / "testbench.v"));
    size_t entries = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) entries += !entry.path().empty();
    EXPECT_EQ(entries, 3u) << "vectors, empty, link";
}

TEST_F(DumpTest, LeavesFoldersOfSimilarNamesAlone) {
    const std::filesystem::path mine = folder_.path() / "vectors.partial" / "0_conv1" / "testbench.v";
    const std::filesystem::path guessed =
        folder_.path() / fmt::format(".vectors.partial-{}-0", getpid()) / "0_conv1" / "testbench.v";
    write_file(mine, "mine");
    write_file(guessed, "mine");
    EXPECT_THROW(dump_vectors(cases_, folder_.path() / "no-rtl", folder_.path() / "vectors"), InputError);
    EXPECT_EQ(read_file(mine) + read_file(guessed), "minemine");
    dump_vectors(cases_, rtl_folder(), folder_.path() / "vectors");
    EXPECT_EQ(read_file(mine) + read_file(guessed), "minemine");
    EXPECT_NE(read_file(folder_.path() / "vectors" / "0_conv1" / "testbench.v"), "mine");
}

}  // namespace
}  // namespace concrete::verify

#include "cuda/nvrtc.h"

#include <array>
#include <cstdlib>
#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <vector>

#include "cuda/netlist_source.h"
#include "sim/error.h"
#include "sim/file.h"
#include "sim/hash.h"
#include "sim/testing.h"

namespace concrete::cuda {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kSource[] = "extern \"C\" __global__ void twice(int* x) { x[threadIdx.x] *= 2; }\n";

/// A cache folder of its own for each test; the tests are skipped where there is no NVRTC.
class NvrtcTest : public ::testing::Test {
  protected:
    void SetUp() override {
        if (const char* now = std::getenv("CONCRETE_CACHE_DIR")) before_ = now;
        setenv("CONCRETE_CACHE_DIR", folder_.path().c_str(), 1);
        try {
            nvrtc_version();
        } catch (const MissingError& e) {
            GTEST_SKIP() << e.what();
        }
    }
    void TearDown() override {
        if (before_.empty()) {
            unsetenv("CONCRETE_CACHE_DIR");
        } else {
            setenv("CONCRETE_CACHE_DIR", before_.c_str(), 1);
        }
    }

    std::vector<fs::path> entries() const {
        std::vector<fs::path> found;
        for (const auto& entry : fs::directory_iterator(folder_.path() / "cubins")) found.push_back(entry.path());
        return found;
    }

  private:
    TemporaryFolder folder_;
    std::string before_;
};

TEST_F(NvrtcTest, CompilesForEveryArchitectureOfTheBuild) {
    const auto op = sim::testing::twisted_multiplier();
    const sim::AccumulatorSpec acc{32, sim::Overflow::saturate, 4, nullptr};
    const sim::StepCircuit circuit =
        step_circuit({op, {-128, 127}, {-128, 127}, false}, acc, sim::LaneSide::a, {1, true});
    const std::string source = netlist_source(circuit);
    for (const std::string architecture : {"sm_75", "sm_80", "sm_90"}) {
        const std::string cubin = compile_cubin(source, architecture);
        EXPECT_THAT(cubin, StartsWith("\x7f"
                                      "ELF"));
        EXPECT_THAT(cubin, HasSubstr(kNetlistKernel));
        EXPECT_GT(cubin.size(), 16 * circuit.netlist.nodes.size()) << "16 bytes an instruction, one a node";
    }
    EXPECT_EQ(entries().size(), 3);
}

TEST_F(NvrtcTest, TakesWhatWasCompiledBefore) {
    const std::string cubin = compile_cubin(kSource, "sm_90");
    ASSERT_EQ(entries().size(), 1);
    // An entry in order that no compiler made shows that it is what is taken.
    write_file(entries()[0], "made up" + sha256_hex("made up"));
    EXPECT_EQ(compile_cubin(kSource, "sm_90"), "made up");
    EXPECT_EQ(compile_cubin(std::string(kSource) + " ", "sm_90").substr(1, 3), "ELF");
    EXPECT_EQ(entries().size(), 2);
}

TEST_F(NvrtcTest, CompilesAgainWhereAnEntryIsDamaged) {
    const std::string cubin = compile_cubin(kSource, "sm_90");
    ASSERT_EQ(entries().size(), 1);
    const fs::path entry = entries()[0];
    const std::string bytes = read_file(entry);
    std::string flipped = bytes;
    flipped[bytes.size() / 2] ^= 1;
    for (const std::string& damaged : {flipped, bytes.substr(0, bytes.size() - 1), bytes.substr(1), std::string()}) {
        write_file(entry, damaged);
        EXPECT_EQ(compile_cubin(kSource, "sm_90"), cubin);
        EXPECT_EQ(read_file(entry), bytes) << "mended";
    }
}

TEST_F(NvrtcTest, BadTextGivesTheCompilersLog) {
    try {
        compile_cubin("extern \"C\" __global__ void f() {\n    no_such_name = 1;\n}\n", "sm_90");
        FAIL() << "compiled";
    } catch (const InputError& e) {
        EXPECT_THAT(e.what(), HasSubstr("(2): error"));
        EXPECT_THAT(e.what(), HasSubstr("no_such_name"));
    }
}

TEST_F(NvrtcTest, UnknownGpuNeedsAnotherToolkit) {
    try {
        compile_cubin(kSource, "sm_1");
        FAIL() << "compiled";
    } catch (const MissingError& e) {
        EXPECT_THAT(e.what(), HasSubstr("cannot compile for sm_1; install a CUDA toolkit"));
    }
}

TEST(Nvrtc, MissingLibraryIsReportedAsSuch) {
    const TemporaryFolder empty;
    try {
        detail::open_nvrtc(std::array{empty.path(), empty.path() / "lib64"});
        FAIL() << "found";
    } catch (const MissingError& e) {
        EXPECT_THAT(e.what(), HasSubstr("install the CUDA toolkit"));
    }
}

}  // namespace
}  // namespace concrete::cuda

#include "cuda/executors.h"

#include <cstdlib>
#include <gtest/gtest.h>

#include "cuda/device.h"

namespace concrete::cuda {
namespace {

TEST(Executors, AreTheUsableGpusOrAReason) {
    ASSERT_FALSE(is_emulated());
    if (gpu_problem().empty()) {
        EXPECT_FALSE(make_executors().empty());
        return;
    }
    try {
        make_executors();
        FAIL();
    } catch (const DeviceError& error) {
        EXPECT_EQ(error.what(), gpu_problem());
    }
}

TEST(Executors, OneOfTheHostStandsInWhereThatIsAskedFor) {
    setenv("CONCRETE_CUDA_EMULATE", "1", 1);
    EXPECT_TRUE(is_emulated());
    const auto executors = make_executors();
    ASSERT_EQ(executors.size(), 1U);
    EXPECT_EQ(executors[0]->label(), "the host executor");
    setenv("CONCRETE_CUDA_EMULATE", "0", 1);
    EXPECT_FALSE(is_emulated());
    unsetenv("CONCRETE_CUDA_EMULATE");
}

}  // namespace
}  // namespace concrete::cuda

#include "sim/executable_memory.h"

#include <gtest/gtest.h>
#include <utility>
#include <vector>

namespace concrete::sim {
namespace {

TEST(ExecutableMemory, NeedsCode) {
    EXPECT_FALSE(ExecutableMemory::of({}));
}

TEST(ExecutableMemory, RunsWhatItHolds) {
#if defined(__x86_64__) && defined(__unix__)
    // mov %rdi,%rax; ret, at the end of more than a page of nop.
    std::vector<uint8_t> code(5000, 0x90);
    code.insert(code.end(), {0x48, 0x89, 0xf8, 0xc3});
    auto memory = ExecutableMemory::of(code);
    ASSERT_TRUE(memory);
    const ExecutableMemory moved = std::move(*memory);
    EXPECT_EQ(moved.function<uint64_t(uint64_t)>()(0x123456789abcdef0), 0x123456789abcdef0u);
#else
    GTEST_SKIP() << "needs x86 and the System V calling convention";
#endif
}

}  // namespace
}  // namespace concrete::sim

#include "sim/parallel.h"

#include <algorithm>
#include <atomic>
#include <gtest/gtest.h>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace concrete::sim {
namespace {

TEST(ParallelFor, CoversEveryIndexOnce) {
    for (const int threads : {-1, 0, 1, 2, 3, 8, 64}) {
        for (const size_t count : {0, 1, 2, 7, 8, 9, 1000}) {
            std::vector<std::atomic<int>> visits(count);
            std::atomic<int> calls = 0;
            parallel_for(count, threads, [&](size_t begin, size_t end) {
                ++calls;
                EXPECT_LT(begin, end);
                for (size_t i = begin; i < end; ++i) ++visits[i];
            });
            for (const auto& visit : visits) EXPECT_EQ(visit, 1);
            EXPECT_LE(calls, std::max(threads, 1));
        }
    }
}

TEST(ParallelFor, RangesDependOnCountAndThreadsAlone) {
    const std::vector<std::pair<size_t, size_t>> expected = {{0, 4}, {4, 7}, {7, 10}};
    std::vector<std::pair<size_t, size_t>> found;
    std::mutex mutex;
    parallel_for(10, 3, [&](size_t begin, size_t end) {
        const std::lock_guard lock(mutex);
        found.emplace_back(begin, end);
    });
    std::sort(found.begin(), found.end());
    EXPECT_EQ(found, expected);
}

TEST(ParallelFor, NestedLoopsStillCoverEverything) {
    std::atomic<int> visits = 0;
    parallel_for(4, 2, [&](size_t begin, size_t end) {
        for (size_t i = begin; i < end; ++i) {
            parallel_for(5, 3, [&](size_t b, size_t e) { visits += static_cast<int>(e - b); });
        }
    });
    EXPECT_EQ(visits, 20);
}

TEST(ParallelFor, ThrowsTheFirstExceptionAgain) {
    const auto body = [](size_t begin, size_t) {
        if (begin > 0) throw std::runtime_error(std::to_string(begin));
    };
    try {
        parallel_for(9, 3, body);
        FAIL() << "no exception";
    } catch (const std::runtime_error& error) {
        EXPECT_STREQ(error.what(), "3");
    }
}

TEST(DefaultThreads, IsPositive) {
    EXPECT_GE(default_threads(), 1);
}

}  // namespace
}  // namespace concrete::sim

#include "sim/random.h"

#include <gtest/gtest.h>
#include <numeric>
#include <set>
#include <vector>

namespace concrete::sim {
namespace {

// Pinned: weights in nets/ can be trained again only while these stay.
TEST(Random, NumbersAreTheSameEverywhere) {
    Random random(1);
    const std::vector<uint64_t> first{random.bits(), random.bits(), random.bits()};
    EXPECT_EQ(first, (std::vector<uint64_t>{8144083929183497542u, 6057952945524387058u, 13732518547963222454u}));
    std::vector<int> order(8);
    std::iota(order.begin(), order.end(), 0);
    Random(7, 3).shuffle(order);
    EXPECT_EQ(order, (std::vector<int>{3, 7, 2, 5, 1, 0, 4, 6}));
}

TEST(Random, SeedsAndStreamsDiffer) {
    std::set<uint64_t> seen;
    for (uint64_t seed = 0; seed < 20; ++seed)
        for (uint64_t stream = 0; stream < 20; ++stream) seen.insert(Random(seed, stream).bits());
    EXPECT_EQ(seen.size(), 400u);
}

TEST(Random, BelowIsEvenAndStaysBelow) {
    Random random(2);
    std::vector<int> counts(7);
    for (int i = 0; i < 70000; ++i) ++counts.at(static_cast<size_t>(random.below(7)));
    for (const int count : counts) EXPECT_NEAR(count, 10000, 400);  // more than four standard deviations
    EXPECT_EQ(random.below(1), 0u);
    const uint64_t large = (uint64_t{1} << 63) + 1;  // nearly half of all draws are refused
    for (int i = 0; i < 100; ++i) EXPECT_LT(random.below(large), large);
    for (int i = 0; i < 100; ++i) random.below(uint64_t{1} << 63);
}

TEST(Random, UnitIsEvenInItsRange) {
    Random random(3);
    double sum = 0, lowest = 1, highest = 0;
    for (int i = 0; i < 100000; ++i) {
        const double x = random.unit();
        sum += x;
        lowest = std::min(lowest, x);
        highest = std::max(highest, x);
    }
    EXPECT_GE(lowest, 0);
    EXPECT_LT(highest, 1);
    EXPECT_LT(lowest, 1e-3);
    EXPECT_GT(highest, 1 - 1e-3);
    EXPECT_NEAR(sum / 100000, 0.5, 0.005);
}

TEST(Random, ShuffleKeepsEveryElement) {
    std::vector<int> order(1000), sorted;
    std::iota(order.begin(), order.end(), 0);
    sorted = order;
    Random(4).shuffle(order);
    EXPECT_NE(order, sorted);
    std::sort(order.begin(), order.end());
    EXPECT_EQ(order, sorted);
}

}  // namespace
}  // namespace concrete::sim

#include "sim/even_subset.h"

#include <gtest/gtest.h>

namespace concrete::sim {
namespace {

std::vector<size_t> subset_of(const std::vector<std::vector<int32_t>>& vectors) {
    std::vector<const std::vector<int32_t>*> pointers;
    for (const auto& vector : vectors) pointers.push_back(&vector);
    return even_subset(pointers);
}

using Places = std::vector<size_t>;

TEST(EvenSubset, FindsTheFirst) {
    EXPECT_EQ(subset_of({{0, 1, 3}, {0, 2, -4}, {0, 0, 0}}), Places{1});
    EXPECT_EQ(subset_of({{0, 1, 0, 1}, {0, 1, 1, 0}, {0, 0, 0, 1}, {0, 0, -7, 5}}), (Places{0, 1, 3}));
}

TEST(EvenSubset, IsEmptyOfIndependentVectors) {
    EXPECT_EQ(subset_of({}), Places{});
    EXPECT_EQ(subset_of({{0, 1, 0}, {0, 0, -1}}), Places{});
}

}  // namespace
}  // namespace concrete::sim

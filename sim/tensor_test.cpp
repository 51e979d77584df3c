#include "sim/tensor.h"

#include <gtest/gtest.h>

namespace concrete::sim {
namespace {

TEST(Tensor, ShapesAreCountedAndPrinted) {
    EXPECT_EQ(to_string(Shape{}), "[]");
    EXPECT_EQ(to_string(Shape{3}), "[3]");
    EXPECT_EQ(to_string(Shape{2, 3, 5}), "[2, 3, 5]");
    EXPECT_EQ(element_count({}), 1U);
    EXPECT_EQ(element_count({2, 0, 5}), 0U);
    EXPECT_EQ(Tensor<float>({2, 3}).size(), 6U);
}

}  // namespace
}  // namespace concrete::sim

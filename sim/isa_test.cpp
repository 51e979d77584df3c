#include "sim/isa.h"

#include <gtest/gtest.h>

#include "sim/error.h"

namespace concrete::sim {
namespace {

TEST(Isa, IsTheFastestUnlessNamed) {
    ASSERT_EQ(available_isas().front(), Isa::portable);
    EXPECT_EQ(detail::chosen_isa(nullptr), available_isas().back());
    EXPECT_EQ(detail::chosen_isa(""), available_isas().back());
    for (const Isa isa : available_isas()) EXPECT_EQ(detail::chosen_isa(to_string(isa).c_str()), isa);
    EXPECT_THROW(detail::chosen_isa("mmx"), UsageError);
}

}  // namespace
}  // namespace concrete::sim

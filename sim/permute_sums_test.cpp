#include "sim/permute_sums.h"

#include <gtest/gtest.h>
#include <limits>
#include <utility>

#include "sim/table_sums_testing.h"

namespace concrete::sim {
namespace {

constexpr int32_t kLowest = std::numeric_limits<int32_t>::min(), kHighest = std::numeric_limits<int32_t>::max();

class PermuteSums : public ::testing::TestWithParam<Isa> {
  protected:
    testing::SumsFactory factory() const {
        return [](const SumTable& table) { return permute_sums(table, GetParam()); };
    }
};

TEST_P(PermuteSums, EqualPlainSumsForAllSizesOfProducts) {
    Random random(1);
    // Rows of 1, 2 and 4 registers; planes of 6, 7 and 8 bits.
    for (const size_t lanes : {50, 100, 200}) {
        for (const auto& [lowest, highest] : {std::pair{-13, 50}, {-10000, 6383}, {kLowest, kHighest}}) {
            testing::expect_plain_sums_of_all_sizes(testing::random_sum_table(lanes, 256, lowest, highest, random),
                                                    factory());
        }
    }
}

TEST_P(PermuteSums, EqualPlainSumsForAllSizesOfTables) {
    testing::expect_plain_sums_of_all_tables(-32768, 32767, factory());
    testing::expect_plain_sums_of_all_tables(kLowest, kHighest, factory());
}

TEST_P(PermuteSums, EqualPlainSumsForAllWidthsOfValues) {
    Random random(2);
    for (int bits = 0; bits <= 32; ++bits) {
        const int64_t span = (int64_t{1} << bits) - 1;
        const int32_t lowest = bits == 32 ? kLowest : (bits == 31 ? -5 : -1000);
        const auto highest = static_cast<int32_t>(lowest + span);
        const SumTable table = testing::random_sum_table(129, 77, lowest, highest, random);
        const auto sums = permute_sums(table, GetParam());
        for (const auto positions :
             {testing::Positions::random, testing::Positions::largest, testing::Positions::smallest})
            testing::expect_plain_sums(table, *sums, {.k = 513, .n = 3, .lanes = 65, .positions = positions}, random);
    }
}

INSTANTIATE_TEST_SUITE_P(Isas, PermuteSums, ::testing::ValuesIn(available_isas()),
                         [](const auto& test) { return to_string(test.param); });

}  // namespace
}  // namespace concrete::sim

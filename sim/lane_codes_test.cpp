#include "sim/lane_codes.h"

#include <gtest/gtest.h>
#include <vector>

#include "sim/gather.h"
#include "sim/random.h"

namespace concrete::sim {
namespace {

TEST(LaneCodes, HoldsEveryBitInBothOrders) {
    Random random(5);
    LaneCodes codes;
    for (const size_t lanes : {1, 15, 16, 64, 100, 512})
        for (const size_t k : {1, 15, 16, 37})
            for (const bool lane_by_lane : {false, true})
                for (const bool skips : {false, true}) {
                    if (skips && !lane_by_lane) continue;
                    const size_t stride = (lane_by_lane ? k : lanes) + 3, words = (lanes + 63) / 64 + 1;
                    const int bits = 1 + static_cast<int>(random.below(16));
                    std::vector<int32_t> all((lane_by_lane ? lanes : k) * stride);
                    for (int32_t& code : all) code = static_cast<int32_t>(random.bits() & 0xffff) - 0x8000;
                    if (skips) all[random.below(lanes) * stride + random.below(k)] = kSkip;
                    codes.load({all.data(), lanes, k, stride,
                                lane_by_lane ? CodeBlock::Order::lane_by_lane : CodeBlock::Order::side_by_side},
                               bits, words);
                    ASSERT_EQ(codes.has_skips(), skips);
                    size_t wrong = 0;
                    for (size_t i = 0; i < k; ++i)
                        for (size_t lane = 0; lane < lanes; ++lane) {
                            const int32_t code = lane_by_lane ? all[lane * stride + i] : all[i * stride + lane];
                            const auto bit_at = [&](size_t plane) {
                                return (codes.at(i)[plane * words + lane / 64] >> lane % 64 & 1) != 0;
                            };
                            for (int bit = 0; bit < bits; ++bit)
                                wrong += bit_at(static_cast<size_t>(bit)) != ((code >> bit & 1) != 0);
                            if (skips) wrong += bit_at(static_cast<size_t>(bits)) != (code != kSkip);
                        }
                    EXPECT_EQ(wrong, 0u) << lanes << " lanes, " << k << " k, " << bits << " bits";
                }
}

}  // namespace
}  // namespace concrete::sim

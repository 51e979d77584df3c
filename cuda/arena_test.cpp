#include "cuda/arena.h"

#include <gtest/gtest.h>
#include <random>

namespace concrete::cuda {
namespace {

void expect_apart(const std::vector<ArenaPiece>& pieces, const ArenaPlan& plan) {
    for (size_t i = 0; i < pieces.size(); ++i) {
        EXPECT_EQ(plan.offsets[i] % 256, 0U);
        EXPECT_LE(plan.offsets[i] + pieces[i].bytes, plan.bytes);
        for (size_t j = 0; j < i; ++j) {
            const bool same_time =
                pieces[i].first_step <= pieces[j].last_step && pieces[j].first_step <= pieces[i].last_step;
            const bool apart = plan.offsets[i] + pieces[i].bytes <= plan.offsets[j] ||
                               plan.offsets[j] + pieces[j].bytes <= plan.offsets[i];
            EXPECT_TRUE(!same_time || apart || pieces[i].bytes == 0 || pieces[j].bytes == 0) << i << " and " << j;
        }
    }
}

TEST(Arena, AChainNeedsItsTwoLargestNeighbors) {
    const std::vector<ArenaPiece> pieces{{1000, 0, 1}, {5000, 1, 2}, {3000, 2, 3}, {100, 3, 4}, {2000, 4, 4}};
    const ArenaPlan plan = plan_arena(pieces);
    expect_apart(pieces, plan);
    EXPECT_EQ(plan.bytes, 5120U + 3072U);
}

TEST(Arena, PiecesThatMeetLieApart) {
    EXPECT_EQ(plan_arena({}).bytes, 0U);
    std::mt19937_64 random(3);
    for (int round = 0; round < 300; ++round) {
        std::vector<ArenaPiece> pieces(random() % 30);
        size_t all = 0;
        for (ArenaPiece& piece : pieces) {
            piece = {random() % 3000, random() % 12, 0};
            piece.last_step = piece.first_step + random() % 5;
            all += (piece.bytes + 255) / 256 * 256;
        }
        const ArenaPlan plan = plan_arena(pieces);
        expect_apart(pieces, plan);
        EXPECT_LE(plan.bytes, all);
    }
}

}  // namespace
}  // namespace concrete::cuda

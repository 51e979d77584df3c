#include "cuda/arena.h"

#include <algorithm>
#include <numeric>

namespace concrete::cuda {
namespace {

constexpr size_t kArenaAlignment = 256;

size_t aligned(size_t bytes) {
    return (bytes + kArenaAlignment - 1) / kArenaAlignment * kArenaAlignment;
}

bool meet(const ArenaPiece& a, const ArenaPiece& b) {
    return a.first_step <= b.last_step && b.first_step <= a.last_step;
}

}  // namespace

ArenaPlan plan_arena(const std::vector<ArenaPiece>& pieces) {
    std::vector<size_t> order(pieces.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return pieces[a].bytes > pieces[b].bytes; });
    ArenaPlan plan{std::vector<size_t>(pieces.size()), 0};
    std::vector<size_t> placed;  // by rising offset
    for (const size_t piece : order) {
        const size_t bytes = aligned(pieces[piece].bytes);
        size_t offset = 0;
        for (const size_t other : placed) {
            if (!meet(pieces[piece], pieces[other])) continue;
            if (offset + bytes <= plan.offsets[other]) break;
            offset = std::max(offset, plan.offsets[other] + aligned(pieces[other].bytes));
        }
        plan.offsets[piece] = offset;
        plan.bytes = std::max(plan.bytes, offset + bytes);
        const auto behind = [&](size_t a, size_t b) { return plan.offsets[a] < plan.offsets[b]; };
        placed.insert(std::upper_bound(placed.begin(), placed.end(), piece, behind), piece);
    }
    return plan;
}

}  // namespace concrete::cuda

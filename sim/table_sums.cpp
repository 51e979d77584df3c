#include "sim/table_sums.h"

#include <algorithm>

namespace concrete::sim {
namespace {

struct Positions : PreparedOthers {
    std::vector<uint8_t> positions;  // [k][n]
    size_t n = 0;
};

}  // namespace

std::shared_ptr<const PreparedOthers> PlainSums::prepare(const uint8_t* positions, size_t k, size_t n) const {
    auto result = std::make_shared<Positions>();
    result->positions.assign(positions, positions + k * n);
    result->n = n;
    return result;
}

void PlainSums::add(const LaneTile& tile, const PreparedOthers& others, size_t first_k, size_t first_n, size_t n,
                    uint32_t* sums) const {
    const auto& columns = static_cast<const Positions&>(others);
    for (size_t k = 0; k < tile.k; ++k) {
        const uint8_t* other = columns.positions.data() + (first_k + k) * columns.n + first_n;
        for (size_t j = 0; j < n; ++j) {
            for (size_t lane = 0; lane < tile.lanes; ++lane) {
                const uint8_t position = tile.positions[k * kTileLanes + lane];
                sums[j * kTileLanes + lane] += static_cast<uint32_t>(table_.at(position, other[j]));
            }
        }
    }
}

}  // namespace concrete::sim

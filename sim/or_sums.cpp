#include "sim/or_sums.h"

#include <algorithm>
#include <fmt/format.h>

#include "sim/error.h"
#include "sim/or_sums_kernels.h"

namespace concrete::sim {
namespace {

const detail::OrKernels& or_kernels_of(Isa isa) {
    switch (isa) {
#if defined(__x86_64__)
        case Isa::avx2:
            return detail::kOrAvx2;
        case Isa::avx512:
            return detail::kOrAvx512;
        case Isa::avx512_vnni:
            return detail::kOrAvx512Vbmi;
#endif
        default:
            return detail::kOrPortable;
    }
}

void check(const LowPartTable& table) {
    const auto fits = [](size_t positions) { return positions >= 1 && positions <= 256; };
    if (!fits(table.lanes) || !fits(table.others) || table.values.size() != table.lanes * table.others) {
        throw ShapeError(fmt::format("low parts: {} values for {} x {} positions; expected 1 to 256 positions of each",
                                     table.values.size(), table.lanes, table.others));
    }
}

/// Lines of a row that the kernels know: 1, 2 or 4.
size_t lines_of(size_t positions) {
    return positions <= 64 ? 1 : positions <= 128 ? 2 : 4;
}

}  // namespace

class OrSums::Columns {
  public:
    size_t k = 0;
    std::vector<uint8_t> positions;          ///< [n][k]
    std::vector<std::vector<uint8_t>> bits;  ///< [planes][n]: what a column can set at most
};

OrSums::OrSums(const LowPartTable& table, Isa isa) : isa_(isa), others_(table.others), lines_(lines_of(table.lanes)) {
    check(table);
    const bool one_byte = std::ranges::all_of(table.values, [](uint16_t value) { return value < 256; });
    planes_.resize(one_byte ? 1 : 2);
    for (size_t p = 0; p < planes_.size(); ++p) {
        Plane& plane = planes_[p];
        plane.rows.resize(others_ * lines_);
        plane.lane_bits.resize(lines_);
        plane.column_bits.resize(others_);
        for (size_t lane = 0; lane < table.lanes; ++lane) {
            const size_t line = lane / kLaneStep, at = lane % kLaneStep;
            for (size_t other = 0; other < others_; ++other) {
                const auto byte = static_cast<uint8_t>(table.values[lane * others_ + other] >> (8 * p));
                plane.rows[other * lines_ + line].bytes[at] = byte;
                plane.lane_bits[line].bytes[at] |= byte;
                plane.column_bits[other] |= byte;
            }
        }
    }
}

std::shared_ptr<const OrSums::Columns> OrSums::prepare(const uint8_t* positions, size_t k, size_t n) const {
    auto columns = std::make_shared<Columns>();
    columns->k = k;
    columns->positions.resize(n * k);
    columns->bits.assign(planes_.size(), std::vector<uint8_t>(n));
    for (size_t i = 0; i < k; ++i) {
        for (size_t j = 0; j < n; ++j) {
            const uint8_t position = positions[i * n + j];
            columns->positions[j * k + i] = position;
            for (size_t p = 0; p < planes_.size(); ++p) columns->bits[p][j] |= planes_[p].column_bits[position];
        }
    }
    return columns;
}

void OrSums::add(const LaneTile& tile, const Columns& columns, size_t first_k, size_t first_n, size_t n,
                 uint16_t* ors) const {
    add_with_pairs(tile, columns, first_k, first_n, n, ors, nullptr);
}

void OrSums::add_with_pairs(const LaneTile& tile, const Columns& columns, size_t first_k, size_t first_n, size_t n,
                            uint16_t* ors, uint16_t* pairs) const {
    const auto kernel = or_kernels_of(isa_)[lines_ / 2];
    const size_t lanes = (tile.lanes + kLaneStep - 1) / kLaneStep * kLaneStep;
    for (size_t p = 0; p < planes_.size(); ++p) {
        const Plane& plane = planes_[p];
        const auto bytes_of = [](const std::vector<Line>& lines) { return lines.front().bytes.data(); };

        // What a lane can reach is a reduction like the others, over a table with the same row for all.
        alignas(64) std::array<uint16_t, kTileLanes> reachable_words{};
        alignas(64) std::array<uint8_t, kTileLanes> reachable;
        reachable.fill(0xff);
        uint8_t all_bits = 0;
        for (const uint8_t bits : plane.column_bits) all_bits |= bits;
        kernel({bytes_of(plane.lane_bits), 0, columns.positions.data() + first_k, tile.positions, tile.k, lanes,
                reachable.data(), all_bits, 0, reachable_words.data(), nullptr});
        // Nobody waits for lanes that are not in use.
        for (size_t lane = 0; lane < kTileLanes; ++lane)
            reachable[lane] = lane < tile.lanes ? static_cast<uint8_t>(reachable_words[lane]) : uint8_t{0};

        for (size_t j = 0; j < n; ++j) {
            kernel({bytes_of(plane.rows), lines_ * kLaneStep,
                    columns.positions.data() + (first_n + j) * columns.k + first_k, tile.positions, tile.k, lanes,
                    reachable.data(), columns.bits[p][first_n + j], static_cast<int>(8 * p), ors + j * kTileLanes,
                    pairs ? pairs + j * kTileLanes : nullptr});
        }
    }
}

}  // namespace concrete::sim

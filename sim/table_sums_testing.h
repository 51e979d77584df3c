#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <gtest/gtest.h>
#include <limits>
#include <memory>
#include <vector>

#include "sim/random.h"
#include "sim/table_sums.h"

/// Any way of summing over tables set against PlainSums, for tests.
namespace concrete::sim::testing {

/// The way of summing under test.
using SumsFactory = std::function<std::unique_ptr<TableSums>(const SumTable&)>;

/// Values in [lowest, highest], drawn at random but for the first and the last entry: highest and lowest.
inline SumTable random_sum_table(size_t lanes, size_t others, int32_t lowest, int32_t highest, Random& random) {
    SumTable table{lanes, others, std::vector<int32_t>(lanes * others)};
    const uint64_t span = static_cast<uint64_t>(int64_t{highest} - lowest);
    for (int32_t& value : table.values)
        value = static_cast<int32_t>(lowest + static_cast<int64_t>(random.below(span + 1)));
    table.values.back() = lowest;
    table.values.front() = highest;
    return table;
}

/// What positions the operands have.
enum class Positions {
    random,    ///< all that the table has
    largest,   ///< those of the table's largest entry, everywhere
    smallest,  ///< those of its smallest entry
};

/// One product, summed in calls of k_piece steps (a multiple of kDepthStep) and n_piece others (of kOtherStep).
struct SumsCase {
    size_t k = 1, n = 1, lanes = 1;
    size_t first_n = 0;  ///< others before the n, prepared but not summed; a multiple of kOtherStep
    size_t k_piece = std::numeric_limits<size_t>::max(), n_piece = k_piece;
    Positions positions = Positions::random;
};

namespace detail {

/// Aligned as tiles and sums are.
template <typename T>
class AlignedArray {
  public:
    explicit AlignedArray(size_t size) : memory_(size * sizeof(T) + 64), size_(size) {
        void* begin = memory_.data();
        size_t space = memory_.size();
        data_ = static_cast<T*>(std::align(64, size * sizeof(T), begin, space));
    }
    AlignedArray(const AlignedArray&) = delete;
    AlignedArray& operator=(const AlignedArray&) = delete;
    T* data() { return data_; }
    T& operator[](size_t i) { return data_[i]; }
    size_t size() const { return size_; }

  private:
    std::vector<unsigned char> memory_;
    T* data_;
    size_t size_;
};

inline std::vector<uint8_t> random_positions(size_t count, size_t below, Random& random) {
    std::vector<uint8_t> positions(count);
    uint64_t bits = 0;
    for (size_t i = 0; i < count; ++i) {
        bits = i % 8 == 0 ? random.bits() : bits >> 8;
        positions[i] = static_cast<uint8_t>((bits & 255) * below >> 8);
    }
    return positions;
}

}  // namespace detail

/// Expects what PlainSums gives, added to what was there; lanes after the next multiple of kLaneStep and others that
/// were not asked for untouched. `sums`: made for `table`.
inline void expect_plain_sums(const SumTable& table, const TableSums& sums, const SumsCase& c, Random& random) {
    const size_t columns = c.first_n + c.n + 3;  // and some after them
    std::vector<uint8_t> lanes = detail::random_positions(c.k * kTileLanes, table.lanes, random);
    std::vector<uint8_t> others = detail::random_positions(c.k * columns, table.others, random);
    if (c.positions != Positions::random) {
        const auto [smallest, largest] = std::minmax_element(table.values.begin(), table.values.end());
        const auto entry =
            static_cast<size_t>((c.positions == Positions::largest ? largest : smallest) - table.values.begin());
        std::fill(lanes.begin(), lanes.end(), static_cast<uint8_t>(entry / table.others));
        std::fill(others.begin(), others.end(), static_cast<uint8_t>(entry % table.others));
    }
    detail::AlignedArray<uint8_t> tile(lanes.size());
    std::copy(lanes.begin(), lanes.end(), tile.data());

    detail::AlignedArray<uint32_t> got((c.n + 1) * kTileLanes), expected(got.size());
    for (size_t i = 0; i < got.size(); ++i) got[i] = expected[i] = static_cast<uint32_t>(random.bits());
    const PlainSums plain(table);
    plain.add({tile.data(), c.k, c.lanes}, *plain.prepare(others.data(), c.k, columns), 0, c.first_n, c.n,
              expected.data());
    const auto prepared = sums.prepare(others.data(), c.k, columns);
    std::fill(others.begin(), others.end(), uint8_t{0});  // what is prepared holds all it needs
    for (size_t k = 0; k < c.k; k += std::min(c.k_piece, c.k - k)) {
        const LaneTile piece{tile.data() + k * kTileLanes, std::min(c.k_piece, c.k - k), c.lanes};
        for (size_t n = 0; n < c.n; n += std::min(c.n_piece, c.n - n))
            sums.add(piece, *prepared, k, c.first_n + n, std::min(c.n_piece, c.n - n), got.data() + n * kTileLanes);
    }

    size_t wrong = 0, first = 0;
    for (size_t i = got.size(); i-- > 0;) {
        const size_t n = i / kTileLanes, lane = i % kTileLanes;
        const bool free = n < c.n && lane >= c.lanes && lane / kLaneStep <= (c.lanes - 1) / kLaneStep;
        if (free || got[i] == expected[i]) continue;
        ++wrong;
        first = i;
    }
    EXPECT_EQ(wrong, 0u) << "table " << table.lanes << " x " << table.others << ", k " << c.k << ", n " << c.n
                         << " from " << c.first_n << ", lanes " << c.lanes << ", pieces of k " << c.k_piece << ", n "
                         << c.n_piece << ", positions " << static_cast<int>(c.positions) << "; first at n "
                         << first / kTileLanes << ", lane " << first % kTileLanes << ": expected " << expected[first]
                         << ", got " << got[first];
}

/// Products of every awkward size over one table.
inline void expect_plain_sums_of_all_sizes(const SumTable& table, const SumsFactory& make) {
    Random random(11);
    const auto sums = make(table);
    for (const size_t k : {1, 2, 3, 4, 5, 31, 64, 255, 256, 257, 600}) {
        expect_plain_sums(table, *sums, {.k = k, .n = 3, .lanes = 256}, random);
        expect_plain_sums(table, *sums, {.k = k, .n = 2, .lanes = 256, .positions = Positions::largest}, random);
        expect_plain_sums(table, *sums, {.k = k, .n = 2, .lanes = 256, .positions = Positions::smallest}, random);
        expect_plain_sums(table, *sums, {.k = k, .n = 2, .lanes = 200, .k_piece = 4}, random);
        expect_plain_sums(table, *sums, {.k = k, .n = 2, .lanes = 100, .k_piece = 128}, random);
    }
    for (const size_t n : {1, 2, 11, 12, 13, 47, 97}) {
        expect_plain_sums(table, *sums, {.k = 7, .n = n, .lanes = 256, .first_n = kOtherStep}, random);
        expect_plain_sums(table, *sums, {.k = 7, .n = n, .lanes = 256, .k_piece = 4, .n_piece = kOtherStep}, random);
    }
    for (const size_t lanes : {1, 2, 63, 64, 65, 127, 128, 129, 191, 192, 193, 255, 256})
        expect_plain_sums(table, *sums, {.k = 9, .n = 5, .lanes = lanes}, random);
    // Long sums, also of one large entry only.
    for (const Positions positions : {Positions::random, Positions::largest, Positions::smallest})
        expect_plain_sums(table, *sums, {.k = 2603, .n = 1, .lanes = 64, .positions = positions}, random);
}

/// Random tables of every awkward number of positions, of values in [lowest, highest].
inline void expect_plain_sums_of_all_tables(int32_t lowest, int32_t highest, const SumsFactory& make) {
    Random random(12);
    for (const size_t lanes : {1, 2, 16, 63, 64, 65, 127, 128, 129, 255, 256}) {
        for (const size_t others : {1, 2, 63, 64, 65, 127, 128, 129, 255, 256}) {
            const SumTable table = random_sum_table(lanes, others, lowest, highest, random);
            expect_plain_sums(table, *make(table), {.k = 37, .n = 2, .lanes = 130}, random);
        }
    }
}

}  // namespace concrete::sim::testing

// The driver of the engines that sum over tables: tiles, threads, and what happens before and after the sums.
#include "sim/table_product.h"

#include <algorithm>
#include <array>
#include <limits>

#include "sim/aligned.h"
#include "sim/decomposed_sums.h"
#include "sim/logic_tables.h"
#include "sim/parallel.h"
#include "sim/permute_sums.h"

namespace concrete::sim {
namespace {

/// k packed at a time: a tile of 128 KiB.
constexpr size_t kDepth = 512;
/// Others of a tile worked on at a time: 240 KiB of sums.
constexpr size_t kMostOthers = 20 * kOtherStep;
/// With so many pieces of work for each thread, it hardly matters that some thread has one more.
constexpr size_t kPiecesPerThread = 8;

constexpr size_t round_up(size_t value, size_t step) {
    return (value + step - 1) / step * step;
}

/// Memory of a thread's tiles, kept between calls.
struct Scratch {
    Aligned<uint8_t> tile;
    Aligned<uint32_t> sums;
    Aligned<int64_t> wide, accumulators;
    Aligned<uint16_t> ors, pairs;
    std::vector<int64_t> code_sums;
};

Scratch& scratch() {
    thread_local Scratch memory;
    return memory;
}

/// A SumTable or LowPartTable with its operands in each other's place.
template <typename Table>
Table transposed(const Table& table) {
    Table result{table.others, table.lanes, {}};
    result.values.reserve(table.values.size());
    for (size_t other = 0; other < table.others; ++other)
        for (size_t lane = 0; lane < table.lanes; ++lane)
            result.values.push_back(table.values[lane * table.others + other]);
    return result;
}

/// Steps of k in which sums of 32 bits cannot overflow.
size_t steps_without_overflow(const SumTable& table) {
    const int64_t largest = largest_entry(table);
    if (largest == 0) return std::numeric_limits<size_t>::max();
    return static_cast<size_t>(std::numeric_limits<int32_t>::max() / largest);
}

/// Parts into which n columns are cut: the fewest that the cache wants and that give all threads equally many pieces of
/// work, or so many that it hardly matters.
size_t parts_of_columns(size_t tiles, size_t n, size_t threads) {
    size_t parts = column_ranges(n);
    const size_t most = std::max(parts, n / kOtherStep);
    while (parts < most && tiles * parts % threads != 0 && tiles * parts < kPiecesPerThread * threads) ++parts;
    return parts;
}

/// Lanes of a piece of work where n columns lie along them: a whole tile, or a part of it that gives all threads
/// equally many pieces.
size_t lanes_of_piece(size_t n, size_t threads) {
    size_t lanes = kTileLanes;
    const auto pieces = [&] { return (n + lanes - 1) / lanes; };
    while (lanes > kLaneStep && pieces() % threads != 0 && pieces() < kPiecesPerThread * threads) lanes /= 2;
    return lanes;
}

}  // namespace

/// One way round: what lies along the lanes, and the other operand prepared.
struct TableProduct::Side {
    std::unique_ptr<TableSums> sums;
    std::unique_ptr<OrSums> ors;  // where low parts are reduced
    // [groups], where weights are the others
    std::vector<std::shared_ptr<const PreparedOthers>> others;
    std::vector<std::shared_ptr<const OrSums::Columns>> columns;
    Aligned<uint8_t> weight_tiles;  // [tiles of n][k][kTileLanes], where weights lie along the lanes
};

TableProduct::TableProduct(const ProductTask& task, SumMethod method, const Decomposition* decomposition)
    : positions_(task.positions),
      groups_(task.groups),
      k_(task.k),
      n_(task.n),
      logic_(effective_accumulator(task)),
      method_(method),
      table_(summed_table(task)) {
    if (decomposition) decomposition_ = *decomposition;
    const size_t steps = steps_without_overflow(table_);
    wide_ = logic_.sum_bits() > 32 && k_ > steps;
    if (logic_.reduction() != LowReduction::none) low_ = low_table(logic_, product_table(task));
    depth_ = wide_ ? std::min(kDepth, steps / kDepthStep * kDepthStep) : kDepth;
    weights_.resize(groups_ * k_ * n_);
    const int64_t lowest = task.products->w_range().lowest;
    for (size_t group = 0; group < groups_; ++group)
        for (size_t n = 0; n < n_; ++n)
            for (size_t k = 0; k < k_; ++k)
                weights_[(group * k_ + k) * n_ + n] = static_cast<uint8_t>(task.w[(group * n_ + n) * k_ + k] - lowest);
}

TableProduct::~TableProduct() = default;

std::unique_ptr<TableProduct::Side> TableProduct::make_side(bool swapped) const {
    auto side = std::make_unique<Side>();
    if (method_ == SumMethod::decomposed) {
        side->sums = decomposed_sums(swapped ? sim::transposed(decomposition_) : decomposition_);
    } else {
        side->sums = permute_sums(swapped ? transposed(table_) : table_);
    }
    if (!low_.values.empty()) side->ors = std::make_unique<OrSums>(swapped ? transposed(low_) : low_);
    if (!swapped) {
        for (size_t group = 0; group < groups_; ++group) {
            const uint8_t* weights = weights_.data() + group * k_ * n_;
            side->others.push_back(side->sums->prepare(weights, k_, n_));
            if (side->ors) side->columns.push_back(side->ors->prepare(weights, k_, n_));
        }
        return side;
    }
    const size_t tiles = (n_ + kTileLanes - 1) / kTileLanes;
    uint8_t* const positions = side->weight_tiles.zeroed(tiles * k_ * kTileLanes);
    for (size_t tile = 0; tile < tiles; ++tile) {
        const size_t first = tile * kTileLanes, count = std::min(kTileLanes, n_ - first);
        for (size_t k = 0; k < k_; ++k)
            std::copy_n(weights_.data() + k * n_ + first, count, positions + (tile * k_ + k) * kTileLanes);
    }
    return side;
}

const TableProduct::Side& TableProduct::side(bool swapped) const {
    const std::lock_guard lock(mutex_);
    std::unique_ptr<Side>& side = sides_[swapped ? 1 : 0];
    if (!side) side = make_side(swapped);
    return *side;
}

/// Sums and reductions of one tile while k goes by.
struct TableProduct::Tile {
    const TableProduct& product;
    size_t lanes, others;
    LowReduction reduction;
    uint32_t* sums;
    int64_t* wide = nullptr;
    uint16_t *ors = nullptr, *pairs = nullptr;

    Tile(const TableProduct& owner, size_t lane_count, size_t other_count)
        : product(owner), lanes(lane_count), others(other_count), reduction(owner.logic_.reduction()) {
        const size_t count = others * kTileLanes;
        sums = scratch().sums.zeroed(count);
        if (owner.wide_) wide = scratch().wide.zeroed(count);
        if (reduction != LowReduction::none) ors = scratch().ors.zeroed(count);
        if (reduction == LowReduction::ors_and_pairs) pairs = scratch().pairs.zeroed(count);
    }

    void add(const Side& side, const uint8_t* positions, size_t first_k, size_t k, const PreparedOthers& prepared,
             const OrSums::Columns* columns, size_t first_n) {
        const LaneTile tile{positions, k, lanes};
        side.sums->add(tile, prepared, first_k, first_n, others, sums);
        if (pairs) {
            side.ors->add_with_pairs(tile, *columns, first_k, first_n, others, ors, pairs);
        } else if (ors) {
            side.ors->add(tile, *columns, first_k, first_n, others, ors);
        }
        if (!wide) return;
        for (size_t i = 0; i < others * kTileLanes; ++i) wide[i] += static_cast<int32_t>(sums[i]);
        std::fill_n(sums, others * kTileLanes, 0);
    }

    /// Accumulators of one other for each lane. Args: init(lane).
    template <typename Init>
    void finish(size_t other, const Init& init, int64_t* accumulators) const {
        const size_t first = other * kTileLanes;
        const LogicAccumulator& logic = product.logic_;
        if (logic.low_bits() > 0) {
            for (size_t lane = 0; lane < lanes; ++lane) {
                const size_t at = first + lane;
                accumulators[lane] = logic.finish(init(lane), sum(at), ors ? ors[at] : 0, pairs ? pairs[at] : 0);
            }
            return;
        }
        if (logic.sum_bits() == 32 && !wide) {  // the usual accumulator, in vectors of 32 bits
            for (size_t lane = 0; lane < lanes; ++lane)
                accumulators[lane] = static_cast<int32_t>(static_cast<uint32_t>(init(lane)) + sums[first + lane]);
            return;
        }
        const int shift = 64 - logic.sum_bits();
        for (size_t lane = 0; lane < lanes; ++lane) {
            const uint64_t total = static_cast<uint64_t>(init(lane)) + static_cast<uint64_t>(sum(first + lane));
            accumulators[lane] = static_cast<int64_t>(total << shift) >> shift;
        }
    }

  private:
    int64_t sum(size_t at) const { return wide ? wide[at] : static_cast<int32_t>(sums[at]); }
};

bool columns_in_lanes(size_t groups, size_t n, size_t rows) {
    if (groups > 1 || rows > kTileLanes) return false;
    // Lanes worked on for one k, either way; to begin with another row of a table takes as long as some hundred of
    // them.
    constexpr size_t kRowLanes = 100;
    const auto cost = [](size_t along, size_t across) {
        return across * ((along + kTileLanes - 1) / kTileLanes * kRowLanes + round_up(along, kLaneStep));
    };
    return 3 * cost(n, rows) < 2 * cost(rows, n);  // a good deal less, since activations often have fewer codes
}

size_t column_ranges(size_t n) {
    return (n + kMostOthers - 1) / kMostOthers;
}

void TableProduct::run(const CodeRows& rows, const Inits& inits, bool code_sums, int threads, const Sink& sink) const {
    threads = std::max(threads, 1);
    if (rows.rows() == 0) return;
    if (columns_in_lanes(groups_, n_, rows.rows())) {
        run_columns_in_lanes(rows, inits, code_sums, threads, sink);
    } else {
        run_rows_in_lanes(rows, inits, code_sums, threads, sink);
    }
}

namespace {

/// Adds the codes of k steps to the sum of each lane.
void add_codes(const CodePositions& positions, const uint8_t* tile, size_t k, size_t lanes, int64_t* sums) {
    std::array<uint32_t, kTileLanes> totals{}, steps{};  // of positions, and how many they are: k is below 2^24
    for (size_t i = 0; i < k; ++i) {
        const uint8_t* row = tile + i * kTileLanes;
        if (!positions.skips) {
            for (size_t lane = 0; lane < lanes; ++lane) totals[lane] += row[lane];
            continue;
        }
        for (size_t lane = 0; lane < lanes; ++lane) {
            const uint32_t counts = row[lane] != positions.skip_position();
            totals[lane] += counts * row[lane];
            steps[lane] += counts;
        }
    }
    for (size_t lane = 0; lane < lanes; ++lane) {
        const auto count = static_cast<int64_t>(positions.skips ? steps[lane] : k);
        sums[lane] += totals[lane] + count * positions.codes.lowest;
    }
}

}  // namespace

void TableProduct::run_rows_in_lanes(const CodeRows& rows, const Inits& inits, bool code_sums, int threads,
                                     const Sink& sink) const {
    const Side& side = this->side(false);
    const size_t tiles = (rows.rows() + kTileLanes - 1) / kTileLanes;
    const size_t tile_rows = round_up((rows.rows() + tiles - 1) / tiles, kLaneStep);  // as even as can be
    const size_t parts = parts_of_columns(tiles * groups_, n_, static_cast<size_t>(threads));
    const size_t step = round_up((n_ + parts - 1) / parts, kOtherStep);
    const size_t ranges = (n_ + step - 1) / step;
    parallel_for(groups_ * tiles * ranges, threads, [&](size_t begin, size_t end) {
        for (size_t task = begin; task < end; ++task) {
            const size_t first_n = task % ranges * step, group = task / ranges / tiles;
            const size_t first_row = task / ranges % tiles * tile_rows;
            if (first_row >= rows.rows()) continue;  // the last tile, where whole steps make the others longer
            const size_t lanes = std::min(tile_rows, rows.rows() - first_row), n = std::min(step, n_ - first_n);
            uint8_t* const positions = scratch().tile.reserve(std::min(depth_, k_) * kTileLanes + kTileSlack);
            std::vector<int64_t>& codes = scratch().code_sums;
            codes.assign(lanes, 0);
            Tile tile(*this, lanes, n);
            for (size_t k = 0; k < k_; k += depth_) {
                const size_t count = std::min(depth_, k_ - k);
                rows.pack(group, first_row, lanes, k, count, positions);
                if (code_sums) add_codes(positions_, positions, count, lanes, codes.data());
                tile.add(side, positions, k, count, *side.others[group], side.ors ? side.columns[group].get() : nullptr,
                         first_n);
            }
            int64_t* const accumulators = scratch().accumulators.reserve(kTileLanes);
            const size_t columns = groups_ * n_;
            for (size_t other = 0; other < n; ++other) {
                const int64_t* init = inits.values + group * n_ + first_n + other;
                if (inits.period == 1) {
                    tile.finish(
                        other, [value = *init](size_t) { return value; }, accumulators);
                } else {
                    tile.finish(
                        other, [&](size_t lane) { return init[(first_row + lane) % inits.period * columns]; },
                        accumulators);
                }
                sink({group, first_n + other, first_row, lanes, accumulators, code_sums ? codes.data() : nullptr});
            }
        }
    });
}

void TableProduct::run_columns_in_lanes(const CodeRows& rows, const Inits& inits, bool code_sums, int threads,
                                        const Sink& sink) const {
    const Side& side = this->side(true);
    const size_t count = rows.rows();
    std::vector<uint8_t> activations(k_ * count);  // [k][rows]
    std::vector<int64_t> codes(count, 0);
    {
        uint8_t* const tile = scratch().tile.reserve(kDepth * kTileLanes + kTileSlack);
        for (size_t k = 0; k < k_; k += kDepth) {
            const size_t depth = std::min(kDepth, k_ - k);
            rows.pack(0, 0, count, k, depth, tile);
            if (code_sums) add_codes(positions_, tile, depth, count, codes.data());
            for (size_t i = 0; i < depth; ++i)
                std::copy_n(tile + i * kTileLanes, count, activations.data() + (k + i) * count);
        }
    }
    const auto others = side.sums->prepare(activations.data(), k_, count);
    const auto columns = side.ors ? side.ors->prepare(activations.data(), k_, count) : nullptr;
    const size_t part = lanes_of_piece(n_, static_cast<size_t>(threads));  // divides a tile
    parallel_for((n_ + part - 1) / part, threads, [&](size_t begin, size_t end) {
        for (size_t task = begin; task < end; ++task) {
            const size_t first_n = task * part, lanes = std::min(part, n_ - first_n);
            const uint8_t* weights =
                side.weight_tiles.data() + first_n / kTileLanes * k_ * kTileLanes + first_n % kTileLanes;
            Tile tile(*this, lanes, count);
            for (size_t k = 0; k < k_; k += depth_)
                tile.add(side, weights + k * kTileLanes, k, std::min(depth_, k_ - k), *others, columns.get(), 0);
            // Columns are wanted, and rows are at hand: [rows][lanes] to [lanes][rows].
            int64_t* const by_row = scratch().accumulators.reserve(kTileLanes * (1 + count));
            int64_t* const by_column = by_row + kTileLanes;
            for (size_t row = 0; row < count; ++row) {
                const int64_t* init = inits.values + row % inits.period * n_ + first_n;
                tile.finish(
                    row, [&](size_t lane) { return init[lane]; }, by_row);
                for (size_t lane = 0; lane < lanes; ++lane) by_column[lane * count + row] = by_row[lane];
            }
            for (size_t lane = 0; lane < lanes; ++lane)
                sink({0, first_n + lane, 0, count, by_column + lane * count, code_sums ? codes.data() : nullptr});
        }
    });
}

}  // namespace concrete::sim

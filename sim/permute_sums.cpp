#include "sim/permute_sums.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>
#include <vector>

#include "sim/permute_sums_kernels.h"

namespace concrete::sim {
namespace {

static_assert(detail::kPermuteStride == kTileLanes && detail::kPermuteLanes == kLaneStep);

/// Rows of others' positions, one an n, in the order in which kernels walk k.
struct OtherRows : PreparedOthers {
    OtherRows(const uint8_t* from, size_t k_count, size_t n_count) : k(k_count), positions(k_count * n_count) {
        constexpr size_t kBlock = 64;  // writes go to so many lines at a time
        for (size_t first = 0; first < n_count; first += kBlock) {
            const size_t end = std::min(first + kBlock, n_count);
            for (size_t step = 0; step < k; ++step)
                for (size_t n = first; n < end; ++n) positions[n * k + step] = from[step * n_count + n];
        }
    }
    const uint8_t* of(size_t n) const { return positions.data() + n * k; }

    size_t k;
    std::vector<uint8_t> positions;  // [n][k]
};

/// For every processor: entries are looked up lane by lane, in a few rows at a time, so that a sum is read and written
/// once for all of them.
class RowSums : public TableSums {
  public:
    explicit RowSums(const SumTable& table) : rows_(table.others * kStride) {
        for (size_t lane = 0; lane < table.lanes; ++lane)
            for (size_t other = 0; other < table.others; ++other)
                rows_[other * kStride + lane] = static_cast<uint32_t>(table.at(lane, other));
    }

    std::shared_ptr<const PreparedOthers> prepare(const uint8_t* positions, size_t k, size_t n) const override {
        return std::make_shared<OtherRows>(positions, k, n);
    }

    void add(const LaneTile& tile, const PreparedOthers& others, size_t first_k, size_t first_n, size_t n,
             uint32_t* sums) const override {
        const auto& prepared = static_cast<const OtherRows&>(others);
        for (size_t j = 0; j < n; ++j) {
            const uint8_t* other = prepared.of(first_n + j) + first_k;
            uint32_t* to = sums + j * kTileLanes;
            size_t k = 0;
            for (; k + kSteps <= tile.k; k += kSteps)
                add_steps<kSteps>(tile.positions + k * kTileLanes, other + k, tile.lanes, to);
            for (; k < tile.k; ++k) add_steps<1>(tile.positions + k * kTileLanes, other + k, tile.lanes, to);
        }
    }

  private:
    static constexpr size_t kStride = 256;  // whatever the table's positions: addresses without multiplication
    static constexpr size_t kSteps = 4;

    template <size_t kCount>
    void add_steps(const uint8_t* positions, const uint8_t* others, size_t lanes, uint32_t* sums) const {
        const uint32_t* rows[kCount];
        for (size_t step = 0; step < kCount; ++step) rows[step] = rows_.data() + others[step] * kStride;
        for (size_t lane = 0; lane < lanes; ++lane) {
            uint32_t sum = sums[lane];
            for (size_t step = 0; step < kCount; ++step) sum += rows[step][positions[step * kTileLanes + lane]];
            sums[lane] = sum;
        }
    }

    std::vector<uint32_t> rows_;  // [others][kStride]
};

/// Some bits of every entry, as bytes: rows of lane positions for kernels.
struct Plane {
    struct Free {
        void operator()(uint8_t* memory) const { ::operator delete[](memory, std::align_val_t{64}); }
    };
    std::unique_ptr<uint8_t[], Free> rows;  // [others][row bytes]
    int shift = 0;
    size_t group = 0;  // logarithm of how many entries always sum to a byte
};

/// Chains the blocks of a row, [64, 128 or 256], as PermuteKernels::chained says.
void chain_blocks(uint8_t* row, size_t bytes) {
    constexpr size_t kBlock = 16;
    for (size_t b = bytes / kBlock; b-- > 0;) {
        for (size_t h = b + 1; h < bytes / kBlock && h <= b + 7; ++h)
            for (size_t i = 0; i < kBlock; ++i) row[b * kBlock + i] ^= row[h * kBlock + i];
    }
}

/// OtherRows, and for ranges of k the sums of what was subtracted from their rows.
struct PlaneOthers : OtherRows {
    PlaneOthers(const uint8_t* from, size_t k_count, size_t n_count, const std::vector<uint32_t>& row_offsets)
        : OtherRows(from, k_count, n_count), marks((k_count + kDepthStep - 1) / kDepthStep + 1) {
        offsets.reserve(n_count * marks);
        for (size_t n = 0; n < n_count; ++n) {
            uint32_t sum = 0;
            for (size_t step = 0; step < k; ++step) {
                if (step % kDepthStep == 0) offsets.push_back(sum);
                sum += row_offsets[of(n)[step]];
            }
            offsets.push_back(sum);
        }
    }
    uint32_t offset(size_t n, size_t first_k, size_t steps) const {
        const uint32_t* before = offsets.data() + n * marks;
        return before[(first_k + steps + kDepthStep - 1) / kDepthStep] - before[first_k / kDepthStep];
    }

    size_t marks;                   // multiples of kDepthStep, and the end
    std::vector<uint32_t> offsets;  // [n][marks], sums over the steps before
};

/// For kernels that look up vectors. Entries lose their row's smallest and are split into planes of at most 8 bits, as
/// even as they come: where the sum of two or four entries of a plane fits into a byte, kernels are faster.
class PlaneSums : public TableSums {
  public:
    PlaneSums(const SumTable& table, const detail::PermuteKernels& kernels)
        : kernels_(&kernels),
          registers_(table.lanes <= 64 ? 0 : (table.lanes <= 128 ? 1 : 2)),
          row_bytes_(detail::kPermuteLanes << registers_) {
        uint32_t widest = 0;
        for (size_t other = 0; other < table.others; ++other) {
            int32_t smallest = table.at(0, other), largest = smallest;
            for (size_t lane = 1; lane < table.lanes; ++lane) {
                smallest = std::min(smallest, table.at(lane, other));
                largest = std::max(largest, table.at(lane, other));
            }
            row_offsets_.push_back(static_cast<uint32_t>(smallest));
            widest = std::max(widest, static_cast<uint32_t>(largest) - static_cast<uint32_t>(smallest));
        }
        const int bits = std::max(1, static_cast<int>(std::bit_width(widest))), planes = (bits + 7) / 8;
        for (int i = 0; i < planes; ++i) add_plane(table, bits * i / planes, bits * (i + 1) / planes);
    }

    std::shared_ptr<const PreparedOthers> prepare(const uint8_t* positions, size_t k, size_t n) const override {
        return std::make_shared<PlaneOthers>(positions, k, n, row_offsets_);
    }

    void add(const LaneTile& tile, const PreparedOthers& others, size_t first_k, size_t first_n, size_t n,
             uint32_t* sums) const override {
        const size_t blocks = (tile.k + detail::kPermuteSteps - 1) / detail::kPermuteSteps;
        const size_t block = ((tile.k + blocks - 1) / blocks + kDepthStep - 1) / kDepthStep * kDepthStep;
        for (size_t k = 0; k < tile.k; k += block) {
            const LaneTile part{tile.positions + k * kTileLanes, std::min(block, tile.k - k), tile.lanes};
            // All n for one plane, whose rows alone fill the first cache.
            for (const Plane& plane : planes_)
                add_block(part, plane, static_cast<const PlaneOthers&>(others), first_k + k, first_n, n, sums);
        }
    }

  private:
    /// TableSums::add() for one plane, and at most kPermuteSteps steps.
    void add_block(const LaneTile& tile, const Plane& plane, const PlaneOthers& others, size_t first_k, size_t first_n,
                   size_t n, uint32_t* sums) const {
        const size_t vectors = (tile.lanes + kLaneStep - 1) / kLaneStep;
        detail::PermuteTask task{};
        task.positions = tile.positions;
        task.steps = tile.k;
        task.rows = plane.rows.get();
        task.shift = plane.shift;
        task.others_stride = others.k;
        for (size_t j = 0; j < n; j += 2) {
            const size_t count = std::min<size_t>(2, n - j);
            task.others = others.of(first_n + j) + first_k;
            if (plane.shift == 0)  // once for all planes
                for (size_t i = 0; i < count; ++i) task.offsets[i] = others.offset(first_n + j + i, first_k, tile.k);
            task.sums = sums + j * kTileLanes;
            kernels_->of[count - 1][vectors - 1][registers_][plane.group](task);
        }
    }

    void add_plane(const SumTable& table, int first_bit, int end_bit) {
        Plane plane;
        plane.shift = first_bit;
        const size_t bytes = table.others * row_bytes_;
        plane.rows.reset(static_cast<uint8_t*>(::operator new[](bytes, std::align_val_t{64})));
        std::memset(plane.rows.get(), 0, bytes);
        uint32_t largest = 0;
        for (size_t other = 0; other < table.others; ++other) {
            for (size_t lane = 0; lane < table.lanes; ++lane) {
                const uint32_t value = static_cast<uint32_t>(table.at(lane, other)) - row_offsets_[other];
                const uint32_t bits = value >> first_bit & ((1u << (end_bit - first_bit)) - 1);
                plane.rows[other * row_bytes_ + lane] = static_cast<uint8_t>(bits);
                largest = std::max(largest, bits);
            }
        }
        if (kernels_->chained)
            for (size_t other = 0; other < table.others; ++other)
                chain_blocks(plane.rows.get() + other * row_bytes_, row_bytes_);
        plane.group = largest <= 63 ? 2 : (largest <= 127 ? 1 : 0);
        planes_.push_back(std::move(plane));
    }

    const detail::PermuteKernels* kernels_;
    size_t registers_;  // logarithm of how many hold a row
    size_t row_bytes_;
    std::vector<uint32_t> row_offsets_;  // of each other position
    std::vector<Plane> planes_;
};

}  // namespace

std::unique_ptr<TableSums> permute_sums(const SumTable& table, Isa isa) {
    switch (isa) {
#if defined(__x86_64__)
        case Isa::avx2:
            return std::make_unique<PlaneSums>(table, detail::kPermuteAvx2);
        case Isa::avx512:
            return std::make_unique<PlaneSums>(table, detail::kPermuteAvx512);
        case Isa::avx512_vnni:
            return std::make_unique<PlaneSums>(table, detail::kPermuteAvx512Vnni);
#endif
        default:
            return std::make_unique<RowSums>(table);
    }
}

}  // namespace concrete::sim

#include "sim/netlist_engine.h"

#include <algorithm>
#include <span>
#include <vector>

#include "sim/aligned.h"
#include "sim/lane_codes.h"
#include "sim/mac_step.h"
#include "sim/parallel.h"
#include "sim/planes.h"
#include "sim/step_code.h"

namespace concrete::sim {
namespace {

// What a thread holds at a time: planes of its lanes' codes for some k, read for one other code after the other, and
// the accumulators of all of these. Both shall fit into the second-level cache.
constexpr size_t kCodeWords = (128 << 10) / sizeof(uint64_t), kAccumulatorWords = (512 << 10) / sizeof(uint64_t);
constexpr size_t kBlockLanes = 64 * StepCode::kWords;
constexpr size_t kStored = 8;  // outputs of a lane written together: a cache line

/// What lies along the lanes, rows of a or columns of w, and what is the same for all lanes.
class Sides {
  public:
    explicit Sides(const MatmulArgs& g) : g_(g), rows_in_lanes_(blocks(g.m) * g.n <= blocks(g.n) * g.m) {
        if (!rows_in_lanes_) return;
        columns_.resize(g.k * g.n);
        for (size_t k = 0; k < g.k; ++k)
            for (size_t n = 0; n < g.n; ++n) columns_[n * g.k + k] = static_cast<uint32_t>(g.w[k * g.n + n]);
    }

    LaneSide lane_side() const { return rows_in_lanes_ ? LaneSide::a : LaneSide::w; }
    size_t lanes() const { return rows_in_lanes_ ? g_.m : g_.n; }
    size_t others() const { return rows_in_lanes_ ? g_.n : g_.m; }
    CodeBlock lane_codes(size_t lane, size_t lanes, size_t k, size_t count) const {
        using Order = CodeBlock::Order;
        if (rows_in_lanes_) return {g_.a + lane * g_.k + k, lanes, count, g_.k, Order::lane_by_lane};
        return {g_.w + k * g_.n + lane, lanes, count, g_.n, Order::side_by_side};
    }
    /// All k of one, as raw patterns; never kSkip where they are weights.
    std::span<const uint32_t> other_codes(size_t other) const {
        const auto* const rows = reinterpret_cast<const uint32_t*>(g_.a);
        return {(rows_in_lanes_ ? columns_.data() : rows) + other * g_.k, g_.k};
    }
    /// Place of an output in [m, n].
    size_t place(size_t lane, size_t other) const { return rows_in_lanes_ ? lane * g_.n + other : other * g_.n + lane; }
    int64_t init(size_t lane, size_t other) const {
        const size_t column = rows_in_lanes_ ? other : lane;
        return g_.init_per_row ? g_.init[place(lane, other)] : g_.init[column];
    }
    bool same_init_in_all_lanes() const { return rows_in_lanes_ && !g_.init_per_row; }

  private:
    /// Lanes come in blocks, full or not.
    static size_t blocks(size_t lanes) { return (lanes + kBlockLanes - 1) / kBlockLanes; }

    const MatmulArgs& g_;
    bool rows_in_lanes_;
    std::vector<uint32_t> columns_;  // [n, k] weight codes, where they are the other ones
};

struct Range {
    size_t first, count;
};

/// All MACs of some lanes with some codes of the other side.
class Tile {
  public:
    Tile(const MatmulArgs& g, const NetlistMac& mac, const Sides& sides)
        : g_(g),
          mac_(mac),
          sides_(sides),
          acc_bits_(mac.accumulator().bits),
          lane_bits_(sides.lane_side() == LaneSide::a ? mac.a_bits() : mac.w_bits()) {}

    void run(Range lanes, Range others) {
        lanes_ = lanes;
        words_ = mac_.runner(sides_.lane_side(), false).block_words(lanes.count);
        acc_words_ = static_cast<size_t>(acc_bits_) * words_;
        const size_t fitting = kAccumulatorWords / acc_words_ / kStored * kStored;
        const size_t at_a_time = std::min(std::max(fitting, kStored), others.count);
        accumulators_.reserve(at_a_time * acc_words_);
        for (size_t done = 0; done < others.count; done += at_a_time)
            run_some({others.first + done, std::min(at_a_time, others.count - done)});
    }

  private:
    uint64_t* accumulator(size_t i) { return accumulators_.data() + i * acc_words_; }

    void run_some(Range others) {
        for (size_t i = 0; i < others.count; ++i) start(others.first + i, accumulator(i));
        const size_t step_words = static_cast<size_t>(lane_bits_ + 1) * words_;
        const size_t k_at_a_time = std::max<size_t>(kCodeWords / step_words / 2 * 2, 2);
        for (size_t k = 0; k < g_.k; k += k_at_a_time) {
            const Range depth{k, std::min(k_at_a_time, g_.k - k)};
            codes_.load(sides_.lane_codes(lanes_.first, lanes_.count, depth.first, depth.count), lane_bits_, words_);
            for (size_t i = 0; i < others.count; ++i) accumulate(others.first + i, depth, accumulator(i));
        }
        for (size_t i = 0; i < others.count; i += kStored)
            store({others.first + i, std::min(kStored, others.count - i)}, accumulator(i));
    }

    void start(size_t other, uint64_t* acc) {
        const std::span<uint64_t> planes(acc, acc_words_);
        if (sides_.same_init_in_all_lanes()) {
            const int64_t code = accumulator_start(mac_.products(), sides_.init(0, other)).start;
            for (int bit = 0; bit < acc_bits_; ++bit)
                std::fill_n(acc + static_cast<size_t>(bit) * words_, words_, uint64_t{0} - (code >> bit & 1));
            return;
        }
        lane_words_.resize(lanes_.count);
        for (size_t lane = 0; lane < lanes_.count; ++lane) {
            const int64_t init = sides_.init(lanes_.first + lane, other);
            lane_words_[lane] = static_cast<uint64_t>(accumulator_start(mac_.products(), init).start);
        }
        codes_to_planes(lane_words_, acc_bits_, words_, planes);
    }

    /// MACs in order of k, without those where the other code is kSkip.
    void accumulate(size_t other, Range depth, uint64_t* acc) {
        const StepRunner& runner = mac_.runner(sides_.lane_side(), codes_.has_skips());
        const std::span<const uint32_t> codes = sides_.other_codes(other).subspan(depth.first, depth.count);
        if (sides_.lane_side() == LaneSide::a) return runner.run(words_, codes_.at(0), codes, acc);
        constexpr auto kSkipped = static_cast<uint32_t>(kSkip);
        for (size_t k = 0; k < codes.size();) {
            const auto rest = codes.subspan(k);
            const auto run = static_cast<size_t>(std::find(rest.begin(), rest.end(), kSkipped) - rest.begin());
            runner.run(words_, codes_.at(k), rest.first(run), acc);
            for (k += run; k < codes.size() && codes[k] == kSkipped;) ++k;
        }
    }

    void store(Range others, const uint64_t* acc) {
        lane_words_.resize(others.count * lanes_.count);
        for (size_t i = 0; i < others.count; ++i)
            planes_to_codes({acc + i * acc_words_, acc_words_}, acc_bits_, words_,
                            std::span(lane_words_).subspan(i * lanes_.count, lanes_.count));
        if (!loads_init(mac_.products())) add_inits(others);
        const int unused = 64 - acc_bits_;
        const size_t next_lane = sides_.place(1, 0), next_other = sides_.place(0, 1);
        int64_t* out = g_.out + sides_.place(lanes_.first, others.first);
        for (size_t lane = 0; lane < lanes_.count; ++lane, out += next_lane) {
            for (size_t i = 0; i < others.count; ++i) {
                const uint64_t code = lane_words_[i * lanes_.count + lane];
                out[i * next_other] = static_cast<int64_t>(code << unused) >> unused;
            }
        }
    }

    /// For MAC units that only clear: what could not be loaded.
    void add_inits(Range others) {
        for (size_t i = 0; i < others.count; ++i)
            for (size_t lane = 0; lane < lanes_.count; ++lane)
                lane_words_[i * lanes_.count + lane] +=
                    static_cast<uint64_t>(sides_.init(lanes_.first + lane, others.first + i));
    }

    const MatmulArgs& g_;
    const NetlistMac& mac_;
    const Sides& sides_;
    int acc_bits_, lane_bits_;
    Range lanes_{};
    size_t words_ = 0, acc_words_ = 0;
    LaneCodes codes_;
    AlignedWords accumulators_;         // [others][acc_bits][words]
    std::vector<uint64_t> lane_words_;  // [some others][lanes]
};

}  // namespace

void netlist_matmul(const MatmulArgs& g, int threads) {
    check(g);
    const std::shared_ptr<const ProductModel> borrowed(std::shared_ptr<const void>(), g.products);
    netlist_matmul(g, NetlistMac(borrowed, g.acc), threads);
}

void netlist_matmul(const MatmulArgs& g, const NetlistMac& mac, int threads) {
    check(g);
    const Sides sides(g);
    const size_t block = 64 * mac.runner(sides.lane_side(), false).block_words(sides.lanes());
    const size_t blocks = (sides.lanes() + block - 1) / block;
    // Each part transposes the lanes of its block again, so that more parts than threads need would be wasteful.
    const size_t parts = std::clamp<size_t>(static_cast<size_t>(threads) / blocks, 1, sides.others());
    parallel_for(blocks * parts, threads, [&](size_t begin, size_t end) {
        Tile tile(g, mac, sides);
        for (size_t task = begin; task < end; ++task) {
            const size_t first_lane = task / parts * block, part = task % parts;
            const size_t first_other = sides.others() * part / parts;
            tile.run({first_lane, std::min(block, sides.lanes() - first_lane)},
                     {first_other, sides.others() * (part + 1) / parts - first_other});
        }
    });
}

}  // namespace concrete::sim

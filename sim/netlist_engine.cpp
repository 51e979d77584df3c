#include "sim/netlist_engine.h"

#include <algorithm>
#include <span>
#include <vector>

#include "sim/bitslice.h"
#include "sim/mac_step.h"
#include "sim/parallel.h"
#include "sim/planes.h"

namespace concrete::sim {
namespace {

/// What lies along the lanes, rows of a or columns of w, and what is the same for all lanes.
class Sides {
  public:
    explicit Sides(const MatmulArgs& g) : g_(g), rows_in_lanes_(g.m >= g.n) {}

    bool rows_in_lanes() const { return rows_in_lanes_; }
    size_t lanes() const { return rows_in_lanes_ ? g_.m : g_.n; }
    size_t others() const { return rows_in_lanes_ ? g_.n : g_.m; }
    int32_t lane_code(size_t lane, size_t k) const { return rows_in_lanes_ ? a(lane, k) : w(lane, k); }
    int32_t other_code(size_t other, size_t k) const { return rows_in_lanes_ ? w(other, k) : a(other, k); }
    /// Place of an output in [m, n].
    size_t place(size_t lane, size_t other) const { return rows_in_lanes_ ? lane * g_.n + other : other * g_.n + lane; }
    int64_t init(size_t lane, size_t other) const {
        const size_t column = rows_in_lanes_ ? other : lane;
        return g_.init_per_row ? g_.init[place(lane, other)] : g_.init[column];
    }

  private:
    int32_t a(size_t m, size_t k) const { return g_.a[m * g_.k + k]; }
    int32_t w(size_t n, size_t k) const { return g_.w[k * g_.n + n]; }

    const MatmulArgs& g_;
    bool rows_in_lanes_;
};

/// Some lanes of one side: their codes as planes of `words` words.
class LaneCodes {
  public:
    LaneCodes(const Sides& sides, const MatmulArgs& g, size_t first, size_t count, int bits)
        : words_((count + 63) / 64),
          step_(static_cast<size_t>(bits) * words_),
          planes_(g.k * step_),
          active_(sides.rows_in_lanes() ? g.k * words_ : 0),
          skips_(active_.empty() ? 0 : g.k) {
        std::vector<uint32_t> codes(count);
        for (size_t k = 0; k < g.k; ++k) {
            for (size_t lane = 0; lane < count; ++lane) {
                codes[lane] = static_cast<uint32_t>(sides.lane_code(first + lane, k));
            }
            codes_to_planes(codes, bits, words_, {planes_.data() + k * step_, step_});
            if (!active_.empty()) note_skips(codes, k);
        }
    }

    size_t words() const { return words_; }
    /// [bits][words]
    std::span<const uint64_t> planes(size_t k) const { return {planes_.data() + k * step_, step_}; }
    /// [words]: lanes that have a MAC at k; nothing where all have.
    std::span<const uint64_t> active(size_t k) const {
        if (skips_.empty() || !skips_[k]) return {};
        return {active_.data() + k * words_, words_};
    }

  private:
    void note_skips(const std::vector<uint32_t>& codes, size_t k) {
        for (size_t lane = 0; lane < codes.size(); ++lane) {
            const bool is_active = codes[lane] != static_cast<uint32_t>(kSkip);
            active_[k * words_ + lane / 64] |= uint64_t{is_active} << lane % 64;
            if (!is_active) skips_[k] = true;
        }
    }

    size_t words_, step_;
    std::vector<uint64_t> planes_;  // [k][bits][words]
    std::vector<uint64_t> active_;  // [k][words], where lanes are rows: only activations are skipped
    std::vector<bool> skips_;       // [k]
};

/// All MACs of some lanes with some codes of the other side. Planes of a, w and the accumulator stand together, as the
/// program reads them, in two copies: a step reads one and writes the accumulator of the other.
class Tile {
  public:
    Tile(const MatmulArgs& g, const MacNetlist& mac, const NetlistProgram& program)
        : g_(g), mac_(mac), program_(program), sides_(g) {
        const auto a_bits = static_cast<size_t>(mac.a_bits), w_bits = static_cast<size_t>(mac.w_bits);
        lane_at_ = sides_.rows_in_lanes() ? 0 : a_bits;
        lane_bits_ = sides_.rows_in_lanes() ? a_bits : w_bits;
        other_at_ = sides_.rows_in_lanes() ? a_bits : 0;
        other_bits_ = sides_.rows_in_lanes() ? w_bits : a_bits;
    }

    void run(size_t first_lane, size_t lanes, size_t first_other, size_t others) {
        const LaneCodes codes(sides_, g_, first_lane, lanes, static_cast<int>(lane_bits_));
        words_ = codes.words();
        now_.resize(program_.inputs() * words_);
        next_.resize(now_.size());
        for (size_t other = first_other; other < first_other + others; ++other) {
            start(first_lane, lanes, other);
            for (size_t k = 0; k < g_.k; ++k) {
                const int32_t code = sides_.other_code(other, k);
                if (code != kSkip) step(codes.planes(k), code, codes.active(k));
            }
            store(first_lane, lanes, other);
        }
    }

  private:
    std::span<uint64_t> accumulator(std::vector<uint64_t>& planes) const {
        const size_t first = (lane_bits_ + other_bits_) * words_;
        return {planes.data() + first, static_cast<size_t>(mac_.acc_bits) * words_};
    }

    void start(size_t first_lane, size_t lanes, size_t other) {
        codes_.resize(lanes);
        for (size_t lane = 0; lane < lanes; ++lane) {
            const int64_t init = sides_.init(first_lane + lane, other);
            codes_[lane] = static_cast<uint64_t>(accumulator_start(*g_.products, init).start);
        }
        codes_to_planes(codes_, mac_.acc_bits, words_, accumulator(now_));
    }

    void step(std::span<const uint64_t> lane_planes, int32_t other_code, std::span<const uint64_t> active) {
        std::copy(lane_planes.begin(), lane_planes.end(), now_.data() + lane_at_ * words_);
        for (size_t b = 0; b < other_bits_; ++b) {
            const uint64_t value = (other_code >> b & 1) != 0 ? ~uint64_t{0} : 0;
            std::fill_n(now_.data() + (other_at_ + b) * words_, words_, value);
        }
        program_.evaluate(words_, now_, accumulator(next_));
        if (!active.empty()) {
            const std::span<uint64_t> before = accumulator(now_), after = accumulator(next_);
            for (size_t i = 0; i < after.size(); ++i) {
                const uint64_t mask = active[i % words_];
                after[i] = (after[i] & mask) | (before[i] & ~mask);
            }
        }
        std::swap(now_, next_);
    }

    void store(size_t first_lane, size_t lanes, size_t other) {
        planes_to_codes(accumulator(now_), mac_.acc_bits, words_, codes_);
        for (size_t lane = 0; lane < lanes; ++lane) {
            const int64_t init = sides_.init(first_lane + lane, other);
            const auto added = static_cast<uint64_t>(accumulator_start(*g_.products, init).added);
            g_.out[sides_.place(first_lane + lane, other)] = decode(codes_[lane] + added, mac_.acc_bits, true);
        }
    }

    const MatmulArgs& g_;
    const MacNetlist& mac_;
    const NetlistProgram& program_;
    Sides sides_;
    size_t lane_at_, lane_bits_, other_at_, other_bits_;  // planes
    size_t words_ = 0;
    std::vector<uint64_t> now_, next_;  // [a, w, accumulator][words]
    std::vector<uint64_t> codes_;       // of the lanes
};

}  // namespace

void netlist_matmul(const MatmulArgs& g, int threads) {
    check(g);
    const MacNetlist mac = mac_netlist(*g.products, g.acc);
    const NetlistProgram program(mac.netlist);
    const Sides sides(g);
    const size_t block = 64 * program.block_words(), blocks = (sides.lanes() + block - 1) / block;
    // Each part transposes the lanes of its block again, so that more parts than threads need would be wasteful.
    const size_t parts = std::clamp<size_t>(static_cast<size_t>(threads) / blocks, 1, sides.others());
    parallel_for(blocks * parts, threads, [&](size_t begin, size_t end) {
        Tile tile(g, mac, program);
        for (size_t task = begin; task < end; ++task) {
            const size_t first_lane = task / parts * block, part = task % parts;
            const size_t first_other = sides.others() * part / parts;
            tile.run(first_lane, std::min(block, sides.lanes() - first_lane), first_other,
                     sides.others() * (part + 1) / parts - first_other);
        }
    });
}

}  // namespace concrete::sim

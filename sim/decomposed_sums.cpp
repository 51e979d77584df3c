#include "sim/decomposed_sums.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <span>

#include "sim/byte_terms.h"
#include "sim/decomposed_sums_kernels.h"
#include "sim/error.h"

namespace concrete::sim {
namespace {

using detail::DecomposedKernels, detail::kBlockLanes, detail::PanelProduct;

constexpr size_t kMaxDepth = 512;  // of a panel, all its terms together: 32 KiB of bytes, which stay in the first cache

const DecomposedKernels& decomposed_kernels(Isa isa) {
    switch (isa) {
#if defined(__x86_64__)
        case Isa::avx2:
            return detail::kDecomposedAvx2;
        case Isa::avx512:
            return detail::kDecomposedAvx512;
        case Isa::avx512_vnni:
            return detail::kDecomposedAvx512Vnni;
#endif
        default:
            return detail::kDecomposedPortable;
    }
}

size_t padded(size_t value, size_t step) {
    return (value + step - 1) / step * step;
}

/// v_t of the others, in chunks of kMaxDepth steps of k, the last perhaps shorter, by element in this order:
///
///     [terms][n / block][depth / group][block][group]     where a panel holds one term,
///     [n / block][terms][depth / group][block][group]     where it holds several, since the chunk is short.
///
/// Either way multiply() reads on and on. Beyond k and n there are zeros.
struct DecomposedOthers : PreparedOthers {
    struct Chunk {
        uint8_t* v;
        size_t first_k, depth, term_bytes, block_bytes;
    };
    size_t k = 0, n = 0;
    std::vector<uint16_t> v;  // elements of either size
    std::vector<Chunk> chunks;
    std::vector<uint32_t> of_g;  // [k / kDepthStep + 1][n]: sums of g over the k before; empty where g is constant
};

/// A table as kernels look it up.
using ByteTable = std::array<uint8_t, 256>;

/// One byte of every value.
template <typename Value>
ByteTable byte_table(const std::vector<Value>& values, size_t shift) {
    ByteTable table{};
    for (size_t i = 0; i < values.size(); ++i) table[i] = static_cast<uint8_t>(values[i] >> shift);
    return table;
}

/// A thread's memory between calls.
struct DecomposedScratch {
    alignas(64) std::array<uint8_t, kMaxDepth * kTileLanes> raw;      // [blocks of lanes][depth * kBlockLanes]
    alignas(64) std::array<uint16_t, kMaxDepth * kBlockLanes> panel;  // elements of either size
    alignas(64) std::array<uint32_t, kTileLanes> of_lanes;
    std::vector<uint32_t> of_others, no_others;
};

class DecomposedSums : public TableSums {
  public:
    DecomposedSums(const ByteTerms& terms, const DecomposedKernels& kernels)
        : kernels_(kernels), rows_(terms.f.size()), g_(terms.g) {
        for (size_t i = 0; i < bytes_of(terms.f); ++i) f_.push_back(byte_table(terms.f, 8 * i));
        for (const ByteTerms::Term& term : terms.terms) {
            terms_.push_back({term.shift, term.constant, byte_table(term.u, 0), {term.v.begin(), term.v.end()}});
            terms_.back().v.resize(kNone + 1);
        }
        constant_g_ = std::all_of(g_.begin(), g_.end(), [this](uint32_t value) { return value == g_[0]; });
    }

    std::shared_ptr<const PreparedOthers> prepare(const uint8_t* positions, size_t k, size_t n) const override {
        auto result = std::make_shared<DecomposedOthers>();
        result->k = k;
        result->n = n;
        lay_out(*result);
        for (const DecomposedOthers::Chunk& chunk : result->chunks) {
            for (size_t first = 0; first < n; first += kernels_.block) {
                const std::vector<uint16_t> places = places_of(positions, *result, chunk, first);
                uint8_t* out = chunk.v + first / kernels_.block * chunk.block_bytes;
                for (size_t t = 0; t < terms_.size(); ++t, out += chunk.term_bytes) {
                    if (kernels_.element_bytes == 1) {
                        fill<int8_t>(terms_[t].v, places, out);
                    } else {
                        fill<int16_t>(terms_[t].v, places, out);
                    }
                }
            }
        }
        if (!constant_g_) result->of_g = running_sums_of_g(positions, k, n);
        return result;
    }

    void add(const LaneTile& tile, const PreparedOthers& others, size_t first_k, size_t first_n, size_t n,
             uint32_t* sums) const override {
        thread_local const auto scratch = std::make_unique<DecomposedScratch>();
        const auto& panels = static_cast<const DecomposedOthers&>(others);
        scratch->no_others.resize(std::max(n, scratch->no_others.size()));
        for (size_t done = 0; done < tile.k;) {
            const DecomposedOthers::Chunk& chunk = panels.chunks[(first_k + done) / kMaxDepth];
            const size_t within = first_k + done - chunk.first_k, k = std::min(tile.k - done, chunk.depth - within);
            sum_g(panels, first_k + done, k, first_n, n, scratch->of_others);
            const LaneTile part{tile.positions + done * kTileLanes, k, tile.lanes};
            add_part(part, chunk,
                     chunk.v + first_n / kernels_.block * chunk.block_bytes +
                         within * kernels_.block * kernels_.element_bytes,
                     n, *scratch, sums);
            done += k;
        }
    }

  private:
    struct Term {
        int shift;
        uint32_t constant;
        ByteTable u;
        std::vector<int16_t> v;  // and 0 at kNone
    };
    static constexpr uint16_t kNone = 256;

    void lay_out(DecomposedOthers& panels) const {
        const size_t blocks = padded(panels.n, kernels_.block) / kernels_.block;
        const size_t step = kernels_.block * kernels_.element_bytes, padded_k = padded(panels.k, kDepthStep);
        panels.v.resize((padded_k * step * blocks * terms_.size() + 1) / 2);
        auto* v = reinterpret_cast<uint8_t*>(panels.v.data());
        for (size_t k = 0; k < padded_k; k += kMaxDepth) {
            const size_t depth = std::min(padded_k - k, kMaxDepth), bytes = depth * step;
            const bool short_chunk = terms_at_once(depth) > 1;
            panels.chunks.push_back(
                {v, k, depth, short_chunk ? bytes : blocks * bytes, short_chunk ? terms_.size() * bytes : bytes});
            v += bytes * blocks * terms_.size();
        }
    }

    /// The terms that a panel has room for.
    static size_t terms_at_once(size_t depth) { return kMaxDepth / depth; }

    /// The positions of `block` others from `first` on in the order of elements, kNone beyond k and n.
    std::vector<uint16_t> places_of(const uint8_t* positions, const DecomposedOthers& size,
                                    const DecomposedOthers::Chunk& chunk, size_t first) const {
        std::vector<uint16_t> places(chunk.depth * kernels_.block, kNone);
        const size_t others = std::min(kernels_.block, size.n - first);
        for (size_t k = 0; k < std::min(chunk.depth, size.k - chunk.first_k); ++k) {
            const uint8_t* const row = positions + (chunk.first_k + k) * size.n + first;
            const size_t group = k / kernels_.group, within = k % kernels_.group;
            for (size_t j = 0; j < others; ++j) places[(group * kernels_.block + j) * kernels_.group + within] = row[j];
        }
        return places;
    }

    template <typename Element>
    static void fill(const std::vector<int16_t>& v, const std::vector<uint16_t>& places, uint8_t* out) {
        for (const uint16_t place : places) {
            const auto value = static_cast<Element>(v[place]);
            __builtin_memcpy(out, &value, sizeof value);
            out += sizeof value;
        }
    }

    std::vector<uint32_t> running_sums_of_g(const uint8_t* positions, size_t k, size_t n) const {
        std::vector<uint32_t> result((padded(k, kDepthStep) / kDepthStep + 1) * n);
        for (size_t row = 0; row < k; ++row) {
            uint32_t* const before = result.data() + row / kDepthStep * n;
            uint32_t* const after = before + n;
            if (row % kDepthStep == 0) std::copy_n(before, n, after);
            for (size_t j = 0; j < n; ++j) after[j] += g_[positions[row * n + j]];
        }
        return result;
    }

    /// result[n] = sum of g over k steps.
    void sum_g(const DecomposedOthers& panels, size_t first_k, size_t k, size_t first_n, size_t n,
               std::vector<uint32_t>& result) const {
        result.assign(n, constant_g_ ? static_cast<uint32_t>(k) * g_[0] : 0);
        if (constant_g_) return;
        const uint32_t* const before = panels.of_g.data() + first_k / kDepthStep * panels.n + first_n;
        const uint32_t* const after = before + padded(k, kDepthStep) / kDepthStep * panels.n;
        for (size_t j = 0; j < n; ++j) result[j] = after[j] - before[j];
    }

    /// Adds everything for the k steps of a tile within one chunk, given v of its first k and n. Terms by terms, and
    /// blocks of lanes within, so that v comes from afar once a tile.
    void add_part(const LaneTile& tile, const DecomposedOthers::Chunk& chunk, const uint8_t* v, size_t n,
                  DecomposedScratch& scratch, uint32_t* sums) const {
        const size_t depth = padded(tile.k, kDepthStep);
        PanelProduct product{
            scratch.panel.data(),     v,      0, depth, chunk.term_bytes, chunk.block_bytes, 0, n, nullptr,
            scratch.of_others.data(), nullptr};
        size_t first = 0;
        do {  // once at least, for f and g
            product.terms = terms_from(first, depth);
            if (product.terms > 0) product.shift = terms_[first].shift;
            product.v = v + first * chunk.term_bytes;
            for (size_t lane = 0; lane < tile.lanes; lane += kBlockLanes) {
                uint8_t* const raw = scratch.raw.data() + lane * depth;
                uint32_t* const of_lanes = scratch.of_lanes.data() + lane;
                std::fill_n(of_lanes, kBlockLanes, 0);
                if (first == 0) {
                    kernels_.regroup(tile.positions + lane, tile.k, raw);
                    sum_f(raw, tile.k, of_lanes);
                }
                look_up({terms_.data() + first, product.terms}, raw, tile.k, scratch.panel.data(), of_lanes);
                product.of_lanes = of_lanes;
                product.sums = sums + lane;
                kernels_.multiply(product);
            }
            product.of_others = scratch.no_others.data();
            first += product.terms;
        } while (first < terms_.size());
    }

    /// Terms from `first` on for which a panel has room and which share a shift.
    size_t terms_from(size_t first, size_t depth) const {
        const size_t end = std::min(first + terms_at_once(depth), terms_.size());
        size_t last = first;
        while (last < end && terms_[last].shift == terms_[first].shift) ++last;
        return last - first;
    }

    void sum_f(const uint8_t* raw, size_t k, uint32_t* of_lanes) const {
        for (size_t i = 0; i < f_.size(); ++i)
            kernels_.sum_looked_up(f_[i].data(), rows_, raw, k, uint32_t{1} << (8 * i), of_lanes);
    }

    /// u of some terms, one after the other, and what their constants add to the sums.
    void look_up(std::span<const Term> terms, const uint8_t* raw, size_t k, void* panel, uint32_t* of_lanes) const {
        const size_t depth = padded(k, kDepthStep);
        auto* out = static_cast<uint8_t*>(panel);
        for (const Term& term : terms) {
            kernels_.look_up(term.u.data(), rows_, raw, depth, out);
            if (term.constant != 0) kernels_.sum(out, k, term.constant, of_lanes);
            out += depth * kBlockLanes * kernels_.element_bytes;
        }
    }

    const DecomposedKernels& kernels_;
    size_t rows_;
    std::vector<ByteTable> f_;  // byte by byte, the lowest first
    std::vector<uint32_t> g_;
    bool constant_g_ = true;
    std::vector<Term> terms_;
};

void check(const Decomposition& d) {
    const auto fits = [](size_t size) { return size >= 1 && size <= 256; };
    if (!fits(d.rows()) || !fits(d.columns())) {
        throw ShapeError(fmt::format("decomposed sums: a table of {} x {} positions, expected 1 to 256 of each",
                                     d.rows(), d.columns()));
    }
    const auto spans_a_byte = [](const std::vector<int32_t>& values) {
        const auto [lowest, highest] = std::minmax_element(values.begin(), values.end());
        return int64_t{*highest} - *lowest <= 255;
    };
    for (size_t t = 0; t < d.terms.size(); ++t) {
        const auto& [shift, u, v] = d.terms[t];
        if (u.size() != d.rows() || v.size() != d.columns()) {
            throw ShapeError(fmt::format("decomposed sums: term {} is of {} x {} positions, but f and g of {} x {}", t,
                                         u.size(), v.size(), d.rows(), d.columns()));
        }
        if (shift < 0 || shift > 31)
            throw RangeError(fmt::format("decomposed sums: term {} has shift {}, expected 0 to 31", t, shift));
        if (!spans_a_byte(u) || !spans_a_byte(v))
            throw RangeError(fmt::format("decomposed sums: the values of term {} span more than 255", t));
    }
}

}  // namespace

std::unique_ptr<TableSums> decomposed_sums(const Decomposition& d, Isa isa) {
    check(d);
    return std::make_unique<DecomposedSums>(byte_terms(d), decomposed_kernels(isa));
}

size_t decomposed_passes(const Decomposition& d) {
    return byte_terms(d).terms.size();
}

}  // namespace concrete::sim

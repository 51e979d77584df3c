#include "sim/decomposed_sums.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <new>

#include "sim/byte_terms.h"
#include "sim/decomposed_sums_kernels.h"
#include "sim/error.h"

namespace concrete::sim {
namespace {

using detail::DecomposedKernels, detail::kBlockLanes, detail::PanelProduct;

constexpr size_t kMaxDepth = 512;  // of a panel, all its terms together: 32 KiB of bytes, which stay in the first cache

const DecomposedKernels& kernels_of(Isa isa) {
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

size_t rounded_up(size_t value, size_t step) {
    return (value + step - 1) / step * step;
}

/// v_t of the others, in chunks of kMaxDepth steps of k, the last perhaps shorter, by element in this order:
///
///     [terms][n / block][depth / group][block][group]     where a panel holds one term,
///     [n / block][terms][depth / group][block][group]     where it holds several, since the chunk is short.
///
/// Either way multiply() reads on and on. Beyond k and n there are zeros.
struct Panels : PreparedOthers {
    struct Chunk {
        uint8_t* v;
        size_t first_k, depth, term_bytes, block_bytes;
    };
    size_t k = 0, n = 0;
    std::vector<uint8_t> v;
    std::vector<Chunk> chunks;
    std::vector<uint32_t> of_g;  // [k / kDepthStep + 1][n]: sums of g over the k before; empty where g is constant
};

/// A table for look_up().
using Bytes = std::array<uint8_t, 256>;

template <typename Value>
Bytes table_of(const std::vector<Value>& values, size_t shift) {
    Bytes table{};
    for (size_t i = 0; i < values.size(); ++i) table[i] = static_cast<uint8_t>(values[i] >> shift);
    return table;
}

/// A thread's memory between calls.
struct Scratch {
    template <typename Value, size_t kCount>
    using Blocks = std::array<std::array<Value, kCount * kBlockLanes>, kTileLanes / kBlockLanes>;

    alignas(64) Blocks<uint8_t, kMaxDepth> raw;                       // of each block of lanes
    alignas(64) Blocks<uint32_t, 1> of_lanes;                         // likewise
    alignas(64) std::array<uint16_t, kMaxDepth * kBlockLanes> panel;  // elements of either size
    std::vector<uint32_t> of_others, no_others;
};

class DecomposedSums : public TableSums {
  public:
    DecomposedSums(const ByteTerms& terms, const DecomposedKernels& kernels)
        : kernels_(kernels), rows_(terms.f.size()), g_(terms.g) {
        for (size_t i = 0; i < bytes_of(terms.f); ++i) f_.push_back(table_of(terms.f, 8 * i));
        for (const ByteTerms::Term& term : terms.terms)
            terms_.push_back({term.shift, term.constant, table_of(term.u, 0), term.v});
        constant_g_ = std::all_of(g_.begin(), g_.end(), [this](uint32_t value) { return value == g_[0]; });
    }

    std::shared_ptr<const PreparedOthers> prepare(const uint8_t* positions, size_t k, size_t n) const override {
        auto result = std::make_shared<Panels>();
        result->k = k;
        result->n = n;
        lay_out(*result);
        for (const Panels::Chunk& chunk : result->chunks) {
            for (size_t t = 0; t < terms_.size(); ++t) {
                for (size_t first = 0; first < n; first += kernels_.block) {
                    uint8_t* const out = chunk.v + t * chunk.term_bytes + first / kernels_.block * chunk.block_bytes;
                    if (kernels_.element_bytes == 1) {
                        fill<int8_t>(terms_[t].v, positions, *result, chunk, first, out);
                    } else {
                        fill<int16_t>(terms_[t].v, positions, *result, chunk, first, out);
                    }
                }
            }
        }
        if (!constant_g_) result->of_g = running_sums_of_g(positions, k, n);
        return result;
    }

    void add(const LaneTile& tile, const PreparedOthers& others, size_t first_k, size_t first_n, size_t n,
             uint32_t* sums) const override {
        thread_local const auto scratch = std::make_unique<Scratch>();
        const auto& panels = static_cast<const Panels&>(others);
        scratch->no_others.resize(std::max(n, scratch->no_others.size()));
        for (size_t done = 0; done < tile.k;) {
            const Panels::Chunk& chunk = panels.chunks[(first_k + done) / kMaxDepth];
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
        Bytes u;
        std::vector<int8_t> v;
    };

    void lay_out(Panels& panels) const {
        const size_t blocks = rounded_up(panels.n, kernels_.block) / kernels_.block;
        const size_t step = kernels_.block * kernels_.element_bytes, padded_k = rounded_up(panels.k, kDepthStep);
        panels.v.resize(padded_k * step * blocks * terms_.size());
        for (size_t k = 0; k < padded_k; k += kMaxDepth) {
            const size_t depth = std::min(padded_k - k, kMaxDepth), bytes = depth * step;
            const bool short_chunk = terms_at_once(depth) > 1;
            panels.chunks.push_back({panels.v.data() + k * step * blocks * terms_.size(), k, depth,
                                     short_chunk ? bytes : blocks * bytes,
                                     short_chunk ? terms_.size() * bytes : bytes});
        }
    }

    /// The terms that a panel has room for.
    static size_t terms_at_once(size_t depth) { return kMaxDepth / depth; }

    /// v of one term for `block` others from `first` on.
    template <typename Element>
    void fill(const std::vector<int8_t>& v, const uint8_t* positions, const Panels& size, const Panels::Chunk& chunk,
              size_t first, uint8_t* out) const {
        const size_t others = std::min(kernels_.block, size.n - first);
        for (size_t k = 0; k < std::min(chunk.depth, size.k - chunk.first_k); ++k) {
            const uint8_t* const row = positions + (chunk.first_k + k) * size.n + first;
            const size_t group = k / kernels_.group, within = k % kernels_.group;
            for (size_t j = 0; j < others; ++j) {
                const Element value = v[row[j]];
                const size_t at = (group * kernels_.block + j) * kernels_.group + within;
                __builtin_memcpy(out + at * sizeof value, &value, sizeof value);
            }
        }
    }

    std::vector<uint32_t> running_sums_of_g(const uint8_t* positions, size_t k, size_t n) const {
        std::vector<uint32_t> result((rounded_up(k, kDepthStep) / kDepthStep + 1) * n);
        for (size_t row = 0; row < k; ++row) {
            uint32_t* const before = result.data() + row / kDepthStep * n;
            uint32_t* const after = before + n;
            if (row % kDepthStep == 0) std::copy_n(before, n, after);
            for (size_t j = 0; j < n; ++j) after[j] += g_[positions[row * n + j]];
        }
        return result;
    }

    /// result[n] = sum of g over k steps.
    void sum_g(const Panels& panels, size_t first_k, size_t k, size_t first_n, size_t n,
               std::vector<uint32_t>& result) const {
        result.assign(n, constant_g_ ? static_cast<uint32_t>(k) * g_[0] : 0);
        if (constant_g_) return;
        const uint32_t* const before = panels.of_g.data() + first_k / kDepthStep * panels.n + first_n;
        const uint32_t* const after = before + rounded_up(k, kDepthStep) / kDepthStep * panels.n;
        for (size_t j = 0; j < n; ++j) result[j] = after[j] - before[j];
    }

    /// Adds everything for the k steps of a tile within one chunk, given v of its first k and n.
    void add_part(const LaneTile& tile, const Panels::Chunk& chunk, const uint8_t* v, size_t n, Scratch& scratch,
                  uint32_t* sums) const {
        const size_t depth = rounded_up(tile.k, kDepthStep), blocks = rounded_up(tile.lanes, kBlockLanes) / kBlockLanes;
        for (size_t block = 0; block < blocks; ++block) start_block(tile, block, scratch);
        PanelProduct product{
            scratch.panel.data(),     v,      0, depth, chunk.term_bytes, chunk.block_bytes, 0, n, nullptr,
            scratch.of_others.data(), nullptr};
        size_t first = 0;
        do {  // once at least, for f and g
            product.terms = std::min(terms_at_once(depth), terms_.size() - first);
            if (product.terms > 0) product.shift = terms_[first].shift;
            for (size_t t = 1; t < product.terms; ++t)
                if (terms_[first + t].shift != product.shift) product.terms = t;
            product.v = v + first * chunk.term_bytes;
            for (size_t block = 0; block < blocks; ++block) {
                fill_panel(first, product.terms, block, tile.k, scratch);
                product.of_lanes = scratch.of_lanes[block].data();
                product.sums = sums + block * kBlockLanes;
                kernels_.multiply(product);
                scratch.of_lanes[block].fill(0);
            }
            product.of_others = scratch.no_others.data();
            first += product.terms;
        } while (first < terms_.size());
    }

    /// Regroups a block of lanes and sums f over it.
    void start_block(const LaneTile& tile, size_t block, Scratch& scratch) const {
        uint8_t* const raw = scratch.raw[block].data();
        kernels_.regroup(tile.positions + block * kBlockLanes, tile.k, raw);
        uint32_t* const of_lanes = scratch.of_lanes[block].data();
        scratch.of_lanes[block].fill(0);
        for (size_t i = 0; i < f_.size(); ++i) {
            kernels_.look_up(f_[i].data(), rows_, raw, rounded_up(tile.k, kDepthStep), scratch.panel.data());
            kernels_.sum(scratch.panel.data(), tile.k, uint32_t{1} << (8 * i), of_lanes);
        }
    }

    /// Looks up u of some terms, one after the other.
    void fill_panel(size_t first, size_t terms, size_t block, size_t k, Scratch& scratch) const {
        const size_t depth = rounded_up(k, kDepthStep);
        auto* panel = reinterpret_cast<uint8_t*>(scratch.panel.data());
        for (size_t t = first; t < first + terms; ++t, panel += depth * kBlockLanes * kernels_.element_bytes) {
            kernels_.look_up(terms_[t].u.data(), rows_, scratch.raw[block].data(), depth, panel);
            if (terms_[t].constant != 0) kernels_.sum(panel, k, terms_[t].constant, scratch.of_lanes[block].data());
        }
    }

    const DecomposedKernels& kernels_;
    size_t rows_;
    std::vector<Bytes> f_;  // byte by byte, the lowest first
    std::vector<uint32_t> g_;
    bool constant_g_ = true;
    std::vector<Term> terms_;
};

}  // namespace

std::unique_ptr<TableSums> decomposed_sums(const Decomposition& d, Isa isa) {
    return std::make_unique<DecomposedSums>(byte_terms(d), kernels_of(isa));
}

size_t decomposed_passes(const Decomposition& d) {
    return byte_terms(d).terms.size();
}

}  // namespace concrete::sim

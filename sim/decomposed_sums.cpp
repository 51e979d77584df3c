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

size_t rounded_up(size_t value, size_t step) { return (value + step - 1) / step * step; }

/// u_t of the others' terms, ready for the kernels, and what it takes to read it.
struct Panels : PreparedOthers {
    size_t k = 0, n = 0, term_bytes = 0, block_bytes = 0;
    std::vector<uint8_t> v;      // [n / block][terms][k / group][block][group] elements; 0 beyond k and n
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
    alignas(64) std::array<uint8_t, kMaxDepth * kBlockLanes> raw;
    alignas(64) std::array<uint16_t, kMaxDepth * kBlockLanes> panel;  // elements of either size
    alignas(64) std::array<uint32_t, kBlockLanes> of_lanes, no_lanes{};
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
        result->term_bytes = rounded_up(k, kDepthStep) * kernels_.block * kernels_.element_bytes;
        result->block_bytes = terms_.size() * result->term_bytes;
        result->v.resize(rounded_up(n, kernels_.block) / kernels_.block * result->block_bytes);
        for (size_t first = 0; first < n; first += kernels_.block) {
            uint8_t* out = result->v.data() + first / kernels_.block * result->block_bytes;
            for (const Term& term : terms_) {
                if (kernels_.element_bytes == 1) {
                    fill<int8_t>(term, positions, *result, first, out);
                } else {
                    fill<int16_t>(term, positions, *result, first, out);
                }
                out += result->term_bytes;
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
        for (size_t k = 0; k < tile.k; k += kMaxDepth) {
            const size_t depth = std::min(tile.k - k, kMaxDepth);
            sum_g(panels, first_k + k, depth, first_n, n, scratch->of_others);
            for (size_t lane = 0; lane < tile.lanes; lane += kBlockLanes) {
                kernels_.regroup(tile.positions + k * kTileLanes + lane, depth, scratch->raw.data());
                add_block(panels, first_k + k, depth, first_n, n, *scratch, sums + lane);
            }
        }
    }

  private:
    struct Term {
        int shift;
        uint32_t constant;
        Bytes u;
        std::vector<int8_t> v;
    };

    /// One term for `block` others from `first` on.
    template <typename Element>
    void fill(const Term& term, const uint8_t* positions, const Panels& size, size_t first, uint8_t* out) const {
        const size_t others = std::min(kernels_.block, size.n - first);
        for (size_t k = 0; k < size.k; ++k) {
            const size_t group = k / kernels_.group, within = k % kernels_.group;
            for (size_t j = 0; j < others; ++j) {
                const Element value = term.v[positions[k * size.n + first + j]];
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

    /// Adds everything for the lanes and the k steps in scratch.raw.
    void add_block(const Panels& panels, size_t first_k, size_t k, size_t first_n, size_t n, Scratch& scratch,
                   uint32_t* sums) const {
        const size_t depth = rounded_up(k, kDepthStep), step = depth * kBlockLanes * kernels_.element_bytes;
        auto* const panel = reinterpret_cast<uint8_t*>(scratch.panel.data());
        scratch.of_lanes.fill(0);
        for (size_t i = 0; i < f_.size(); ++i) {
            kernels_.look_up(f_[i].data(), rows_, scratch.raw.data(), depth, panel);
            kernels_.sum(panel, k, uint32_t{1} << (8 * i), scratch.of_lanes.data());
        }
        const uint8_t* v = panels.v.data() + first_n / kernels_.block * panels.block_bytes +
                           first_k * kernels_.block * kernels_.element_bytes;
        PanelProduct product{panel, v, 0, depth, panels.term_bytes, panels.block_bytes, 0, n,
                             scratch.of_lanes.data(), scratch.of_others.data(), sums};
        const size_t most = std::max<size_t>(kMaxDepth / depth, 1);
        size_t t = 0;
        do {  // once at least, for f and g
            product.v = v + t * panels.term_bytes;
            for (product.terms = 0; t < terms_.size() && product.terms < most; ++product.terms, ++t) {
                if (product.terms > 0 && terms_[t].shift != product.shift) break;
                product.shift = terms_[t].shift;
                uint8_t* const part = panel + product.terms * step;
                kernels_.look_up(terms_[t].u.data(), rows_, scratch.raw.data(), depth, part);
                if (terms_[t].constant != 0) kernels_.sum(part, k, terms_[t].constant, scratch.of_lanes.data());
            }
            kernels_.multiply(product);
            scratch.of_lanes.fill(0);
            product.of_others = scratch.no_others.data();
        } while (t < terms_.size());
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

size_t decomposed_passes(const Decomposition& d) { return byte_terms(d).terms.size(); }

}  // namespace concrete::sim

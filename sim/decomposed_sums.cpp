#include "sim/decomposed_sums.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <span>

#include "sim/byte_terms.h"
#include "sim/decomposed_others.h"
#include "sim/decomposed_sums_kernels.h"
#include "sim/error.h"

namespace concrete::sim {
namespace {

using detail::DecomposedKernels, detail::DecomposedOthers, detail::kBlockLanes, detail::kPanelDepth,
    detail::PanelProduct;

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

/// A table as kernels look it up.
using ByteTable = std::array<uint8_t, 256>;

/// One byte of every value.
template <typename Value>
ByteTable byte_table(const std::vector<Value>& values, size_t shift) {
    ByteTable table{};
    for (size_t i = 0; i < values.size(); ++i) table[i] = static_cast<uint8_t>(values[i] >> shift);
    return table;
}

bool counts_up(const std::vector<uint8_t>& values) {
    for (size_t i = 0; i < values.size(); ++i)
        if (values[i] != i) return false;
    return true;
}

/// A thread's memory between calls.
struct DecomposedScratch {
    alignas(64) std::array<uint8_t, kPanelDepth * kTileLanes> raw;      // [blocks of lanes][depth * kBlockLanes]
    alignas(64) std::array<uint16_t, kPanelDepth * kBlockLanes> panel;  // elements of either size
    alignas(64) std::array<uint32_t, kBlockLanes> of_lanes;
    std::vector<uint32_t> of_others, no_others;
};

class DecomposedSums : public TableSums {
  public:
    DecomposedSums(ByteTerms bytes, const DecomposedKernels& kernels) : kernels_(kernels), bytes_(std::move(bytes)) {
        for (size_t i = 0; i < bytes_of(bytes_.f); ++i) f_.push_back(byte_table(bytes_.f, 8 * i));
        for (const ByteTerms::Term& term : bytes_.terms) {
            const bool is_raw = kernels.layout.bytes == 1 && counts_up(term.u);
            terms_.push_back({term.shift, term.constant, byte_table(term.u, 0), is_raw});
        }
    }

    std::shared_ptr<const PreparedOthers> prepare(const uint8_t* positions, size_t k, size_t n) const override {
        return std::make_shared<DecomposedOthers>(bytes_, kernels_.layout, positions, k, n);
    }

    void add(const LaneTile& tile, const PreparedOthers& others, size_t first_k, size_t first_n, size_t n,
             uint32_t* sums) const override {
        thread_local const auto scratch = std::make_unique<DecomposedScratch>();
        scratch->of_others.resize(n);
        scratch->no_others.resize(n);
        const auto& prepared = static_cast<const DecomposedOthers&>(others);
        for (size_t done = 0; done < tile.k;) {
            const DecomposedOthers::Chunk& chunk = prepared.chunk_of(first_k + done);
            const size_t k = std::min(tile.k - done, chunk.first_k + chunk.depth - (first_k + done));
            prepared.sum_g(first_k + done, k, first_n, scratch->of_others);
            PanelProduct product{};
            product.v = prepared.v(chunk, first_k + done, first_n);
            product.term_bytes = chunk.term_bytes;
            product.block_bytes = chunk.block_bytes;
            product.n = n;
            product.sums = sums;
            add_part({tile.positions + done * kTileLanes, k, tile.lanes}, product, *scratch);
            done += k;
        }
    }

  private:
    struct Term {
        int shift;
        uint32_t constant;
        ByteTable u;
        bool is_raw;  // u is the position itself, so that raw positions are its panel
    };

    /// Adds everything for k steps within one chunk, given where v and the sums begin. Terms by terms, and blocks of
    /// lanes within, so that v comes from afar once a tile.
    void add_part(const LaneTile& tile, PanelProduct product, DecomposedScratch& scratch) const {
        product.depth = (tile.k + kDepthStep - 1) / kDepthStep * kDepthStep;
        product.of_lanes = scratch.of_lanes.data();
        product.of_others = scratch.of_others.data();
        const auto* const v = static_cast<const uint8_t*>(product.v);
        uint32_t* const sums = product.sums;
        const bool once = terms_from(0, product.depth).size() == terms_.size();
        size_t first = 0;
        do {  // once at least, for f and g
            const std::span<const Term> terms = terms_from(first, product.depth);
            product.terms = terms.size();
            product.shift = terms.empty() ? 0 : terms[0].shift;
            product.v = v + first * product.term_bytes;
            for (size_t lane = 0; lane < tile.lanes; lane += kBlockLanes) {
                uint8_t* const raw = scratch.raw.data() + (once ? 0 : lane * product.depth);
                scratch.of_lanes.fill(0);
                if (first == 0) {
                    kernels_.regroup(tile.positions + lane, tile.k, raw);
                    sum_f(raw, tile.k, scratch);
                }
                product.panel = panel_of(terms, raw, tile.k, product.depth, scratch);
                product.sums = sums + lane;
                kernels_.multiply(product);
            }
            product.of_others = scratch.no_others.data();
            first += terms.size();
        } while (first < terms_.size());
    }

    /// Terms from `first` on for which a panel has room and which share a shift.
    std::span<const Term> terms_from(size_t first, size_t depth) const {
        const size_t end = std::min(first + kPanelDepth / depth, terms_.size());
        size_t last = first;
        while (last < end && terms_[last].shift == terms_[first].shift) ++last;
        return {terms_.data() + first, last - first};
    }

    void sum_f(const uint8_t* raw, size_t k, DecomposedScratch& scratch) const {
        for (size_t i = 0; i < f_.size(); ++i) {
            const uint32_t factor = uint32_t{1} << (8 * i);
            kernels_.sum_looked_up(f_[i].data(), bytes_.f.size(), raw, k, factor, scratch.of_lanes.data());
        }
    }

    /// u of some terms, one after the other. Adds to scratch.of_lanes what their constants contribute.
    const void* panel_of(std::span<const Term> terms, const uint8_t* raw, size_t k, size_t depth,
                         DecomposedScratch& scratch) const {
        const auto sum_constant = [&](const Term& term, const void* u) {
            if (term.constant != 0) kernels_.sum(u, k, term.constant, scratch.of_lanes.data());
        };
        if (terms.size() == 1 && terms[0].is_raw) {
            sum_constant(terms[0], raw);
            return raw;
        }
        auto* u = reinterpret_cast<uint8_t*>(scratch.panel.data());
        for (const Term& term : terms) {
            kernels_.look_up(term.u.data(), bytes_.f.size(), raw, depth, u);
            sum_constant(term, u);
            u += depth * kBlockLanes * kernels_.layout.bytes;
        }
        return scratch.panel.data();
    }

    const DecomposedKernels& kernels_;
    ByteTerms bytes_;
    std::vector<ByteTable> f_;  // byte by byte, the lowest first
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

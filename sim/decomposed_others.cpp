#include "sim/decomposed_others.h"

#include <algorithm>
#include <array>

namespace concrete::sim::detail {
namespace {

size_t steps(size_t size, size_t step) {
    return (size + step - 1) / step;
}

constexpr size_t kNone = 256;  // the position of what is beyond k and n

template <typename Element>
void look_up(const std::vector<int8_t>& v, std::span<const uint16_t> positions, uint8_t* out) {
    std::array<Element, kNone + 1> table{};
    std::copy(v.begin(), v.end(), table.begin());
    for (const uint16_t position : positions) {
        __builtin_memcpy(out, &table[position], sizeof(Element));
        out += sizeof(Element);
    }
}

}  // namespace

DecomposedOthers::DecomposedOthers(const ByteTerms& terms, const ElementLayout& layout, const uint8_t* positions,
                                   size_t k, size_t n)
    : layout_(layout), k_(k), n_(n) {
    lay_out_chunks(terms.terms.size());
    fill_v(terms, positions);
    g_ = terms.g[0];
    if (std::any_of(terms.g.begin(), terms.g.end(), [this](uint32_t value) { return value != g_; }))
        add_up_g(terms.g, positions);
}

void DecomposedOthers::lay_out_chunks(size_t terms) {
    const size_t blocks = steps(n_, layout_.block), padded_k = steps(k_, kDepthStep) * kDepthStep;
    size_t end = 0;
    for (size_t first = 0; first < padded_k; first += kPanelDepth) {
        const size_t depth = std::min(padded_k - first, kPanelDepth), bytes = depth * layout_.block * layout_.bytes;
        const bool several = kPanelDepth / depth > 1;
        chunks_.push_back({first, depth, end, several ? bytes : blocks * bytes, several ? terms * bytes : bytes});
        end += blocks * terms * bytes;
    }
    v_.resize(steps(end, sizeof v_[0]));
}

void DecomposedOthers::fill_v(const ByteTerms& terms, const uint8_t* positions) {
    std::vector<uint16_t> block;  // positions in the order of elements
    for (const Chunk& chunk : chunks_) {
        for (size_t first = 0; first < n_; first += layout_.block) {
            block.assign(chunk.depth * layout_.block, kNone);
            for (size_t k = 0; k < std::min(chunk.depth, k_ - chunk.first_k); ++k) {
                const uint8_t* const row = positions + (chunk.first_k + k) * n_ + first;
                uint16_t* const out =
                    block.data() + k / layout_.group * layout_.group * layout_.block + k % layout_.group;
                for (size_t j = 0; j < std::min(layout_.block, n_ - first); ++j) out[j * layout_.group] = row[j];
            }
            auto* out = reinterpret_cast<uint8_t*>(v_.data()) + chunk.at + first / layout_.block * chunk.block_bytes;
            for (const ByteTerms::Term& term : terms.terms) {
                if (layout_.bytes == 1) {
                    look_up<int8_t>(term.v, block, out);
                } else {
                    look_up<int16_t>(term.v, block, out);
                }
                out += chunk.term_bytes;
            }
        }
    }
}

void DecomposedOthers::add_up_g(const std::vector<uint32_t>& g, const uint8_t* positions) {
    g_before_.resize((steps(k_, kDepthStep) + 1) * n_);
    for (size_t k = 0; k < k_; ++k) {
        uint32_t* const before = g_before_.data() + k / kDepthStep * n_;
        uint32_t* const after = before + n_;
        if (k % kDepthStep == 0) std::copy_n(before, n_, after);
        for (size_t j = 0; j < n_; ++j) after[j] += g[positions[k * n_ + j]];
    }
}

const void* DecomposedOthers::v(const Chunk& chunk, size_t k, size_t n) const {
    return reinterpret_cast<const uint8_t*>(v_.data()) + chunk.at + n / layout_.block * chunk.block_bytes +
           (k - chunk.first_k) * layout_.block * layout_.bytes;
}

void DecomposedOthers::sum_g(size_t first_k, size_t k, size_t first_n, std::span<uint32_t> sums) const {
    if (g_before_.empty()) return std::fill(sums.begin(), sums.end(), static_cast<uint32_t>(k) * g_);
    const uint32_t* const before = g_before_.data() + first_k / kDepthStep * n_ + first_n;
    const uint32_t* const after = before + steps(k, kDepthStep) * n_;
    for (size_t j = 0; j < sums.size(); ++j) sums[j] = after[j] - before[j];
}

}  // namespace concrete::sim::detail

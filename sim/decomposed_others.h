#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "sim/byte_terms.h"
#include "sim/decomposed_sums_kernels.h"
#include "sim/table_sums.h"

namespace concrete::sim::detail {

/// The other operand of sim/decomposed_sums.h: v of every term as the kernels read it, and sums of g. Chunks of
/// kPanelDepth steps of k, the last perhaps shorter, follow each other, each with its elements in this order:
///
///     [terms][n / block][depth / group][block][group]     where a panel holds one term,
///     [n / block][terms][depth / group][block][group]     where it holds several, since the chunk is short.
///
/// Either way multiply() reads on and on. Beyond k and n there are zeros.
class DecomposedOthers : public PreparedOthers {
  public:
    struct Chunk {
        size_t first_k, depth;  ///< depth: a multiple of kDepthStep
        size_t at;              ///< of the first byte
        size_t term_bytes, block_bytes;
    };

    /// Args: positions: [k][n], below the columns of terms.
    DecomposedOthers(const ByteTerms& terms, const ElementLayout& layout, const uint8_t* positions, size_t k, size_t n);

    const Chunk& chunk_of(size_t k) const { return chunks_[k / kPanelDepth]; }

    /// v of the chunk's first term, from these k and n on; multiples of the kernels' group and block.
    const void* v(const Chunk& chunk, size_t k, size_t n) const;

    /// sums[n] = the sum of g over k steps, from multiples of kDepthStep on.
    void sum_g(size_t first_k, size_t k, size_t first_n, std::span<uint32_t> sums) const;

  private:
    void lay_out_chunks(size_t terms);
    void fill_v(const ByteTerms& terms, const uint8_t* positions);
    void add_up_g(const std::vector<uint32_t>& g, const uint8_t* positions);

    ElementLayout layout_;
    size_t k_, n_;
    std::vector<Chunk> chunks_;
    std::vector<uint16_t> v_;         // elements of either size
    uint32_t g_ = 0;                  // where it is constant
    std::vector<uint32_t> g_before_;  // [k / kDepthStep + 1][n]: its sums over the k before; empty where constant
};

}  // namespace concrete::sim::detail

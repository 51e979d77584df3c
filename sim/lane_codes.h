#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "sim/aligned.h"

namespace concrete::sim {

/// The codes of some lanes at some k, in one of two orders.
struct CodeBlock {
    enum class Order : uint8_t {
        lane_by_lane,  ///< [lanes][k], as rows of activations
        side_by_side,  ///< [k][lanes], as columns of weights
    };
    const int32_t* codes;  ///< the first lane's at the first k
    size_t lanes, k;
    size_t stride;  ///< from one lane, or one k, to the next
    Order order;
};

/// Codes of a block of lanes as planes, as StepRunner reads them. Memory is kept from one load() to the next.
class LaneCodes {
  public:
    /// Lane by lane, codes may be kSkip. If some are, has_skips(), and each k has one more plane, 1 where a lane is
    /// not. Args: bits: of a code. words: of a plane, at least lanes / 64.
    void load(const CodeBlock& block, int bits, size_t words);

    bool has_skips() const { return has_skips_; }
    const uint64_t* at(size_t k) const { return planes_.data() + k * step_words_; }

  private:
    void split(std::span<const uint32_t> codes, int bits, size_t words, uint64_t* planes);

    AlignedWords planes_;                   // [k][bits, and 1 with skips][words]
    std::vector<uint32_t> rows_, actives_;  // [k][lanes]; [lanes]
    size_t step_words_ = 0;
    bool has_skips_ = false;
};

}  // namespace concrete::sim

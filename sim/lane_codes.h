#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "sim/aligned.h"

namespace concrete::sim {

/// The codes of some lanes at some k.
struct CodeBlock {
    const int32_t* codes;              ///< the first lane's at the first k
    size_t lanes, k;                   ///< numbers of both
    size_t lane_stride, k_stride = 1;  ///< distance of the next one's code
};

/// Codes of a block of lanes as planes, as StepRunner reads them. Memory is kept from one load() to the next.
class LaneCodes {
  public:
    /// Args: bits: of a code. words: of a plane, at least lanes / 64. may_skip: lanes may be kSkip; if some are,
    /// has_skips() and each k has one more plane, 1 where a lane is not.
    void load(const CodeBlock& block, int bits, size_t words, bool may_skip);

    bool has_skips() const { return has_skips_; }
    const uint64_t* at(size_t k) const { return planes_.data() + k * step_words_; }

  private:
    void gather_rows(const CodeBlock& block, size_t first_k, size_t count);

    AlignedWords planes_;          // [k][bits, and 1 with skips][words]
    std::vector<uint32_t> codes_;  // [some k][lanes]
    std::vector<uint32_t> active_;
    size_t step_words_ = 0;
    bool has_skips_ = false;
};

}  // namespace concrete::sim

#include "sim/lane_codes.h"

#include <algorithm>

#include "sim/gather.h"
#include "sim/planes.h"

namespace concrete::sim {
namespace {

// A cache line of codes: where those of a lane stand side by side, none is fetched twice.
constexpr size_t kRows = 16;

bool any_skip(const CodeBlock& block) {
    const bool lanes_are_near = block.lane_stride == 1;
    const size_t rows = lanes_are_near ? block.k : block.lanes,
                 stride = lanes_are_near ? block.k_stride : block.lane_stride;
    const size_t columns = lanes_are_near ? block.lanes : block.k;
    for (size_t row = 0; row < rows; ++row) {
        const int32_t* const first = block.codes + row * stride;
        int skips = 0;
        for (size_t i = 0; i < columns; ++i) skips |= first[i] == kSkip;
        if (skips != 0) return true;
    }
    return false;
}

}  // namespace

/// codes_ := the codes of some k, lane by lane.
void LaneCodes::gather_rows(const CodeBlock& block, size_t first_k, size_t count) {
    const int32_t* const first = block.codes + first_k * block.k_stride;
    for (size_t lane = 0; lane < block.lanes; ++lane) {
        const int32_t* const from = first + lane * block.lane_stride;
        for (size_t k = 0; k < count; ++k)
            codes_[k * block.lanes + lane] = static_cast<uint32_t>(from[k * block.k_stride]);
    }
}

void LaneCodes::load(const CodeBlock& block, int bits, size_t words, bool may_skip) {
    has_skips_ = may_skip && any_skip(block);
    const size_t code_words = static_cast<size_t>(bits) * words;
    step_words_ = code_words + (has_skips_ ? words : 0);
    planes_.reserve(block.k * step_words_);
    codes_.resize(kRows * block.lanes);
    for (size_t first_k = 0; first_k < block.k; first_k += kRows) {
        const size_t count = std::min(kRows, block.k - first_k);
        gather_rows(block, first_k, count);
        for (size_t k = 0; k < count; ++k) {
            const auto codes = std::span(codes_).subspan(k * block.lanes, block.lanes);
            uint64_t* const planes = planes_.data() + (first_k + k) * step_words_;
            codes_to_planes(codes, bits, words, {planes, code_words});
            if (!has_skips_) continue;
            active_.clear();
            for (const uint32_t code : codes) active_.push_back(code != static_cast<uint32_t>(kSkip) ? 1 : 0);
            codes_to_planes(active_, 1, words, {planes + code_words, words});
        }
    }
}

}  // namespace concrete::sim

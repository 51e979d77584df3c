#include "sim/lane_codes.h"

#include "sim/gather.h"
#include "sim/planes.h"

namespace concrete::sim {

void LaneCodes::load(const CodeBlock& block, int bits, size_t words) {
    const bool lane_by_lane = block.order == CodeBlock::Order::lane_by_lane;
    const auto* rows = reinterpret_cast<const uint32_t*>(block.codes);
    size_t row_stride = block.stride;
    has_skips_ = false;
    if (lane_by_lane) {
        row_stride = block.lanes + 16;  // no power of two for full blocks: its rows would share few lines of the cache
        rows_.resize(block.k * row_stride);
        has_skips_ = transpose_codes(block.codes, block.stride, block.lanes, block.k, kSkip, rows_.data(), row_stride);
        rows = rows_.data();
    }
    step_words_ = (static_cast<size_t>(bits) + (has_skips_ ? 1 : 0)) * words;
    planes_.reserve(block.k * step_words_);
    for (size_t k = 0; k < block.k; ++k)
        split({rows + k * row_stride, block.lanes}, bits, words, planes_.data() + k * step_words_);
}

void LaneCodes::split(std::span<const uint32_t> codes, int bits, size_t words, uint64_t* planes) {
    const size_t code_words = static_cast<size_t>(bits) * words;
    codes_to_planes(codes, bits, words, {planes, code_words});
    if (!has_skips_) return;
    actives_.clear();
    for (const uint32_t code : codes) actives_.push_back(code != static_cast<uint32_t>(kSkip) ? 1 : 0);
    codes_to_planes(actives_, 1, words, {planes + code_words, words});
}

}  // namespace concrete::sim

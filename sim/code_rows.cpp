#include "sim/code_rows.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>
#include <stdexcept>

#include "sim/error.h"
#include "sim/gather.h"
#include "sim/parallel.h"

namespace concrete::sim {
namespace {

constexpr size_t round_up(size_t value, size_t step) {
    return (value + step - 1) / step * step;
}

/// Copies count bytes in whole chunks: up to kChunk - 1 more are read and written than asked for.
constexpr size_t kChunk = 16;
inline void copy_chunks(const uint8_t* from, size_t count, uint8_t* to) {
    for (size_t i = 0; i < count; i += kChunk) std::memcpy(to + i, from + i, kChunk);
}

/// Positions of a row of codes; returns false if one is outside. Written without branches, for vector instructions.
bool to_positions(const int32_t* codes, size_t count, const CodeRange& range, uint8_t* out) {
    const auto lowest = static_cast<int32_t>(range.lowest);
    const auto most = static_cast<uint32_t>(range.count() - 1);
    uint32_t outside = 0;
    for (size_t i = 0; i < count; ++i) {
        const auto position = static_cast<uint32_t>(codes[i] - lowest);
        outside |= static_cast<uint32_t>(position > most);
        out[i] = static_cast<uint8_t>(position);
    }
    return outside == 0;
}

void check_positions(bool inside, const CodeRange& range) {
    if (inside) return;
    throw std::logic_error(
        fmt::format("convolution: an activation code outside {} to {}", range.lowest, range.highest));
}

}  // namespace

void MatrixRows::pack(size_t, size_t first_row, size_t lanes, size_t first_k, size_t k, uint8_t* tile) const {
    const auto lowest = static_cast<int32_t>(positions_.codes.lowest);
    const size_t filled = round_up(lanes, kLaneStep);
    for (size_t lane = 0; lane < lanes; ++lane) {
        const int32_t* row = codes_ + (first_row + lane) * k_ + first_k;
        for (size_t i = 0; i < k; ++i) {
            const bool skipped = row[i] == kSkip && positions_.skips;
            if (!skipped && !positions_.codes.contains(row[i])) {
                throw RangeError(fmt::format("matmul: the activation code {} at row {}, k {}; expected {} to {}{}",
                                             row[i], first_row + lane, first_k + i, positions_.codes.lowest,
                                             positions_.codes.highest, positions_.skips ? " or a skip" : ""));
            }
            tile[i * kTileLanes + lane] = skipped ? positions_.skip_position() : static_cast<uint8_t>(row[i] - lowest);
        }
    }
    for (size_t i = 0; i < k; ++i) std::fill_n(tile + i * kTileLanes + lanes, filled - lanes, uint8_t{0});
}

PictureRows::PictureRows(const MacGeometry& g, const int32_t* codes, size_t images, const CodePositions& positions,
                         uint8_t padding_position, int threads)
    : images_(images),
      out_h_(g.out_h),
      out_w_(g.out_w),
      in_channels_(g.in_channels),
      group_channels_(g.in_channels / g.groups) {
    const Window& window = g.window;
    if (g.in_h * g.in_w == 1 && window.padding == std::array<size_t, 2>{0, 0}) {
        // Features: the pictures are neighbors, as if they were the columns of one.
        out_w_ = line_ = plane_ = images;
        images_ = 1;
        tap_ = {0};
        fill_features(codes, positions, threads);
        return;
    }
    const size_t reach_y = (out_h_ - 1) * window.stride[0] + (window.kernel[0] - 1) * window.dilation[0] + 1;
    const size_t reach_x = (out_w_ - 1) * window.stride[1] + (window.kernel[1] - 1) * window.dilation[1] + 1;
    const size_t phase = (std::max(reach_x, window.padding[1] + g.in_w) + window.stride[1] - 1) / window.stride[1];
    line_ = phase * window.stride[1];
    plane_ = line_ * std::max(reach_y, window.padding[0] + g.in_h);
    step_y_ = window.stride[0];
    for (size_t y = 0; y < window.kernel[0]; ++y) {
        for (size_t x = 0; x < window.kernel[1]; ++x) {
            const size_t column = x * window.dilation[1];
            tap_.push_back(y * window.dilation[0] * line_ + column % window.stride[1] * phase +
                           column / window.stride[1]);
        }
    }
    fill(g, codes, positions, padding_position, threads);
    // Where windows are single bytes that follow one another from row to row, a picture is one long row.
    if (tap_.size() == 1 && step_y_ == 1 && line_ == out_w_) {
        out_w_ *= out_h_;
        out_h_ = 1;
    }
}

void PictureRows::fill_features(const int32_t* codes, const CodePositions& positions, int threads) {
    const size_t features = in_channels_, pictures = out_w_;
    bytes_.resize(features * pictures + kTileLanes);
    parallel_for((features + kLaneStep - 1) / kLaneStep, threads, [&](size_t begin, size_t end) {
        std::vector<uint8_t> some(kLaneStep);
        for (size_t first = begin * kLaneStep; first < std::min(features, end * kLaneStep); first += kLaneStep) {
            const size_t count = std::min(kLaneStep, features - first);
            for (size_t picture = 0; picture < pictures; ++picture) {
                check_positions(to_positions(codes + picture * features + first, count, positions.codes, some.data()),
                                positions.codes);
                for (size_t i = 0; i < count; ++i) bytes_[(first + i) * pictures + picture] = some[i];
            }
        }
    });
}

void PictureRows::fill(const MacGeometry& g, const int32_t* codes, const CodePositions& positions,
                       uint8_t padding_position, int threads) {
    bytes_.assign(images_ * in_channels_ * plane_ + kTileLanes, padding_position);
    const size_t stride = g.window.stride[1], phase = line_ / stride, count = g.in_h * g.in_w;
    parallel_for(images_ * in_channels_, threads, [&](size_t begin, size_t end) {
        std::vector<uint8_t> picture(count + kChunk);
        for (size_t plane = begin; plane < end; ++plane) {
            check_positions(to_positions(codes + plane * count, count, positions.codes, picture.data()),
                            positions.codes);
            for (size_t y = 0; y < g.in_h; ++y) {
                const uint8_t* from = picture.data() + y * g.in_w;
                uint8_t* to = bytes_.data() + plane * plane_ + (y + g.window.padding[0]) * line_;
                if (stride == 1) {
                    std::memcpy(to + g.window.padding[1], from, g.in_w);
                    continue;
                }
                for (size_t remainder = 0; remainder < stride; ++remainder) {
                    // The first column of this remainder that lies on the picture, and its place.
                    const size_t first = (g.window.padding[1] + stride - 1 - remainder) / stride;
                    uint8_t* place = to + remainder * phase + first;
                    for (size_t x = first * stride + remainder - g.window.padding[1]; x < g.in_w; x += stride)
                        *place++ = from[x];
                }
            }
        }
    });
}

std::vector<PictureRows::Run> PictureRows::runs(size_t group, size_t first_row, size_t lanes) const {
    std::vector<Run> result;
    const size_t pixels = out_h_ * out_w_;
    for (size_t lane = 0; lane < lanes;) {
        const size_t row = first_row + lane, image = row / pixels, y = row % pixels / out_w_, x = row % out_w_;
        const size_t count = std::min(out_w_ - x, lanes - lane);
        const uint8_t* picture = bytes_.data() + (image * in_channels_ + group * group_channels_) * plane_;
        result.push_back({lane, count, picture + y * step_y_ * line_ + x});
        lane += count;
    }
    return result;
}

void PictureRows::pack(size_t group, size_t first_row, size_t lanes, size_t first_k, size_t k, uint8_t* tile) const {
    const std::vector<Run> all = runs(group, first_row, lanes);
    const size_t taps = tap_.size(), filled = round_up(lanes, kLaneStep);
    size_t channel = first_k / taps, tap = first_k % taps;
    const bool are_short = std::all_of(all.begin(), all.end(), [](const Run& run) { return run.count <= kChunk; });
    // Rising lanes and k, so that what a copy writes too much is written over; then the lanes of nobody.
    for (size_t i = 0; i < k; ++i, tile += kTileLanes) {
        const size_t offset = channel * plane_ + tap_[tap];
        if (are_short) {
            for (const Run& run : all) std::memcpy(tile + run.lane, run.source + offset, kChunk);
        } else {
            for (const Run& run : all) copy_chunks(run.source + offset, run.count, tile + run.lane);
        }
        if (filled > lanes) std::memset(tile + lanes, 0, filled - lanes);
        if (++tap == taps) {
            tap = 0;
            ++channel;
        }
    }
}

}  // namespace concrete::sim

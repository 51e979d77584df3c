#include "sim/code_rows.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <random>
#include <stdexcept>

#include "sim/gather.h"

namespace concrete::sim {
namespace {

constexpr CodePositions kPositions{{-100, 120}, true};

MacGeometry geometry(size_t channels, size_t h, size_t w, size_t groups, const Window& window) {
    MacGeometry g;
    g.in_channels = channels, g.in_h = h, g.in_w = w, g.groups = groups, g.out_channels = groups;
    g.window = window;
    const auto extent = [&](size_t in, size_t axis) {
        const size_t reach = window.dilation[axis] * (window.kernel[axis] - 1) + 1;
        return (in + 2 * window.padding[axis] - reach) / window.stride[axis] + 1;
    };
    g.out_h = extent(h, 0), g.out_w = extent(w, 1);
    return g;
}

/// Position at one place of a window, from the definition.
uint8_t expected_position(const MacGeometry& g, const std::vector<int32_t>& codes, size_t group, size_t row, size_t k,
                          uint8_t padding) {
    const size_t taps = g.window.kernel[0] * g.window.kernel[1], pixels = g.out_h * g.out_w;
    const size_t image = row / pixels, tap = k % taps;
    const size_t channel = group * (g.in_channels / g.groups) + k / taps;
    const size_t y = row % pixels / g.out_w * g.window.stride[0] + tap / g.window.kernel[1] * g.window.dilation[0];
    const size_t x = row % g.out_w * g.window.stride[1] + tap % g.window.kernel[1] * g.window.dilation[1];
    if (y < g.window.padding[0] || y >= g.window.padding[0] + g.in_h) return padding;
    if (x < g.window.padding[1] || x >= g.window.padding[1] + g.in_w) return padding;
    const size_t at =
        ((image * g.in_channels + channel) * g.in_h + y - g.window.padding[0]) * g.in_w + x - g.window.padding[1];
    return static_cast<uint8_t>(codes[at] - kPositions.codes.lowest);
}

TEST(PictureRows, GiveEveryWindowOfEveryShape) {
    const std::vector<MacGeometry> shapes{
        geometry(1, 1, 1, 1, {{1, 1}, {1, 1}, {0, 0}, {1, 1}}),
        geometry(3, 9, 11, 1, {{3, 3}, {1, 1}, {1, 1}, {1, 1}}),
        geometry(4, 20, 17, 2, {{5, 3}, {2, 3}, {2, 1}, {1, 2}}),
        geometry(2, 5, 7, 1, {{5, 7}, {1, 1}, {0, 0}, {1, 1}}),
        geometry(6, 8, 8, 6, {{3, 3}, {1, 1}, {1, 1}, {1, 1}}),
        geometry(5, 16, 16, 1, {{1, 1}, {1, 1}, {0, 0}, {1, 1}}),
        geometry(5, 15, 16, 1, {{1, 1}, {2, 2}, {0, 0}, {1, 1}}),
        geometry(130, 1, 1, 1, {{1, 1}, {1, 1}, {0, 0}, {1, 1}}),
        geometry(2, 2, 3, 1, {{3, 3}, {3, 3}, {4, 4}, {1, 1}}),
        geometry(1, 1, 40, 1, {{1, 3}, {1, 1}, {0, 2}, {1, 4}}),
        geometry(3, 1, 1, 1, {{1, 1}, {1, 1}, {2, 2}, {1, 1}}),
    };
    std::mt19937_64 random(3);
    for (const MacGeometry& g : shapes) {
        constexpr size_t kImages = 3;
        std::vector<int32_t> codes(kImages * g.in_channels * g.in_h * g.in_w);
        for (int32_t& code : codes) code = static_cast<int32_t>(random() % 221) - 100;
        const uint8_t padding = kPositions.skip_position();
        const PictureRows rows(g, codes.data(), kImages, kPositions, padding, 2);
        ASSERT_EQ(rows.rows(), kImages * g.out_h * g.out_w);
        std::vector<uint8_t> tile(g.k() * kTileLanes + kTileSlack);
        for (size_t group = 0; group < g.groups; ++group) {
            for (size_t first = 0; first < rows.rows(); first += 97) {
                const size_t lanes = std::min<size_t>(97, rows.rows() - first), from = random() % g.k();
                std::fill(tile.begin(), tile.end(), uint8_t{255});
                rows.pack(group, first, lanes, from, g.k() - from, tile.data());
                for (size_t k = from; k < g.k(); ++k) {
                    for (size_t lane = 0; lane < (lanes + 63) / 64 * 64; ++lane) {
                        const uint8_t found = tile[(k - from) * kTileLanes + lane];
                        if (lane >= lanes) {
                            ASSERT_LT(found, kPositions.count());
                            continue;
                        }
                        ASSERT_EQ(found, expected_position(g, codes, group, first + lane, k, padding))
                            << fmt::format("channels {} group {} row {} k {}", g.in_channels, group, first + lane, k);
                    }
                }
            }
        }
    }
}

TEST(PictureRows, RefuseCodesOutside) {
    const MacGeometry picture = geometry(1, 2, 2, 1, {{2, 2}, {1, 1}, {0, 0}, {1, 1}});
    const MacGeometry features = geometry(4, 1, 1, 1, {{1, 1}, {1, 1}, {0, 0}, {1, 1}});
    for (const MacGeometry& g : {picture, features}) {
        for (const int32_t wrong : {-101, 121, 256 - 100}) {
            const std::vector<int32_t> codes{-100, 120, wrong, 0};
            EXPECT_THROW(PictureRows(g, codes.data(), 1, kPositions, 0, 1), std::logic_error) << wrong;
        }
    }
}

TEST(MatrixRows, GiveRowsAndSkips) {
    const std::vector<int32_t> codes{-100, 120, kSkip, 0, 1, 2};
    const MatrixRows rows(codes.data(), 2, 3, kPositions);
    std::vector<uint8_t> tile(2 * kTileLanes + kTileSlack, 255);
    rows.pack(0, 0, 2, 1, 2, tile.data());
    EXPECT_EQ(tile[0], 220);
    EXPECT_EQ(tile[1], 101);
    EXPECT_EQ(tile[2], 0);
    EXPECT_EQ(tile[kTileLanes], kPositions.skip_position());
    EXPECT_EQ(tile[kTileLanes + 1], 102);
}

}  // namespace
}  // namespace concrete::sim

#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/code_positions.h"
#include "sim/mac_geometry.h"
#include "sim/table_sums.h"

namespace concrete::sim {

/// The rows of a product, an output pixel or a row of a matrix each, handed out as tiles. Rows lie along the lanes.
class CodeRows {
  public:
    virtual ~CodeRows() = default;
    virtual size_t rows() const = 0;

    /// Positions of rows [first_row, first_row + lanes) of a group for k in [first_k, first_k + k).
    /// Args: tile: [k][kTileLanes], with room for kTileSlack bytes behind it. Lanes up to the next multiple of
    /// kLaneStep get valid positions, those beyond may get anything.
    virtual void pack(size_t group, size_t first_row, size_t lanes, size_t first_k, size_t k, uint8_t* tile) const = 0;
};
inline constexpr size_t kTileSlack = 64;

/// Rows of a matrix [m, k] of codes, with kSkip where no MAC happens. One group. The matrix is borrowed; pack() throws
/// RangeError for a code that has no position.
class MatrixRows : public CodeRows {
  public:
    MatrixRows(const int32_t* codes, size_t m, size_t k, const CodePositions& positions)
        : codes_(codes), m_(m), k_(k), positions_(positions) {}
    size_t rows() const override { return m_; }
    void pack(size_t group, size_t first_row, size_t lanes, size_t first_k, size_t k, uint8_t* tile) const override;

  private:
    const int32_t* codes_;
    size_t m_, k_;
    CodePositions positions_;
};

/// Windows of a convolution over a batch of pictures; row = (image, output row, output column), k = (channel of the
/// group, kernel row, kernel column). The pictures are kept once, as bytes within their padding; windows are copied
/// from there, tile by tile.
class PictureRows : public CodeRows {
  public:
    /// Args: codes: [images][channels][h][w] activation codes, each within positions.codes. padding_position: what
    /// padding carries. Throws: std::logic_error for a code outside.
    PictureRows(const MacGeometry& geometry, const int32_t* codes, size_t images, const CodePositions& positions,
                uint8_t padding_position, int threads);
    size_t rows() const override { return images_ * out_h_ * out_w_; }
    void pack(size_t group, size_t first_row, size_t lanes, size_t first_k, size_t k, uint8_t* tile) const override;

  private:
    /// Lanes of a tile whose windows lie in one row of the output, and where their first window begins.
    struct Run {
        size_t lane, count;
        const uint8_t* source;
    };
    void fill(const MacGeometry& geometry, const int32_t* codes, const CodePositions& positions,
              uint8_t padding_position, int threads);
    void fill_features(const int32_t* codes, const CodePositions& positions, int threads);
    std::vector<Run> runs(size_t group, size_t first_row, size_t lanes) const;

    // A row of a padded picture holds its columns by their remainder modulo the stride, so that neighboring outputs
    // read neighboring bytes.
    size_t images_, out_h_, out_w_, in_channels_, group_channels_;
    size_t line_ = 0, plane_ = 0;  ///< bytes of a padded row, of a channel
    size_t step_y_ = 1;            ///< lines between output rows
    std::vector<size_t> tap_;      ///< [kernel rows x columns]: offset of a tap from its window's first
    std::vector<uint8_t> bytes_;   ///< [images][channels][lines][line_]
};

}  // namespace concrete::sim

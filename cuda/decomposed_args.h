#pragma once

#include <cstddef>
#include <cstdint>

#include "cuda/block.h"
#include "cuda/code_map.h"
#include "cuda/conv_shape.h"
#include "cuda/decomposed_expand.h"
#include "cuda/finish.h"

namespace concrete::cuda {

/// Eight bytes, k after k: two words of a fragment.
struct alignas(8) EightBytes {
    uint32_t words[2];
};

/// Where k lies in a window, counted from its first pixel and the group's first channel. Beyond the window: outside of
/// every picture.
struct alignas(16) DecomposedTap {
    uint32_t y, x, channel;
    uint32_t pixel;  ///< y * in_w + x
};

/// Terms of equal shift whose u is looked up together.
struct DecomposedPass {
    uint16_t first_term;  ///< counted over all passes
    uint8_t terms;        ///< 1 to kPassTerms
    uint8_t shift;        ///< of the sums so far, before it
    bool is_direct;       ///< of one term, whose u are the stored codes themselves: nothing is looked up
};

/// Most chunks of kMmaK of k that are loaded and multiplied in one step, and those of a pass of so many terms: few
/// terms would hardly be worth a step.
inline constexpr uint32_t kStepChunks = 2;
CONCRETE_HOST_DEVICE constexpr uint32_t step_chunks(uint32_t terms) {
    return kStepChunks * terms <= kPassTerms ? kStepChunks : 1;
}

/// k = (tap, channel of the group), the channel fastest, in chunks of kMmaK, the last one padded.
struct DecomposedArgs {
    CodeMap in;  ///< of one byte a code
    ConvShape shape;
    const DecomposedTap* taps = nullptr;  ///< [chunks * kMmaK]
    const uint8_t* padding = nullptr;     ///< 16 times the code that stands for padding
    bool in_sixteens = false;             ///< 16 codes from a multiple of 16 on, in k, lie together and aligned

    uint32_t chunks = 0, terms = 0, passes = 0, last_shift = 0;
    uint32_t steps = 0;                    ///< of all passes
    const DecomposedPass* pass = nullptr;  ///< [passes]
    const uint32_t* tables = nullptr;      ///< [passes][kTableEntries]: by stored code, byte t is u of term t

    /// v, zero beyond window and columns: [groups][fragments][terms * chunks][lanes], the steps of the third by pass,
    /// chunk and term. Lane l holds k = 8 (l % 4) to 8 (l % 4) + 7 of the chunk, of column l / 4 of eight.
    const EightBytes* weights = nullptr;
    uint32_t fragments = 0;                         ///< of eight columns, of a group
    uint32_t fragment_words = 0, group_inputs = 0;  ///< terms * chunks * lanes; channels of a group
    uint32_t buffer_words = 0;                      ///< of a step's codes and weights, in shared memory

    const int64_t* row_sums = nullptr;      ///< [rows][groups]: of f over each window; null where f is 0
    const uint32_t* column_sums = nullptr;  ///< [columns]: of g over all k
    Finish finish;

    CONCRETE_HOST_DEVICE uint32_t rows() const { return in.images * shape.pixels(); }
};

}  // namespace concrete::cuda

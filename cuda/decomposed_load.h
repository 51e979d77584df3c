#pragma once

#include <cstddef>
#include <cstdint>

#include "cuda/block.h"
#include "cuda/decomposed_args.h"
#include "cuda/decomposed_expand.h"
#include "cuda/mma.h"

namespace concrete::cuda {

/// Some chunks of a pass; behind the last pass nothing.
struct DecomposedStep {
    uint32_t index, chunk;  ///< which pass, and the first chunk
    DecomposedPass pass;
    CONCRETE_DEVICE bool is_real(const DecomposedArgs& g) const { return index < g.passes; }
    CONCRETE_DEVICE uint32_t count(const DecomposedArgs& g) const {
        const uint32_t most = step_chunks(pass.terms), left = g.chunks - chunk;
        return left < most ? left : most;
    }
    CONCRETE_DEVICE void begin(const DecomposedArgs& g, uint32_t at) {
        index = at, chunk = 0;
        if (is_real(g)) pass = g.pass[at];
    }
    CONCRETE_DEVICE void advance(const DecomposedArgs& g) {
        chunk += step_chunks(pass.terms);
        if (chunk >= g.chunks) begin(g, index + 1);
    }
};

/// How a block of DecomposedProgram brings codes and weights to shared memory: codes [kStepChunks][kRows][kMmaK], then
/// weights [kFragments][chunks of the step][terms of the pass][lanes].
template <unsigned kRows, unsigned kFragments, unsigned kThreads>
struct DecomposedLoad {
    static constexpr unsigned kChunkWords = kRows * (kMmaK / sizeof(EightBytes));  // of codes
    static constexpr unsigned kCodeWords = kStepChunks * kChunkWords;

    /// Where the windows lie that a thread loads from. Codes come in segments of 16, two a row; segment s belongs to
    /// thread s % kThreads.
    static constexpr unsigned kLoads = ceil_div(kRows * 2, kThreads);
    struct Rows {
        // Of a window's first pixel, which may lie outside: modulo 2^32.
        uint32_t y[kLoads], x[kLoads];
        uint32_t pixel[kLoads];  // counted over the batch
    };

    /// Rows beyond the last have windows outside of every picture.
    CONCRETE_DEVICE static Rows rows_of(const DecomposedArgs& g, unsigned block_x, ThreadIndex t) {
        constexpr uint32_t kNowhere = uint32_t{1} << 31;
        const ConvShape& s = g.shape;
        Rows places;
        CONCRETE_UNROLL
        for (unsigned i = 0; i < kLoads; ++i) {
            const uint32_t row = block_x * kRows + (t.index + i * kThreads) / 2;
            const uint32_t image = row / s.pixels(), pixel = row % s.pixels();
            places.y[i] = row < g.rows() ? pixel / s.out_w * s.stride[0] - s.padding[0] : kNowhere;
            places.x[i] = pixel % s.out_w * s.stride[1] - s.padding[1];
            places.pixel[i] = (image * s.in_h + places.y[i]) * s.in_w + places.x[i];
        }
        return places;
    }

    /// Begins to bring a step's codes and weights to a buffer; codes that cannot be copied by sixteen are there at
    /// once.
    template <typename Block, typename AllRows>
    CONCRETE_DEVICE static void load(Block& block, const DecomposedArgs& g, const AllRows& rows,
                                     const DecomposedStep& step, EightBytes* buffer) {
        const bool is_real = step.is_real(g);
        block.issue_copies([&](ThreadIndex t, auto& copies) {
            if (!is_real) return;
            copy_weights(g, block, step, t, copies, buffer + kCodeWords);
            if (!g.in_sixteens) return;
            for_each_segment(t, step.count(g), [&](unsigned i, unsigned k, unsigned word) {
                copies.copy16(buffer + word, code_at(g, rows[t], i, block.z(), g.taps[step.chunk * kMmaK + k]));
            });
        });
        if (!is_real || g.in_sixteens) return;
        block.for_each_thread([&](ThreadIndex t) {
            for_each_segment(t, step.count(g), [&](unsigned i, unsigned k, unsigned word) {
                const DecomposedTap* const taps = &g.taps[step.chunk * kMmaK + k];
                CONCRETE_NO_UNROLL
                for (unsigned four = 0; four < 4; ++four) {
                    uint32_t codes = 0;
                    CONCRETE_UNROLL
                    for (unsigned j = 0; j < 4; ++j)
                        codes |= uint32_t{*code_at(g, rows[t], i, block.z(), taps[4 * four + j])} << (8 * j);
                    buffer[word + four / 2].words[four % 2] = codes;
                }
            });
        });
    }

  private:
    static constexpr unsigned kWarps = kThreads / kWarpThreads;

    /// body(i, k, word) for the segments of a thread in so many chunks: in row i of its own, k from the step's first
    /// on, to `word` of a buffer.
    template <typename Body>
    CONCRETE_DEVICE static void for_each_segment(ThreadIndex t, uint32_t chunks, const Body& body) {
        CONCRETE_UNROLL
        for (unsigned chunk = 0; chunk < kStepChunks; ++chunk) {
            if (chunk >= chunks) break;
            CONCRETE_UNROLL
            for (unsigned i = 0; i < kLoads; ++i) {
                const unsigned segment = t.index + i * kThreads;
                if (kLoads * kThreads == kRows * 2 || segment < kRows * 2)
                    body(i, chunk * kMmaK + segment % 2 * 16, chunk * kChunkWords + segment * 2);
            }
        }
    }

    CONCRETE_DEVICE static const uint8_t* code_at(const DecomposedArgs& g, const Rows& rows, unsigned i, unsigned group,
                                                  const DecomposedTap& tap) {
        const auto* const data = static_cast<const uint8_t*>(g.in.data);
        const uint32_t channel = group * g.group_inputs + tap.channel;
        const size_t index = size_t{rows.pixel[i] + tap.pixel} * g.shape.in_channels + channel;
        // Without branches, so that all loads of a thread are on their way at once.
        const bool is_inside = (rows.y[i] + tap.y < g.shape.in_h) & (rows.x[i] + tap.x < g.shape.in_w);
        return is_inside ? data + index : g.padding;
    }

    template <typename Block, typename Copies>
    CONCRETE_DEVICE static void copy_weights(const DecomposedArgs& g, const Block& block, const DecomposedStep& step,
                                             ThreadIndex t, Copies& copies, EightBytes* to) {
        // In words, which are fewer than 2^32.
        const uint32_t terms = step.pass.terms, words = step.count(g) * terms * kWarpThreads;  // of a fragment
        const uint32_t first = (step.pass.first_term * g.chunks + step.chunk * terms) * kWarpThreads;
        const uint32_t lane = 2 * t.lane();  // the first word of each
        CONCRETE_UNROLL
        for (unsigned n = 0; n < kFragments; n += kWarps) {
            // What tiles have beyond the last fragment is computed, not stored.
            const unsigned wanted = block.y() * kFragments + n + t.warp(), last = g.fragments - 1;
            const uint32_t fragment = block.z() * g.fragments + (wanted < last ? wanted : last);
            const EightBytes* const from = &g.weights[fragment * g.fragment_words + first + lane];
            EightBytes* const mine = &to[(n + t.warp()) * words + lane];
            CONCRETE_UNROLL
            for (unsigned i = 0; i < kPassTerms * kWarpThreads; i += 2 * kWarpThreads)
                if (i + lane < words) copies.copy16(mine + i, from + i);
        }
    }
};

}  // namespace concrete::cuda

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "sim/or_sums_kernels.h"

/// The kernels of sim/or_sums_kernels.h over a type `Set`, which the including source defines for its instruction set.
/// In an unnamed namespace, as in sim/bitslice_steps.h.
///
///     Set::Bytes                     64 bytes, one a lane; | and & work on them
///     Set::Row<kLines>(row)          64 * kLines bytes made ready for look-ups
///     row.at(positions)              Bytes: those at 64 positions
///     Set::zero(), Set::load(bytes)
///     Set::all(byte)                 the same in every lane
///     Set::low_bytes(words, shift)   Bytes: byte shift / 8 of 64 words
///     Set::merge(bytes, shift, words)   words |= bytes << shift
///     Set::lacks(wanted, bytes)      true if some lane of wanted has a bit that bytes has not
namespace concrete::sim::detail {
namespace {

constexpr size_t kOrLanes = 64, kOrTileLanes = 256, kOrBlocks = kOrTileLanes / kOrLanes;

/// Steps between two looks at what is finished. 64 lanes of random products take about two dozen.
constexpr size_t kOrSteps = 16;

/// A block of 64 lanes that is not finished.
template <typename Set>
struct OrBlock {
    size_t first_lane;
    typename Set::Bytes reachable, ors, pairs;
};

/// kBlocks blocks over some k, a row of the table for all of them.
template <typename Set, int kLines, int kBlocks, bool kPairs>
void or_steps(const OrColumn& column, size_t first, size_t last, OrBlock<Set>* blocks) {
    typename Set::Bytes ors[kBlocks], pairs[kBlocks];
    const uint8_t* positions[kBlocks];
#pragma GCC unroll 4
    for (int i = 0; i < kBlocks; ++i) {
        ors[i] = blocks[i].ors;
        pairs[i] = blocks[i].pairs;
        positions[i] = column.positions + blocks[i].first_lane;
    }
    for (size_t k = first; k < last; ++k) {
        const typename Set::template Row<kLines> row(column.rows + column.others[k] * column.row_bytes);
#pragma GCC unroll 4
        for (int i = 0; i < kBlocks; ++i) {
            const typename Set::Bytes low = row.at(positions[i] + k * kOrTileLanes);
            if constexpr (kPairs) pairs[i] = pairs[i] | (ors[i] & low);
            ors[i] = ors[i] | low;
        }
    }
#pragma GCC unroll 4
    for (int i = 0; i < kBlocks; ++i) {
        blocks[i].ors = ors[i];
        blocks[i].pairs = pairs[i];
    }
}

template <typename Set, int kLines, bool kPairs>
void or_column(const OrColumn& column) {
    OrBlock<Set> blocks[kOrBlocks];
    size_t count = 0;
    const typename Set::Bytes column_bits = Set::all(column.column_bits);
    const auto finished = [](const OrBlock<Set>& block) {
        return !Set::lacks(block.reachable, kPairs ? block.pairs : block.ors);
    };
    const auto store = [&column](const OrBlock<Set>& block) {
        Set::merge(block.ors, column.shift, column.ors + block.first_lane);
        if constexpr (kPairs) Set::merge(block.pairs, column.shift, column.pairs + block.first_lane);
    };
    for (size_t lane = 0; lane < column.lanes; lane += kOrLanes) {
        OrBlock<Set>& block = blocks[count];
        block.first_lane = lane;
        block.reachable = Set::load(column.reachable + lane) & column_bits;
        block.ors = Set::low_bytes(column.ors + lane, column.shift);
        block.pairs = kPairs ? Set::low_bytes(column.pairs + lane, column.shift) : Set::zero();
        if (!finished(block)) ++count;
    }
    for (size_t k = 0; k < column.k && count > 0;) {
        const size_t last = std::min(k + kOrSteps, column.k);
        switch (count) {
            case 4:
                or_steps<Set, kLines, 4, kPairs>(column, k, last, blocks);
                break;
            case 3:
                or_steps<Set, kLines, 3, kPairs>(column, k, last, blocks);
                break;
            case 2:
                or_steps<Set, kLines, 2, kPairs>(column, k, last, blocks);
                break;
            default:
                or_steps<Set, kLines, 1, kPairs>(column, k, last, blocks);
        }
        k = last;
        size_t left = 0;
        for (size_t i = 0; i < count; ++i) {
            if (k == column.k || finished(blocks[i])) {
                store(blocks[i]);
            } else {
                if (left != i) blocks[left] = blocks[i];
                ++left;
            }
        }
        count = left;
    }
}

template <typename Set, int kLines>
void or_column_of(const OrColumn& column) {
    if (column.pairs) return or_column<Set, kLines, true>(column);
    or_column<Set, kLines, false>(column);
}

template <typename Set>
constexpr OrKernels kOrKernels{or_column_of<Set, 1>, or_column_of<Set, 2>, or_column_of<Set, 4>};

}  // namespace
}  // namespace concrete::sim::detail

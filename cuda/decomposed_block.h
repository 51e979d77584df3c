#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "cuda/block.h"
#include "cuda/code_map.h"
#include "cuda/conv_shape.h"
#include "cuda/decomposed_expand.h"
#include "cuda/finish.h"
#include "cuda/mma.h"

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
    uint32_t terms;       ///< 1 to kPassTerms
    uint32_t first_term;  ///< counted over all passes
    uint32_t shift;       ///< of the sums so far, before it
    bool is_direct;       ///< of one term, whose u are the stored codes themselves: nothing is looked up
};

/// k = (tap, channel of the group), the channel fastest, in chunks of kMmaK, the last one padded.
struct DecomposedArgs {
    CodeMap in;  ///< of one byte a code
    ConvShape shape;
    const DecomposedTap* taps = nullptr;  ///< [chunks * kMmaK]
    const uint8_t* padding = nullptr;     ///< 16 times the code that stands for padding
    bool in_sixteens = false;             ///< 16 codes from a multiple of 16 on, in k, lie together and aligned

    uint32_t chunks = 0, terms = 0, passes = 0, last_shift = 0;
    const DecomposedPass* pass = nullptr;  ///< [passes]
    const uint32_t* tables = nullptr;      ///< [passes][kTableEntries]: by stored code, byte t is u of term t

    /// v, zero beyond window and columns: [groups][fragments][terms * chunks][lanes], the steps of the third by pass,
    /// chunk and term. Lane l holds k = 8 (l % 4) to 8 (l % 4) + 7 of the chunk, of column l / 4 of eight.
    const EightBytes* weights = nullptr;
    uint32_t fragments = 0;  ///< of eight columns, of a group

    const int64_t* row_sums = nullptr;      ///< [rows][groups]: of f over each window; null where f is 0
    const uint32_t* column_sums = nullptr;  ///< [columns]: of g over all k
    Finish finish;

    CONCRETE_HOST_DEVICE uint32_t rows() const { return in.images * shape.pixels(); }
};

/// sim/decomposed_sums.h for a whole layer, as an implicit matrix product on the tensor cores: sums over k of a table
/// that is decomposed into terms u v, modulo 2^32.
///
///     A chunk of codes lies in shared memory as it came. Each lane looks up the u of its own codes, for up to four
///     terms at once, in its own copy of the table, and multiplies, term by term, by weights made ready beforehand.
///
/// Terms of larger shifts come first, and what they gave is shifted before those of smaller ones are added. The order
/// of k within a chunk is free, so that a lane takes eight codes that lie together: k = 8t .. 8t + 3 stand in the place
/// of 4t .. 4t + 3 of cuda/mma.h, and the four behind them in that of 16 + 4t.
///
/// Grid: x over tiles of kRows rows, y over those of kColumns columns of a group, z over groups.
template <unsigned kRows, unsigned kColumns>
struct DecomposedProgram {
    using Args = DecomposedArgs;
    static constexpr unsigned kThreads = 128, kTileRows = kRows, kTileColumns = kColumns;

    static constexpr unsigned kWarps = kThreads / kWarpThreads;
    static constexpr unsigned kRowWarps = kRows >= 128 ? 4 : 2, kColumnWarps = kWarps / kRowWarps;
    static constexpr unsigned kMs = kRows / kRowWarps / kMmaM, kNs = kColumns / kColumnWarps / kMmaN;  // of a warp
    static constexpr unsigned kFragments = kColumns / kMmaN;
    static constexpr unsigned kBuffers = kRows >= 128 ? 2 : 4;  // small tiles have less to do while they wait

    static_assert(kRows * kColumns <= kTableWords);  // the sums take the place of the table in the end

    static constexpr size_t code_words() { return size_t{kRows} * kMmaK / sizeof(EightBytes); }
    static constexpr size_t weight_words(uint32_t terms) { return size_t{kFragments} * terms * kWarpThreads; }
    /// Args: terms: the most of a pass.
    static constexpr size_t shared_memory(uint32_t terms) {
        return shared_bytes<uint32_t>(kTableWords) +
               shared_bytes<EightBytes>(kBuffers * (code_words() + weight_words(terms)));
    }

    template <typename Block>
    CONCRETE_DEVICE static void run(Block& block, const Args& g) {
        uint32_t* const table = block.template shared<uint32_t>(kTableWords);
        Buffers buffers{block.template shared<EightBytes>(kBuffers * (code_words() + weight_words(most_terms(g)))),
                        code_words() + weight_words(most_terms(g))};
        auto rows = block.template registers<RowPlaces>();
        auto sums = block.template registers<Sums>();
        auto operands = block.template registers<Operands>();
        block.for_each_thread([&](ThreadIndex t) { rows[t] = row_places(g, block.x(), t), sums[t] = {}; });

        Step ahead{}, now{};  // what is loaded next, and used next, kBuffers - 1 steps behind
        for (uint32_t i = 0; i < g.passes * g.chunks + kBuffers - 1; ++i) {
            load(block, g, rows, ahead, buffers.at(i % kBuffers));
            ahead.advance(g);
            if (i + 1 < kBuffers) continue;
            if (now.chunk == 0) begin_pass(block, g, now.pass, table, sums);
            block.template wait_for_copies<kBuffers - 1>();
            multiply(block, g.pass[now.pass], table, buffers.at((i + 1) % kBuffers), operands, sums);
            now.advance(g);
        }
        finish(block, g, sums, reinterpret_cast<int32_t*>(table));
    }

  private:
    /// Codes and weights of one step, and where the others of these lie.
    struct Buffers {
        EightBytes* first;
        size_t words;
        CONCRETE_DEVICE EightBytes* at(unsigned index) const { return first + index * words; }
    };

    /// A chunk in a pass; behind the last pass nothing.
    struct Step {
        uint32_t pass, chunk;
        CONCRETE_DEVICE void advance(const Args& g) {
            if (++chunk == g.chunks) chunk = 0, ++pass;
        }
    };

    // A thread loads 16 codes a row, of these rows of the tile: (thread + i kThreads) / 2.
    static constexpr unsigned kLoads = (kRows * 2 + kThreads - 1) / kThreads;
    struct RowPlaces {
        // Of the window's first pixel, which may lie outside: modulo 2^32.
        uint32_t y[kLoads], x[kLoads];
        uint32_t pixel[kLoads];  // counted over the batch
    };

    struct Sums {
        MmaC of[kMs][kNs];
    };
    struct Operands {
        MmaA left[kMs][kPassTerms];
        MmaB right[kNs];
    };

    CONCRETE_DEVICE static uint32_t most_terms(const Args& g) { return g.terms < kPassTerms ? g.terms : kPassTerms; }

    CONCRETE_DEVICE static RowPlaces row_places(const Args& g, unsigned block_x, ThreadIndex t) {
        constexpr uint32_t kNowhere = uint32_t{1} << 31;
        const ConvShape& s = g.shape;
        RowPlaces places;
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

    /// Begins to bring a step's codes and weights to a buffer.
    template <typename Block, typename Rows>
    CONCRETE_DEVICE static void load(Block& block, const Args& g, const Rows& rows, const Step& step,
                                     EightBytes* buffer) {
        const bool is_real = step.pass < g.passes;
        block.issue_copies([&](ThreadIndex t, auto& copies) {
            if (!is_real) return;
            copy_weights(g, block, step, t, copies, buffer + code_words());
            if (!g.in_sixteens) return;
            for_each_segment(t, [&](unsigned i, unsigned segment) {
                const uint8_t* from = code_at(g, rows[t], i, block.z(), g.taps[step.chunk * kMmaK + segment % 2 * 16]);
                copies.copy16(buffer + segment * 2, from);
            });
        });
        if (!is_real || g.in_sixteens) return;
        block.for_each_thread([&](ThreadIndex t) {
            for_each_segment(t, [&](unsigned i, unsigned segment) {
                const DecomposedTap* const taps = g.taps + step.chunk * kMmaK + segment % 2 * 16;
                CONCRETE_NO_UNROLL
                for (unsigned word = 0; word < 4; ++word) {
                    uint32_t codes = 0;
                    CONCRETE_UNROLL
                    for (unsigned j = 0; j < 4; ++j)
                        codes |= uint32_t{*code_at(g, rows[t], i, block.z(), taps[4 * word + j])} << (8 * j);
                    buffer[segment * 2 + word / 2].words[word % 2] = codes;
                }
            });
        });
    }

    /// body(i, segment) for the pieces of 16 codes that a thread loads; a row has two of them.
    template <typename Body>
    CONCRETE_DEVICE static void for_each_segment(ThreadIndex t, const Body& body) {
        CONCRETE_UNROLL
        for (unsigned i = 0; i < kLoads; ++i) {
            const unsigned segment = t.index + i * kThreads;
            if (segment < kRows * 2) body(i, segment);
        }
    }

    CONCRETE_DEVICE static const uint8_t* code_at(const Args& g, const RowPlaces& rows, unsigned i, unsigned group,
                                                  const DecomposedTap& tap) {
        if (rows.y[i] + tap.y >= g.shape.in_h || rows.x[i] + tap.x >= g.shape.in_w) return g.padding;
        const uint32_t channel = group * g.shape.group_inputs() + tap.channel;
        return static_cast<const uint8_t*>(g.in.data) + size_t{rows.pixel[i] + tap.pixel} * g.shape.in_channels +
               channel;
    }

    template <typename Block, typename Copies>
    CONCRETE_DEVICE static void copy_weights(const Args& g, const Block& block, const Step& step, ThreadIndex t,
                                             Copies& copies, EightBytes* to) {
        const DecomposedPass pass = g.pass[step.pass];
        const size_t first = size_t{pass.first_term} * g.chunks + size_t{step.chunk} * pass.terms;
        const uint32_t words = pass.terms * kWarpThreads;  // of a fragment
        for (unsigned n = t.warp(); n < kFragments; n += kWarps) {
            // What tiles have beyond the last fragment is computed, not stored.
            const unsigned wanted = block.y() * kFragments + n, last = g.fragments - 1;
            const size_t fragment = size_t{block.z()} * g.fragments + (wanted < last ? wanted : last);
            const EightBytes* from = g.weights + (fragment * g.terms * g.chunks + first) * kWarpThreads;
            for (unsigned i = 2 * t.lane(); i < words; i += 2 * kWarpThreads)
                copies.copy16(to + n * words + i, from + i);
        }
    }

    /// Spreads the pass's table over the copies, and shifts the sums.
    template <typename Block, typename AllSums>
    CONCRETE_DEVICE static void begin_pass(Block& block, const Args& g, uint32_t pass, uint32_t* table, AllSums& sums) {
        const uint32_t* const entries = g.tables + size_t{pass} * kTableEntries;
        block.for_each_thread([&](ThreadIndex t) {
            for (unsigned entry = t.warp(); entry < kTableEntries && !g.pass[pass].is_direct; entry += kWarps)
                table[entry * kWarpThreads + t.lane()] = entries[entry];
            shift(sums[t], g.pass[pass].shift);
        });
    }

    CONCRETE_DEVICE static void shift(Sums& sums, uint32_t by) {
        if (by == 0) return;
        CONCRETE_UNROLL
        for (auto& row : sums.of) {
            CONCRETE_UNROLL
            for (MmaC& c : row) {
                CONCRETE_UNROLL
                for (int32_t& sum : c.sums) sum = static_cast<int32_t>(static_cast<uint32_t>(sum) << by);
            }
        }
    }

    template <typename Block, typename AllOperands, typename AllSums>
    CONCRETE_DEVICE static void multiply(Block& block, const DecomposedPass& pass, const uint32_t* table,
                                         const EightBytes* buffer, AllOperands& operands, AllSums& sums) {
        static_assert(kPassTerms == 4);
        if (pass.is_direct) return multiply<1>(block, nullptr, buffer, operands, sums);
        if (pass.terms == 1) return multiply<1>(block, table, buffer, operands, sums);
        if (pass.terms == 2) return multiply<2>(block, table, buffer, operands, sums);
        if (pass.terms == 3) return multiply<3>(block, table, buffer, operands, sums);
        multiply<4>(block, table, buffer, operands, sums);
    }

    /// Args: table: nullptr where the codes are the operands.
    template <unsigned kTerms, typename Block, typename Table, typename AllOperands, typename AllSums>
    CONCRETE_DEVICE static void multiply(Block& block, Table table, const EightBytes* buffer, AllOperands& operands,
                                         AllSums& sums) {
        block.for_each_warp([&](auto& warp) {
            const EightBytes* const codes = buffer + warp.index() % kRowWarps * kMs * kMmaM * (kMmaK / 8);
            const EightBytes* const weights =
                buffer + code_words() + warp.index() / kRowWarps * kNs * kTerms * kWarpThreads;
            warp.for_each_lane([&](ThreadIndex t) { expand_rows<kTerms>(table, codes, t.lane(), operands[t]); });
            CONCRETE_UNROLL
            for (unsigned term = 0; term < kTerms; ++term) {
                warp.for_each_lane([&](ThreadIndex t) {
                    CONCRETE_UNROLL
                    for (unsigned n = 0; n < kNs; ++n) {
                        const EightBytes bytes = weights[(n * kTerms + term) * kWarpThreads + t.lane()];
                        operands[t].right[n] = {{bytes.words[0], bytes.words[1]}};
                    }
                });
                CONCRETE_UNROLL
                for (unsigned m = 0; m < kMs; ++m) {
                    CONCRETE_UNROLL
                    for (unsigned n = 0; n < kNs; ++n) {
                        warp.mma([&](ThreadIndex t) -> MmaC& { return sums[t].of[m][n]; },
                                 [&](ThreadIndex t) { return operands[t].left[m][term]; },
                                 [&](ThreadIndex t) { return operands[t].right[n]; });
                    }
                }
            }
        });
    }

    /// The left operands of a lane, for all rows of its warp.
    template <unsigned kTerms, typename Table>
    CONCRETE_DEVICE static void expand_rows(Table table, const EightBytes* codes, unsigned lane, Operands& operands) {
        CONCRETE_UNROLL
        for (unsigned m = 0; m < kMs; ++m) {
            CONCRETE_UNROLL
            for (unsigned half = 0; half < 2; ++half) {  // of the rows
                const EightBytes eight = codes[(m * kMmaM + half * 8 + lane / 4) * (kMmaK / 8) + lane % 4];
                CONCRETE_UNROLL
                for (unsigned i = 0; i < 2; ++i) {
                    uint32_t bytes[kTerms] = {eight.words[i]};
                    if constexpr (!std::is_null_pointer_v<Table>) expand_codes(table, lane, eight.words[i], bytes);
                    CONCRETE_UNROLL
                    for (unsigned term = 0; term < kTerms; ++term)
                        operands.left[m][term].words[half + 2 * i] = bytes[term];
                }
            }
        }
    }

    /// Stores the tile, through shared memory, so that neighboring threads have neighboring columns.
    template <typename Block, typename AllSums>
    CONCRETE_DEVICE static void finish(Block& block, const Args& g, AllSums& sums, int32_t* tile) {
        // Columns exchange places in eights, differently in neighboring rows: lanes write to different banks.
        const auto at = [](unsigned row, unsigned column) { return row * kColumns + (column ^ (row % 4 * 8)); };
        block.for_each_thread([&](ThreadIndex t) {
            shift(sums[t], g.last_shift);
            const unsigned first_row = t.warp() % kRowWarps * kMs * kMmaM + t.lane() / 4;
            const unsigned first_column = t.warp() / kRowWarps * kNs * kMmaN + t.lane() % 4 * 2;
            CONCRETE_UNROLL
            for (unsigned m = 0; m < kMs; ++m) {
                CONCRETE_UNROLL
                for (unsigned n = 0; n < kNs; ++n) {
                    CONCRETE_UNROLL
                    for (unsigned i = 0; i < 4; ++i)
                        tile[at(first_row + m * kMmaM + i / 2 * 8, first_column + n * kMmaN + i % 2)] =
                            sums[t].of[m][n].sums[i];
                }
            }
        });
        block.for_each_thread([&](ThreadIndex t) {
            CONCRETE_NO_UNROLL
            for (unsigned i = t.index; i < kRows * kColumns; i += kThreads)
                store(g, block.x() * kRows + i / kColumns, block.y() * kColumns + i % kColumns, block.z(),
                      tile[at(i / kColumns, i % kColumns)]);
        });
    }

    CONCRETE_DEVICE static void store(const Args& g, uint32_t row, uint32_t column_of_group, uint32_t group,
                                      int32_t sum) {
        if (row >= g.rows() || column_of_group >= g.shape.group_outputs()) return;
        const uint32_t column = group * g.shape.group_outputs() + column_of_group;
        const int64_t row_sum = g.row_sums ? g.row_sums[size_t{row} * g.shape.groups + group] : 0;
        const uint32_t total = static_cast<uint32_t>(sum) + static_cast<uint32_t>(row_sum) + g.column_sums[column];
        g.finish.store_sum(row, column, static_cast<int32_t>(total));
    }
};

}  // namespace concrete::cuda

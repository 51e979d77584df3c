#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "cuda/block.h"
#include "cuda/decomposed_args.h"
#include "cuda/decomposed_expand.h"
#include "cuda/decomposed_load.h"
#include "cuda/mma.h"

namespace concrete::cuda {

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
/// Args: kRowWarps: warps that share the rows; the others have other columns of the same rows.
template <unsigned kRows, unsigned kColumns, unsigned kRowWarps>
struct DecomposedProgram {
    using Args = DecomposedArgs;
    static constexpr unsigned kThreads = 128, kTileRows = kRows, kTileColumns = kColumns;

    static constexpr unsigned kWarps = kThreads / kWarpThreads;
    static constexpr unsigned kColumnWarps = kWarps / kRowWarps;
    static constexpr unsigned kMs = kRows / kRowWarps / kMmaM, kNs = kColumns / kColumnWarps / kMmaN;  // of a warp
    static constexpr unsigned kFragments = kColumns / kMmaN;
    static constexpr unsigned kBuffers = kRows >= 128 ? 2 : 4;  // small tiles have less to do while they wait

    // In the end the sums take the place of the table, as many rows of each warp at a time as it has room for.
    static constexpr unsigned kPieces = kRows * kColumns <= kTableWords ? 1 : kRows * kColumns / kTableWords;
    static_assert(kMs % kPieces == 0 && kRows * kColumns / kPieces <= kTableWords);

    using Load = DecomposedLoad<kRows, kFragments, kThreads>;
    /// DecomposedArgs::buffer_words. Args: fragments: most of a step, for eight columns.
    static constexpr uint32_t buffer_words(uint32_t fragments) {
        return Load::kCodeWords + kFragments * fragments * kWarpThreads;
    }
    static constexpr size_t shared_memory(uint32_t fragments) {
        return shared_bytes<uint32_t>(kTableWords) +
               shared_bytes<EightBytes>(size_t{kBuffers} * buffer_words(fragments));
    }

    template <typename Block>
    CONCRETE_DEVICE static void run(Block& block, const Args& g) {
        uint32_t* const table = block.template shared<uint32_t>(kTableWords);
        EightBytes* const buffers = block.template shared<EightBytes>(size_t{kBuffers} * g.buffer_words);
        const auto buffer = [&](uint32_t step) {
            const uint32_t first = step % kBuffers * g.buffer_words;
            return buffers + first;
        };
        auto rows = block.template registers<typename Load::Rows>();
        auto sums = block.template registers<Sums>();
        auto operands = block.template registers<Operands>();
        block.for_each_thread([&](ThreadIndex t) { rows[t] = Load::rows_of(g, block.x(), t), sums[t] = {}; });

        DecomposedStep ahead{}, now{};  // what is loaded next, and used next, kBuffers - 1 steps behind
        ahead.begin(g, 0), now.begin(g, 0);
        for (uint32_t i = 0; i < g.steps + kBuffers - 1; ++i) {
            Load::load(block, g, rows, ahead, buffer(i));
            ahead.advance(g);
            if (i + 1 < kBuffers) continue;
            if (now.chunk == 0) begin_pass(block, g, now, table, sums);
            block.template wait_for_copies<kBuffers - 1>();
            multiply(block, now.pass, now.count(g), table, buffer(i + 1), operands, sums);
            now.advance(g);
        }
        finish(block, g, sums, reinterpret_cast<int32_t*>(table));
    }

  private:
    struct Sums {
        MmaC of[kMs][kNs];
    };
    struct Operands {
        MmaA left[kMs][kPassTerms];
        MmaB right[kNs];
    };

    /// Spreads the pass's table over the copies, and shifts the sums.
    template <typename Block, typename AllSums>
    CONCRETE_DEVICE static void begin_pass(Block& block, const Args& g, const DecomposedStep& step, uint32_t* table,
                                           AllSums& sums) {
        const uint32_t* const entries = g.tables + size_t{step.index} * kTableEntries;
        block.for_each_thread([&](ThreadIndex t) {
            for (unsigned entry = t.warp(); entry < kTableEntries && !step.pass.is_direct; entry += kWarps)
                table[entry * kWarpThreads + t.lane()] = entries[entry];
            shift(sums[t], step.pass.shift);
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
    CONCRETE_DEVICE static void multiply(Block& block, const DecomposedPass& pass, uint32_t chunks,
                                         const uint32_t* table, const EightBytes* buffer, AllOperands& operands,
                                         AllSums& sums) {
        static_assert(kPassTerms == 4);
        if (pass.is_direct) return multiply<1>(block, chunks, nullptr, buffer, operands, sums);
        if (pass.terms == 1) return multiply<1>(block, chunks, table, buffer, operands, sums);
        if (pass.terms == 2) return multiply<2>(block, chunks, table, buffer, operands, sums);
        if (pass.terms == 3) return multiply<3>(block, chunks, table, buffer, operands, sums);
        multiply<4>(block, chunks, table, buffer, operands, sums);
    }

    /// Args: table: nullptr where the codes are the operands.
    template <unsigned kTerms, typename Block, typename Table, typename AllOperands, typename AllSums>
    CONCRETE_DEVICE static void multiply(Block& block, uint32_t chunks, Table table, const EightBytes* buffer,
                                         AllOperands& operands, AllSums& sums) {
        if (step_chunks(kTerms) == 1) chunks = 1;  // so that the compiler knows
        block.for_each_warp([&](auto& warp) {
            constexpr uint32_t kChunkFragment = kTerms * kWarpThreads;
            const uint32_t fragment = chunks * kChunkFragment;
            const uint32_t first_code = warp.index() % kRowWarps * (kMs * kMmaM * kMmaK / 8);
            const uint32_t first_weight = Load::kCodeWords + warp.index() / kRowWarps * kNs * fragment;
            const EightBytes *codes = buffer + first_code, *weights = buffer + first_weight;
            CONCRETE_NO_UNROLL
            for (uint32_t chunk = 0; chunk < chunks; ++chunk) {
                warp.for_each_lane([&](ThreadIndex t) { expand_rows<kTerms>(table, codes, t.lane(), operands[t]); });
                CONCRETE_UNROLL
                for (unsigned term = 0; term < kTerms; ++term)
                    multiply_term(warp, term, &weights[size_t{term} * kWarpThreads], fragment, operands, sums);
                codes += Load::kChunkWords;
                weights += kChunkFragment;
            }
        });
    }

    /// Args: weights: of the warp's first eight columns; those of the next ones are `fragment` words away.
    template <typename Warp, typename AllOperands, typename AllSums>
    CONCRETE_DEVICE static void multiply_term(Warp& warp, unsigned term, const EightBytes* weights, uint32_t fragment,
                                              AllOperands& operands, AllSums& sums) {
        warp.for_each_lane([&](ThreadIndex t) {
            CONCRETE_UNROLL
            for (unsigned n = 0; n < kNs; ++n) {
                const EightBytes bytes = weights[n * fragment + t.lane()];
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
        constexpr unsigned kPieceMs = kMs / kPieces, kPieceRows = kPieceMs * kMmaM;  // of a warp
        block.for_each_thread([&](ThreadIndex t) { shift(sums[t], g.last_shift); });
        CONCRETE_UNROLL
        for (unsigned piece = 0; piece < kPieces; ++piece) {
            block.for_each_thread([&](ThreadIndex t) {
                const unsigned first_row = t.warp() % kRowWarps * kPieceRows + t.lane() / 4;
                const unsigned first_column = t.warp() / kRowWarps * kNs * kMmaN + t.lane() % 4 * 2;
                CONCRETE_UNROLL
                for (unsigned i = 0; i < kPieceMs * kNs * 4; ++i) {
                    const unsigned m = i / 4 / kNs, n = i / 4 % kNs, element = i % 4;
                    tile[at(first_row + m * kMmaM + element / 2 * 8, first_column + n * kMmaN + element % 2)] =
                        sums[t].of[piece * kPieceMs + m][n].sums[element];
                }
            });
            block.for_each_thread([&](ThreadIndex t) {
                CONCRETE_NO_UNROLL
                for (unsigned i = t.index; i < kRows / kPieces * kColumns; i += kThreads) {
                    const unsigned row = i / kColumns, column = i % kColumns, warp = row / kPieceRows;
                    const unsigned row_of_tile = (warp * kPieces + piece) * kPieceRows + row % kPieceRows;
                    store(g, block.x() * kRows + row_of_tile, block.y() * kColumns + column, block.z(),
                          tile[at(row, column)]);
                }
            });
        }
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

/// The wider, the fewer look-ups a MAC: codes are looked up by each warp that multiplies them.
using DecomposedLarge = DecomposedProgram<128, 128, 4>;
using DecomposedMedium = DecomposedProgram<128, 64, 4>;
using DecomposedNarrow = DecomposedProgram<128, 32, 4>;
using DecomposedSmall = DecomposedProgram<32, 32, 2>;

}  // namespace concrete::cuda

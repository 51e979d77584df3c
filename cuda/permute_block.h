#pragma once

#include "cuda/block.h"
#include "cuda/permute_args.h"

namespace concrete::cuda {

/// Any table of 8-bit codes, reduced over k: the engine permute, and what logic reduces, on a device.
///
/// A block owns kLanes lanes and eight others, and keeps the outputs in registers. For every k it builds the row of the
/// table that the eight others have there, in shared memory,
///
///     row[position] = the eight entries table[other's position][position], 16 bytes
///
/// in which a lane finds with one look-up all it needs for eight MACs. Rows are kept kCopies times, side by side, so
/// that the eight lanes that read at once meet in few banks, with eight copies in none. Loads are far from their uses:
/// the codes of a stage of four k are under way while its rows are stored, the entries of the next one while it is
/// looked up.
///
/// Grid: x over tiles of lanes, y over tiles of others, z over (group, split).
/// Shared memory: 4 KiB x four k x kCopies, and a word a lane.
template <typename Reduction, unsigned kBlockThreads, unsigned kThreadLanes, unsigned kCopies>
struct PermuteProgram {
    using Args = PermuteArgs;
    static constexpr unsigned kThreads = kBlockThreads, kLanes = kThreads * kThreadLanes;

    static constexpr size_t shared_bytes() {
        return cuda::shared_bytes<PermuteEntry>(size_t{kEntries} * kCopies) + cuda::shared_bytes<uint32_t>(kLanes) +
               cuda::shared_bytes<uint32_t>(kWarps);
    }

    template <typename Block>
    CONCRETE_DEVICE static void run(Block& block, const Args& g) {
        const Place place{g, block.x() * kLanes, block.y(), block.z() / g.splits, block.z() % g.splits};
        auto* const rows = block.template shared<PermuteEntry>(kEntries * kCopies);
        auto* const sources = block.template shared<uint32_t>(kLanes);
        auto* const unfinished = block.template shared<uint32_t>(kWarps);
        auto states = block.template registers<States>();
        auto codes = block.template registers<Codes>();
        auto others = block.template registers<OtherCodes>();
        auto entries = block.template registers<Entries>();
        const uint32_t first = place.split * g.split_stages;
        const uint32_t last = first + g.split_stages < g.stages() ? first + g.split_stages : g.stages();
        Stage stage{first / g.tap_words, first % g.tap_words};

        block.for_each_thread([&](ThreadIndex t) {
            states[t] = {};
            find_sources(place, t, stage.tap, sources);
            entries[t] = load_entries(place, t, load_others(place, t, stage));
            if (t.lane() == 0) unfinished[t.warp()] = place.lane(t, 0) < g.lanes ? 1 : 0;
        });
        for (uint32_t i = first; i < last; ++i) {
            Stage next = stage;  // of the last, itself: loads without a use, but without a branch, too
            if (i + 1 < last) next.advance(g.tap_words);
            block.for_each_thread([&](ThreadIndex t) {
                if (stage.word == 0) find_sources(place, t, stage.tap, sources);
                codes[t] = load_codes(place, t, stage, sources);
                others[t] = load_others(place, t, next);
                store_entries(place, t, stage, entries[t], rows);
            });
            block.for_each_warp([&](auto& warp) {
                const bool looks_up = unfinished[warp.index()] != 0;
                warp.for_each_lane([&](ThreadIndex t) {
                    entries[t] = load_entries(place, t, others[t]);
                    if (looks_up) look_up(codes[t], rows, t, states[t]);
                });
                if constexpr (Reduction::kExits) {
                    if (!is_checked(i)) return;
                    const uint32_t left =
                        warp.ballot([&](ThreadIndex t) { return is_unfinished(place, t, states[t]); });
                    warp.for_each_lane([&](ThreadIndex t) {
                        if (t.lane() == 0) unfinished[warp.index()] = left;
                    });
                }
            });
            if (Reduction::kExits && is_checked(i) && all_finished(unfinished)) break;
            stage = next;
        }
        auto* const results = reinterpret_cast<uint32_t*>(rows);
        block.for_each_thread([&](ThreadIndex t) { keep_results(states[t], t, results); });
        block.for_each_thread([&](ThreadIndex t) { store_results(place, t, results); });
    }

  private:
    static constexpr unsigned kEntries = kStageDepth * kRowEntries, kThreadEntries = kEntries / kThreads;
    static constexpr unsigned kWarps = kThreads / kWarpThreads;
    static constexpr uint32_t kPadding = ~uint32_t{0};  // a source
    static_assert(kEntries % kThreads == 0 && 8 % kCopies == 0);
    static_assert(kLanes * kEntryOthers <= kEntries * kCopies * kEntryWords, "results take the place of the rows");

    struct Place {
        const Args& g;
        uint32_t first_lane, other_tile, group, split;

        CONCRETE_DEVICE uint32_t lane(ThreadIndex t, unsigned i) const { return first_lane + tile_lane(t, i); }
    };
    /// The lanes of a warp lie together, so that warps without any have nothing to do.
    CONCRETE_DEVICE static uint32_t tile_lane(ThreadIndex t, unsigned i) {
        return (t.warp() * kThreadLanes + i) * kWarpThreads + t.lane();
    }
    struct Stage {
        uint32_t tap, word;

        CONCRETE_DEVICE void advance(uint32_t tap_words) {
            if (++word < tap_words) return;
            word = 0;
            ++tap;
        }
    };
    struct States {
        typename Reduction::State lanes[kThreadLanes];
    };
    struct Codes {
        uint32_t words[kThreadLanes];
    };
    /// What the entries that a thread builds are made of: positions of eight others, and then halves of words.
    struct OtherCodes {
        uint64_t codes[kThreadEntries];
    };
    struct Entries {
        uint16_t low[kThreadEntries][kEntryWords], high[kThreadEntries][kEntryWords];
    };

    CONCRETE_DEVICE static uint32_t byte_of(uint32_t word, unsigned index) {
#ifdef __CUDA_ARCH__
        return __byte_perm(word, 0, 0x4440 + index);  // one instruction, where shift and mask are two
#else
        return word >> (8 * index) & 0xFFU;
#endif
    }

    /// Where the words of each lane begin under a tap.
    CONCRETE_DEVICE static void find_sources(const Place& place, ThreadIndex t, uint32_t tap, uint32_t* sources) {
        const Args& g = place.g;
        const ConvShape& s = g.shape;
        const uint32_t kernel_y = g.by_kernel_w.quotient(tap), kernel_x = g.by_kernel_w.remainder(tap);
        for (unsigned i = 0; i < kThreadLanes; ++i) {
            const uint32_t lane = place.lane(t, i);
            uint32_t& source = sources[tile_lane(t, i)];
            source = kPadding;
            if (lane >= g.lanes) continue;
            if (g.lanes_are_columns) {
                source = tap * g.tap_words * g.word_step + lane;
                continue;
            }
            const uint32_t image = g.by_pixels.quotient(lane), pixel = g.by_pixels.remainder(lane);
            const int32_t in = s.source(g.by_out_w.quotient(pixel), g.by_out_w.remainder(pixel), kernel_y, kernel_x);
            if (in < 0) continue;
            source = (image * s.groups + place.group) * g.tap_words * g.word_step + static_cast<uint32_t>(in);
        }
    }

    CONCRETE_DEVICE static Codes load_codes(const Place& place, ThreadIndex t, Stage stage, const uint32_t* sources) {
        const Args& g = place.g;
        const uint32_t step = stage.word * g.word_step;
        Codes codes;
        for (unsigned i = 0; i < kThreadLanes; ++i) {
            const uint32_t source = sources[tile_lane(t, i)];
            codes.words[i] = source == kPadding ? g.padding_word : g.lane_words[source + step];
        }
        return codes;
    }

    CONCRETE_DEVICE static OtherCodes load_others(const Place& place, ThreadIndex t, Stage stage) {
        const Args& g = place.g;
        const uint32_t first_k = (place.group * g.stages() + stage.tap * g.tap_words + stage.word) * kStageDepth;
        OtherCodes others;
        for (unsigned i = 0; i < kThreadEntries; ++i)
            others.codes[i] = g.other_codes[(first_k + depth_of(t, i)) * g.other_tiles + place.other_tile];
        return others;
    }

    CONCRETE_DEVICE static Entries load_entries(const Place& place, ThreadIndex t, const OtherCodes& others) {
        const Args& g = place.g;
        Entries entries;
        for (unsigned i = 0; i < kThreadEntries; ++i) {
            for (unsigned j = 0; j < kEntryWords; ++j) {
                const auto half = static_cast<uint32_t>(others.codes[i] >> (32 * (j / 2)));
                const uint32_t low = byte_of(half, 2 * (j % 2)), high = byte_of(half, 2 * (j % 2) + 1);
                const uint32_t position = (i * kThreads + t.index) % kRowEntries;
                entries.low[i][j] = g.table[low * kRowEntries + position];
                entries.high[i][j] = g.table[high * kRowEntries + position + g.plane_entries];
            }
        }
        return entries;
    }

    /// k of the stage that the entry is of.
    CONCRETE_DEVICE static uint32_t depth_of(ThreadIndex t, unsigned i) {
        return (i * kThreads + t.index) / kRowEntries;
    }

    /// Neighboring threads begin with different copies, so that they write to different banks.
    CONCRETE_DEVICE static void store_entries(const Place& place, ThreadIndex t, Stage stage, const Entries& entries,
                                              PermuteEntry* rows) {
        for (unsigned i = 0; i < kThreadEntries; ++i) {
            const bool exists = stage.word * kStageDepth + depth_of(t, i) < place.g.shape.group_inputs();
            PermuteEntry entry;
            for (unsigned j = 0; j < kEntryWords; ++j)
                entry.words[j] = exists ? entries.low[i][j] | uint32_t{entries.high[i][j]} << 16 : 0;
            const uint32_t first = (i * kThreads + t.index) * kCopies;
            for (unsigned copy = 0; copy < kCopies; ++copy) rows[first + (copy + t.index) % kCopies] = entry;
        }
    }

    CONCRETE_DEVICE static void look_up(const Codes& codes, const PermuteEntry* rows, ThreadIndex t, States& states) {
        // Counted in bytes, an address is one multiplication and addition.
        const auto* const copy = reinterpret_cast<const unsigned char*>(rows + t.index % kCopies);
        constexpr uint32_t kStep = sizeof(PermuteEntry) * kCopies;
        for (unsigned i = 0; i < kThreadLanes; ++i) {
            const auto entry = [&](unsigned depth) {
                const uint32_t at = (depth * kRowEntries + byte_of(codes.words[i], depth)) * kStep;
                return *reinterpret_cast<const PermuteEntry*>(copy + at);
            };
            Reduction::add(states.lanes[i], entry(0), entry(1));
            Reduction::add(states.lanes[i], entry(2), entry(3));
        }
    }

    /// Whether it is looked for what is finished: random codes need some dozens of k.
    CONCRETE_DEVICE static bool is_checked(uint32_t stage) {
        return stage % 4 == 3;
    }

    CONCRETE_DEVICE static bool is_unfinished(const Place& place, ThreadIndex t, const States& states) {
        const Args& g = place.g;
        PermuteEntry most{{~0U, ~0U, ~0U, ~0U}};
        if (g.other_bits) most = g.other_bits[size_t{place.group} * g.other_tiles + place.other_tile];
        bool unfinished = false;
        for (unsigned i = 0; i < kThreadLanes; ++i) {
            const uint32_t lane = place.lane(t, i);
            if (lane >= g.lanes) continue;
            const uint32_t bits = g.lane_bits ? g.lane_bits[lane] * 0x10001U : ~0U;
            PermuteEntry wanted = most;
            for (uint32_t& word : wanted.words) word &= bits;
            unfinished |= !Reduction::is_full(states.lanes[i], wanted);
        }
        return unfinished;
    }
    CONCRETE_DEVICE static bool all_finished(const uint32_t* unfinished) {
        uint32_t left = 0;
        for (unsigned warp = 0; warp < kWarps; ++warp) left |= unfinished[warp];
        return left == 0;
    }

    /// Results go through shared memory, so that a loop stores them and not kLanes / kThreads * 8 copies of it.
    CONCRETE_DEVICE static void keep_results(const States& states, ThreadIndex t, uint32_t* results) {
        for (unsigned i = 0; i < kThreadLanes; ++i)
            for (unsigned other = 0; other < kEntryOthers; ++other)
                results[other * kLanes + tile_lane(t, i)] = Reduction::result(states.lanes[i], other);
    }
    CONCRETE_DEVICE static void store_results(const Place& place, ThreadIndex t, const uint32_t* results) {
        const Args& g = place.g;
        const uint32_t step = g.splits > 1 ? 1 : g.planes;
        for (uint32_t i = t.index; i < kLanes * kEntryOthers / step; i += kThreads) {
            // Neighboring threads store neighboring outputs: of parts and columns, lanes.
            const bool by_lane = g.lanes_are_columns || g.splits > 1;
            const uint32_t at = by_lane ? i % kLanes : i * step / kEntryOthers;
            const uint32_t tile_other = by_lane ? i / kLanes * step : i * step % kEntryOthers;
            const uint32_t lane = place.first_lane + at, other = place.other_tile * kEntryOthers + tile_other;
            if (lane >= g.lanes || other >= g.others * g.planes) continue;
            const uint32_t low = results[tile_other * kLanes + at];
            if (g.splits > 1) {
                g.parts[g.part(place.split, place.group, other, lane)] = low;
                continue;
            }
            const uint32_t high = g.planes == 2 ? results[(tile_other + 1) * kLanes + at] : 0;
            g.template store<Reduction>(place.group, other / g.planes, lane, low, high);
        }
    }
};

/// Puts the parts of split outputs together. Grid: x over groups * others * lanes. No shared memory.
template <typename Reduction>
struct MergePartsProgram {
    using Args = PermuteArgs;
    static constexpr unsigned kThreads = 256;

    template <typename Block>
    CONCRETE_DEVICE static void run(Block& block, const Args& g) {
        block.for_each_thread([&](ThreadIndex t) {
            const size_t index = size_t{block.x()} * kThreads + t.index;
            if (index >= size_t{g.shape.groups} * g.others * g.lanes) return;
            const auto lane = static_cast<uint32_t>(index % g.lanes);
            const auto other = static_cast<uint32_t>(index / g.lanes % g.others);
            const auto group = static_cast<uint32_t>(index / g.lanes / g.others);
            uint64_t totals[2] = {0, 0};
            for (uint32_t split = 0; split < g.splits; ++split) {
                for (uint32_t plane = 0; plane < g.planes; ++plane) {
                    const uint32_t part = g.parts[g.part(split, group, other * g.planes + plane, lane)];
                    totals[plane] = Reduction::merge(totals[plane], part);
                }
            }
            g.template store<Reduction>(group, other, lane, totals[0], totals[1]);
        });
    }
};

}  // namespace concrete::cuda

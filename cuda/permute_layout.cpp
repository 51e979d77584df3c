#include "cuda/permute_layout.h"

#include <algorithm>

namespace concrete::cuda {

PermuteTable PermuteTable::of_sums(const sim::SumTable& table) {
    const int32_t lowest = *std::ranges::min_element(table.values);
    PermuteTable result{Reduction::sums, table.lanes, table.others, {}, lowest};
    for (const int32_t value : table.values)
        result.entries.push_back(static_cast<uint32_t>(int64_t{value} - int64_t{lowest}));
    return result;
}

uint32_t PermuteTable::planes() const {
    return std::ranges::all_of(entries, [](uint32_t entry) { return entry >> 16 == 0; }) ? 1 : 2;
}

PermuteLayout::PermuteLayout(const ProductSetup& setup, const PermuteTable& table)
    : shape_(setup.shape),
      table_(table),
      weights_(setup.task.w),
      lowest_weight_(setup.task.products->w_range().lowest),
      tap_words_(ceil_div(shape_.group_inputs(), kStageDepth)),
      stages_(shape_.taps() * tap_words_),
      planes_(table.planes()),
      other_tiles_(ceil_div<size_t>(shape_.group_outputs() * planes_, kEntryOthers)) {}

/// Calls body(column, k of PermuteArgs, position) for all weights there are.
template <typename Body>
void PermuteLayout::for_each_weight(const Body& body) const {
    const int32_t* weight = weights_;
    for (size_t column = 0; column < shape_.out_channels; ++column) {
        for (size_t channel = 0; channel < shape_.group_inputs(); ++channel) {
            for (size_t tap = 0; tap < shape_.taps(); ++tap, ++weight) {
                const size_t k = tap * tap_words_ * kStageDepth + channel;
                body(column, k, static_cast<uint64_t>(*weight - lowest_weight_));
            }
        }
    }
}

std::vector<uint16_t> PermuteLayout::table_rows(bool transposed) const {
    const size_t lanes = transposed ? table_.w : table_.a, others = transposed ? table_.a : table_.w;
    std::vector<uint16_t> rows(planes_ * others * kRowEntries);
    for (size_t plane = 0; plane < planes_; ++plane) {
        for (size_t other = 0; other < others; ++other) {
            for (size_t lane = 0; lane < lanes; ++lane) {
                const size_t at = transposed ? other * table_.w + lane : lane * table_.w + other;
                rows[(plane * others + other) * kRowEntries + lane] =
                    static_cast<uint16_t>(table_.entries[at] >> (16 * plane));
            }
        }
    }
    return rows;
}

std::vector<uint64_t> PermuteLayout::other_codes() const {
    const size_t group_k = stages_ * kStageDepth, outputs = shape_.group_outputs();
    std::vector<uint64_t> codes(shape_.groups * group_k * other_tiles_);
    for_each_weight([&](size_t column, size_t k, uint64_t position) {
        const size_t row = (column / outputs * group_k + k) * other_tiles_;
        for (size_t plane = 0; plane < planes_; ++plane) {
            const size_t other = column % outputs * planes_ + plane;
            codes[row + other / kEntryOthers] |= position << (8 * (other % kEntryOthers));
        }
    });
    return codes;
}

std::vector<PermuteEntry> PermuteLayout::other_bits() const {
    const std::vector<uint16_t> columns = lane_bits();
    std::vector<PermuteEntry> bits(shape_.groups * other_tiles_);
    for (size_t column = 0; column < columns.size(); ++column) {
        const size_t group = column / shape_.group_outputs(), other = column % shape_.group_outputs();
        bits[group * other_tiles_ + other / kEntryOthers].words[other % kEntryOthers / 2] |= uint32_t{columns[column]}
                                                                                             << (16 * (other % 2));
    }
    return bits;
}

std::vector<uint32_t> PermuteLayout::lane_words() const {
    std::vector<uint32_t> words(stages_ * shape_.out_channels);
    for_each_weight([&](size_t column, size_t k, uint64_t position) {
        words[k / kStageDepth * shape_.out_channels + column] |= static_cast<uint32_t>(position)
                                                                 << (8 * (k % kStageDepth));
    });
    return words;
}

std::vector<uint16_t> PermuteLayout::lane_bits() const {
    // What some activation can set, for each weight position.
    std::vector<uint16_t> of_positions(table_.w), bits(shape_.out_channels);
    const auto add = [](uint16_t& all, uint32_t more) { all = static_cast<uint16_t>(all | more); };
    for (size_t i = 0; i < table_.entries.size(); ++i) add(of_positions[i % table_.w], table_.entries[i]);
    for_each_weight([&](size_t column, size_t, uint64_t position) { add(bits[column], of_positions[position]); });
    return bits;
}

}  // namespace concrete::cuda

#include "cuda/permute_rows.h"

#include <algorithm>
#include <fmt/format.h>

#include "cuda/launch.h"
#include "cuda/permute_tiles.h"

namespace concrete::cuda {
namespace {

using Reduction = PermuteTable::Reduction;

constexpr uint32_t kEachByte = 0x01010101;

size_t tiles_of(size_t others, size_t planes) {
    return ceil_div<size_t>(others * planes, kEntryOthers);
}

template <typename Reduction, template <typename> typename Tile>
void launch_tile(Stream& stream, const std::string& what, const PermuteArgs& args) {
    using Program = Tile<Reduction>;
    const Launch shape{ceil_div(args.lanes, Program::kLanes), args.other_tiles, args.shape.groups * args.splits,
                       Program::shared_bytes()};
    launch<Program>(stream, what, shape, args);
}

template <typename Reduction>
void launch_reduction(Stream& stream, const std::string& what, const PermuteArgs& args, bool is_large) {
    if (is_large) {
        launch_tile<Reduction, LargePermute>(stream, what, args);
    } else {
        launch_tile<Reduction, SmallPermute>(stream, what, args);
    }
    if (args.splits == 1) return;
    using Merge = MergePartsProgram<Reduction>;
    const size_t outputs = size_t{args.shape.groups} * args.others * args.lanes;
    launch<Merge>(stream, what, {static_cast<unsigned>(ceil_div<size_t>(outputs, Merge::kThreads))}, args);
}

}  // namespace

PermuteCut permute_cut(const DeviceLimits& limits, size_t lanes, size_t tiles, size_t stages) {
    // Blocks that a multiprocessor holds, and two rounds of them; fewer stages are not worth the merging.
    constexpr size_t kLargeBlocks = 1, kSmallBlocks = 3, kRounds = 2, kLeastStages = 16;
    using Large = LargePermute<SumReduction>;
    using Small = SmallPermute<SumReduction>;
    const auto multiprocessors = static_cast<size_t>(limits.multiprocessors);
    const size_t least = ceil_div<size_t>(stages * kStageDepth, SumReduction::kMostSummed);
    const size_t most = std::max(least, stages / kLeastStages);
    const size_t large_blocks = ceil_div<size_t>(lanes, Large::kLanes) * tiles;
    const bool is_large = limits.shared_bytes >= Large::shared_bytes() && lanes >= Large::kLanes / 2 &&
                          large_blocks * most >= multiprocessors;
    const size_t blocks = is_large ? large_blocks : ceil_div<size_t>(lanes, Small::kLanes) * tiles;
    const size_t wanted = kRounds * multiprocessors * (is_large ? kLargeBlocks : kSmallBlocks);
    return {is_large, static_cast<uint32_t>(std::clamp(ceil_div(wanted, blocks), least, most))};
}

PermuteRows::PermuteRows(const ProductSetup& setup, const PermuteTable& table, std::optional<PermuteCut> cut)
    : limits_(setup.executor.limits()),
      cut_(cut),
      shape_(setup.shape),
      offset_(static_cast<uint32_t>(setup.task.positions.codes.lowest - setup.format.lowest)),
      padding_position_(setup.task.positions.skips
                            ? setup.task.positions.skip_position()
                            : static_cast<uint8_t>(setup.padding_code - setup.task.positions.codes.lowest)),
      tap_words_(ceil_div(shape_.group_inputs(), kStageDepth)),
      planes_(table.planes()),
      reduction_(table.reduction),
      sum_offset_(table.offset * static_cast<int64_t>(shape_.k())) {
    Executor& executor = setup.executor;
    const PermuteLayout layout(setup, table);
    const bool has_bits = reduction_ != Reduction::sums;
    rows_as_lanes_.table = {executor, layout.table_rows(false)};
    rows_as_lanes_.other_codes = {executor, layout.other_codes()};
    if (has_bits) rows_as_lanes_.other_bits = {executor, layout.other_bits()};
    if (!columns_are_lanes(1)) return;  // nor in larger batches
    Side& columns = columns_as_lanes_.emplace();
    columns.table = {executor, layout.table_rows(true)};
    columns.lane_words = {executor, layout.lane_words()};
    if (has_bits) columns.lane_bits = {executor, layout.lane_bits()};
}

bool PermuteRows::columns_are_lanes(size_t images) const {
    if (shape_.groups > 1) return false;
    const auto blocks = [&](size_t lanes, size_t others) {
        return ceil_div<size_t>(lanes, SmallPermute<SumReduction>::kLanes) * tiles_of(others, planes_);
    };
    // A good deal less, since rows have to be packed then.
    return 3 * blocks(shape_.out_channels, rows(images)) < 2 * blocks(rows(images), shape_.out_channels);
}

PermuteArgs PermuteRows::make_args(size_t images, Scratch& scratch, PermutePackArgs& pack) const {
    PermuteArgs args;
    args.lanes_are_columns = columns_as_lanes_ && columns_are_lanes(images);
    args.shape = shape_;
    args.by_pixels = Divisor(shape_.pixels());
    args.by_out_w = Divisor(shape_.out_w);
    args.by_kernel_w = Divisor(shape_.kernel[1]);
    args.tap_words = tap_words_;
    args.planes = planes_;
    args.sum_offset = sum_offset_;
    pack.shape = shape_;
    pack.tap_words = tap_words_;
    pack.planes = planes_;
    pack.offset = offset_;
    pack.padding_position = padding_position_;
    pack.in.images = static_cast<uint32_t>(images);
    if (args.lanes_are_columns) {
        set_columns_as_lanes(images, scratch, args, pack);
    } else {
        set_rows_as_lanes(images, scratch, args, pack);
    }
    args.other_tiles = static_cast<uint32_t>(tiles_of(args.others, planes_));
    args.split_stages = static_cast<uint32_t>(ceil_div<size_t>(stages(), cut(args).splits));
    args.splits = ceil_div(static_cast<uint32_t>(stages()), args.split_stages);  // none is empty
    const size_t outputs = rows(images) * shape_.out_channels;
    if (args.splits > 1) args.parts = scratch.take<uint32_t>(args.splits * outputs * planes_);
    return args;
}

void PermuteRows::set_rows_as_lanes(size_t images, Scratch& scratch, PermuteArgs& args, PermutePackArgs& pack) const {
    const Side& side = rows_as_lanes_;
    args.lanes = static_cast<uint32_t>(rows(images));
    args.others = shape_.group_outputs();
    args.other_codes = side.other_codes.data();
    args.other_bits = side.other_bits.data();
    args.lane_words = pack.words = scratch.take<uint32_t>(pack.word_count());
    args.word_step = shape_.in_h * shape_.in_w;
    args.padding_word = padding_position_ * kEachByte;
    set_table(side, args);
}

void PermuteRows::set_columns_as_lanes(size_t images, Scratch& scratch, PermuteArgs& args,
                                       PermutePackArgs& pack) const {
    const Side& side = *columns_as_lanes_;
    args.lanes = shape_.out_channels;
    args.others = static_cast<uint32_t>(rows(images));
    args.lane_words = side.lane_words.data();
    args.word_step = args.lanes;
    args.lane_bits = side.lane_bits.data();
    pack.row_tiles = static_cast<uint32_t>(tiles_of(args.others, planes_));
    args.other_codes = pack.codes = scratch.take<uint64_t>(pack.code_count());
    set_table(side, args);
}

void PermuteRows::set_table(const Side& side, PermuteArgs& args) const {
    args.table = side.table.data();
    args.plane_entries = planes_ == 1 ? 0 : static_cast<uint32_t>(side.table.size() / 2);
}

PermuteCut PermuteRows::cut(const PermuteArgs& args) const {
    if (cut_) return *cut_;
    return permute_cut(limits_, args.lanes, size_t{args.other_tiles} * shape_.groups, stages());
}

size_t PermuteRows::scratch_bytes(size_t images) const {
    Scratch scratch;
    PermutePackArgs pack;
    make_args(images, scratch, pack);
    return scratch.bytes();
}

void PermuteRows::sum(Stream& stream, const CodeMap& in, const Finish& finish, void* memory) const {
    Scratch scratch(memory);
    PermutePackArgs pack;
    PermuteArgs args = make_args(in.images, scratch, pack);
    args.finish = finish;
    run(stream, args, pack, in);
}

void PermuteRows::reduce(Stream& stream, const CodeMap& in, uint16_t* ors, uint16_t* pairs, void* memory) const {
    Scratch scratch(memory);
    PermutePackArgs pack;
    PermuteArgs args = make_args(in.images, scratch, pack);
    args.ors = ors;
    args.pairs = pairs;
    run(stream, args, pack, in);
}

void PermuteRows::run(Stream& stream, const PermuteArgs& args, PermutePackArgs pack, const CodeMap& in) const {
    const std::string what = fmt::format("permute [{}, {}] x {}", rows(in.images), shape_.k(), shape_.out_channels);
    pack.in = in;
    if (pack.codes) {
        using Program = PackRowsProgram;
        const auto blocks = static_cast<unsigned>(ceil_div<size_t>(pack.code_count(), Program::kThreads));
        launch<Program>(stream, what, {blocks}, pack);
    } else {
        const unsigned tiles = ceil_div(shape_.in_h * shape_.in_w, kWarpThreads);
        const Launch shape{in.images * shape_.groups * tiles, ceil_div(tap_words_, PackWordsProgram::kWords)};
        launch<PackWordsProgram>(stream, what, shape, pack);
    }
    const bool is_large = cut(args).is_large;
    switch (reduction_) {
        case Reduction::sums:
            return launch_reduction<SumReduction>(stream, what, args, is_large);
        case Reduction::ors:
            return launch_reduction<OrReduction>(stream, what, args, is_large);
        case Reduction::ors_and_pairs:
            return launch_reduction<PairReduction>(stream, what, args, is_large);
    }
}

}  // namespace concrete::cuda

#include "cuda/permute_depthwise.h"

#include <fmt/format.h>

#include "cuda/device_array.h"
#include "cuda/launch.h"
#include "cuda/permute_depthwise_block.h"

namespace concrete::cuda {
namespace {

/// DepthwiseArgs::rows.
std::vector<uint32_t> depthwise_rows(const ProductSetup& setup, const PermuteTable& table) {
    const size_t channels = setup.shape.out_channels, taps = setup.shape.taps();
    const int64_t lowest = setup.task.products->w_range().lowest;
    std::vector<uint32_t> rows(ceil_div<size_t>(channels, DepthwiseProgram::kChannels) * taps *
                               DepthwiseProgram::kTapWords);
    for (size_t channel = 0; channel < channels; ++channel) {
        const size_t tile = channel / DepthwiseProgram::kChannels, lane = channel % kWarpThreads;
        const size_t half = channel % DepthwiseProgram::kChannels / kWarpThreads;
        for (size_t tap = 0; tap < taps; ++tap) {
            const auto w = static_cast<size_t>(setup.task.w[channel * taps + tap] - lowest);
            uint32_t* const row = rows.data() + (tile * taps + tap) * DepthwiseProgram::kTapWords + lane;
            for (size_t a = 0; a < table.a; ++a) row[a * kWarpThreads] |= table.entries[a * table.w + w] << (16 * half);
        }
    }
    return rows;
}

class Depthwise : public DeviceProduct {
  public:
    Depthwise(const ProductSetup& setup, const PermuteTable& table)
        : rows_(setup.executor, depthwise_rows(setup, table)) {
        const sim::CodePositions& positions = setup.task.positions;
        args_.shape = setup.shape;
        args_.by_pixels = Divisor(setup.shape.pixels());
        args_.by_out_w = Divisor(setup.shape.out_w);
        args_.offset = static_cast<uint32_t>(positions.codes.lowest - setup.format.lowest);
        args_.padding_position = positions.skips ? positions.skip_position()
                                                 : static_cast<uint8_t>(setup.padding_code - positions.codes.lowest);
        args_.rows = rows_.data();
        args_.sum_offset = table.offset * static_cast<int64_t>(setup.shape.taps());
    }

    sim::Engine engine() const override { return sim::Engine::permute; }
    size_t scratch_bytes(size_t) const override { return 0; }
    void run(Stream& stream, const CodeMap& in, const Finish& finish, void*) const override {
        DepthwiseArgs args = args_;
        args.in = in;
        args.finish = finish;
        const Launch shape{ceil_div(args.row_count(), DepthwiseProgram::kRows),
                           ceil_div(args.shape.out_channels, DepthwiseProgram::kChannels), 1,
                           DepthwiseProgram::shared_bytes()};
        launch<DepthwiseProgram>(stream,
                                 fmt::format("permute [{}, {}] x 1 of {} channels", args.row_count(), args.shape.taps(),
                                             args.shape.out_channels),
                                 shape, args);
    }

  private:
    DeviceArray<uint32_t> rows_;
    DepthwiseArgs args_;
};

}  // namespace

const size_t kDepthwiseSharedBytes = DepthwiseProgram::shared_bytes();

std::unique_ptr<DeviceProduct> make_depthwise(const ProductSetup& setup, const PermuteTable& table) {
    constexpr uint32_t kMostTaps = 1U << 16;  // whose entries a sum of 32 bits holds
    const ConvShape& shape = setup.shape;
    if (shape.group_inputs() != 1 || shape.group_outputs() != 1 || shape.taps() > kMostTaps) return nullptr;
    if (table.planes() != 1 || setup.format.bytes != 1) return nullptr;
    return std::make_unique<Depthwise>(setup, table);
}

}  // namespace concrete::cuda

#include "cuda/window_sums.h"

#include <fmt/format.h>

#include "cuda/launch.h"
#include "cuda/window_sums_block.h"

namespace concrete::cuda {

void WindowSums::run(Stream& stream, const CodeMap& in, int64_t* sums, int64_t* scratch) const {
    WindowSumsArgs args{in,      shape_, values_.data(), padding_value_, PixelSumsProgram::parts(shape_.group_inputs()),
                        scratch, sums};
    const auto blocks = [](size_t count, unsigned threads) {
        return Launch{static_cast<unsigned>(ceil_div<size_t>(count, threads))};
    };
    const std::string what =
        fmt::format("window sums of [{}, {}, {}, {}]", in.images, shape_.in_h, shape_.in_w, shape_.in_channels);
    Launch pixels = blocks(args.pixels() * shape_.groups, PixelSumsProgram::kThreads / args.parts);
    pixels.shared_bytes = PixelSumsProgram::kSharedBytes;
    launch<PixelSumsProgram>(stream, what, pixels, args);
    launch<WindowSumsProgram>(stream, what, blocks(args.rows() * shape_.groups, WindowSumsProgram::kThreads), args);
}

}  // namespace concrete::cuda

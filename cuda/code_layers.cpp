#include "cuda/code_layers.h"

#include <fmt/format.h>
#include <stdexcept>

#include "cuda/code_layers_block.h"
#include "cuda/launch.h"
#include "sim/dataset.h"

namespace concrete::cuda {
namespace {

constexpr unsigned kWidePack = 16;

bool can_be_wide(const CodeMap& map) {
    return map.format.bytes == 1 && map.channels % kWidePack == 0;
}

std::string shape_text(const char* what, const CodeMap& map) {
    return fmt::format("{} [{}, {}, {}, {}]", what, map.images, map.h, map.w, map.channels);
}

/// Args: out: the program's, a pack of which each thread makes.
template <typename Program>
void launch_packs(Stream& stream, const char* what, unsigned pack, const CodeMap& out,
                  const typename Program::Args& args) {
    const size_t blocks = ceil_div<size_t>(out.size() / pack, kCodeThreads);
    launch<Program>(stream, shape_text(what, out), {static_cast<unsigned>(blocks)}, args);
}

PoolArgs pool_args(const CodeMap& in, const sim::Window& window, const CodeMap& out) {
    PoolArgs args;
    args.in = in, args.out = out;
    for (size_t axis = 0; axis < 2; ++axis) {
        args.kernel[axis] = static_cast<uint32_t>(window.kernel[axis]);
        args.stride[axis] = static_cast<uint32_t>(window.stride[axis]);
        args.padding[axis] = static_cast<uint32_t>(window.padding[axis]);
    }
    return args;
}

template <bool kAverage>
void launch_pool(Stream& stream, const char* what, const PoolArgs& args) {
    if (can_be_wide(args.in) && can_be_wide(args.out)) {
        launch_packs<PoolProgram<kAverage, kWidePack>>(stream, what, kWidePack, args.out, args);
    } else {
        launch_packs<PoolProgram<kAverage, 1>>(stream, what, 1, args.out, args);
    }
}

}  // namespace

void code_relu(Stream& stream, const CodeMap& in, int64_t zero_point, const CodeMap& out) {
    const ReluArgs args{in, out, static_cast<int32_t>(zero_point)};
    if (can_be_wide(in) && can_be_wide(out)) {
        launch_packs<ReluProgram<kWidePack>>(stream, "ReLU", kWidePack, out, args);
    } else {
        launch_packs<ReluProgram<1>>(stream, "ReLU", 1, out, args);
    }
}

void code_max_pool(Stream& stream, const CodeMap& in, const sim::Window& window, const CodeMap& out) {
    launch_pool<false>(stream, "max pooling", pool_args(in, window, out));
}

void code_avg_pool(Stream& stream, const CodeMap& in, const sim::Window& window, int64_t zero_point,
                   const sim::Requantizer* by_area, const CodeMap& out) {
    PoolArgs args = pool_args(in, window, out);
    args.zero_point = static_cast<int32_t>(zero_point);
    args.by_area = by_area;
    launch_pool<true>(stream, "average pooling", args);
}

std::string code_add_problem(size_t addends) {
    if (addends <= AddArgs::kMost) return {};
    return fmt::format("add of {} tensors: at most {}", addends, AddArgs::kMost);
}

void code_add(Stream& stream, const std::vector<CodeAddend>& addends, int64_t zero_point, const sim::CodeRange& range,
              const CodeMap& out) {
    if (!code_add_problem(addends.size()).empty()) throw std::logic_error(code_add_problem(addends.size()));
    AddArgs args;
    bool wide = can_be_wide(out);
    for (const CodeAddend& addend : addends) {
        args.addends[args.count++] = {addend.in, static_cast<int32_t>(addend.zero_point), addend.to_sum};
        wide = wide && can_be_wide(addend.in);
    }
    args.out = out;
    args.zero_point = zero_point, args.lowest = range.lowest, args.highest = range.highest;
    if (wide) {
        launch_packs<AddProgram<kWidePack>>(stream, "addition", kWidePack, out, args);
    } else {
        launch_packs<AddProgram<1>>(stream, "addition", 1, out, args);
    }
}

void code_flatten(Stream& stream, const CodeMap& in, const CodeMap& out) {
    launch_packs<FlattenProgram>(stream, "flatten", 1, out, {in, out});
}

std::vector<int32_t> pixel_table(const std::vector<float>& mean, const std::vector<float>& std_dev,
                                 const sim::QuantSpec& spec, const sim::QuantParams& params,
                                 const sim::CodeRange& range) {
    constexpr size_t kSide = 16;  // of a picture with every value once
    sim::Dataset pictures{sim::Tensor<uint8_t>({1, mean.size(), kSide, kSide}), {0}};
    for (size_t i = 0; i < pictures.pixels.size(); ++i) pictures.pixels.data[i] = static_cast<uint8_t>(i);
    return sim::quantize_tensor(sim::normalize(pictures, 0, 1, mean, std_dev), spec, params, range).codes.data;
}

void codes_of_pixels(Stream& stream, const uint8_t* pixels, const int32_t* table, const CodeMap& out) {
    launch_packs<PixelsProgram>(stream, "codes of pixels", 1, out, {pixels, table, out});
}

}  // namespace concrete::cuda

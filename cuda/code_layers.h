#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cuda/code_map.h"
#include "cuda/executor.h"
#include "sim/network.h"
#include "sim/quantize.h"
#include "sim/requantize.h"

/// sim/code_layers.h on a device, bit for bit: what a network does with codes between its multiply-accumulate layers.
/// All enqueue, and throw DeviceError. Maps have the shapes that the layer says.
namespace concrete::cuda {

/// max(q, z).
void code_relu(Stream& stream, const CodeMap& in, int64_t zero_point, const CodeMap& out);

/// Largest code in each window; padding never wins.
void code_max_pool(Stream& stream, const CodeMap& in, const sim::Window& window, const CodeMap& out);

/// Mean of each window, padding not counted. Args: by_area: sim::average_requantizers(), in device memory.
void code_avg_pool(Stream& stream, const CodeMap& in, const sim::Window& window, int64_t zero_point,
                   const sim::Requantizer* by_area, const CodeMap& out);

/// One input of code_add(). Args: to_sum: sim::addend_requantizer().
struct CodeAddend {
    CodeMap in;
    int64_t zero_point = 0;
    sim::Requantizer to_sum;
};

/// Why so many inputs cannot be added ("add of 17 tensors: at most 16"); empty where they can.
std::string code_add_problem(size_t addends);

/// Residual addition of maps of one shape. Args: zero_point, range: of the output.
void code_add(Stream& stream, const std::vector<CodeAddend>& addends, int64_t zero_point, const sim::CodeRange& range,
              const CodeMap& out);

/// Features in the order (channel, row, column). Args: out: [images, 1, 1, features].
void code_flatten(Stream& stream, const CodeMap& in, const CodeMap& out);

/// Codes of the 256 values of a pixel, [channels][256]: those of sim::normalize() and sim::quantize_tensor(), which
/// make them. Args: mean, std_dev: of each channel.
std::vector<int32_t> pixel_table(const std::vector<float>& mean, const std::vector<float>& std_dev,
                                 const sim::QuantSpec& spec, const sim::QuantParams& params,
                                 const sim::CodeRange& range);

/// Codes of pictures. Args: pixels: [images][channels][h][w]; table: pixel_table(); both in device memory.
void codes_of_pixels(Stream& stream, const uint8_t* pixels, const int32_t* table, const CodeMap& out);

}  // namespace concrete::cuda

#include "cuda/code_transfer.h"

namespace concrete::cuda {
namespace {

/// Calls body(first, last) with the index of each element, channels first and channels last.
template <typename Body>
void each_element(size_t images, size_t channels, size_t pixels, const Body& body) {
    size_t first = 0;
    for (size_t image = 0; image < images; ++image) {
        for (size_t channel = 0; channel < channels; ++channel) {
            for (size_t pixel = 0; pixel < pixels; ++pixel)
                body(first++, (image * pixels + pixel) * channels + channel);
        }
    }
}

}  // namespace

std::vector<uint8_t> packed_codes(const sim::Tensor<int32_t>& codes, const CodeMap& map) {
    std::vector<uint8_t> bytes(map.bytes());
    CodeMap out = map;
    out.data = bytes.data();
    each_element(map.images, map.channels, size_t{map.h} * map.w,
                 [&](size_t first, size_t last) { out.store(last, codes.data[first]); });
    return bytes;
}

sim::Tensor<int32_t> unpacked_codes(const CodeMap& map) {
    sim::Tensor<int32_t> codes({map.images, map.channels, map.h, map.w});
    each_element(map.images, map.channels, size_t{map.h} * map.w,
                 [&](size_t first, size_t last) { codes.data[first] = static_cast<int32_t>(map.code(last)); });
    return codes;
}

sim::Tensor<int64_t> channels_first(const int64_t* values, const sim::Shape& shape) {
    sim::Tensor<int64_t> result(shape);
    each_element(shape[0], shape[1], shape[2] * shape[3],
                 [&](size_t first, size_t last) { result.data[first] = values[last]; });
    return result;
}

}  // namespace concrete::cuda

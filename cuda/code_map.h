#pragma once

#include <cstddef>
#include <cstdint>

#include "sim/host_device.h"
#include "sim/quantize.h"

namespace concrete::cuda {

/// How the codes of a tensor lie in device memory: as code - lowest, which is never negative, in one byte where there
/// are at most 256 codes, else in two.
struct CodeFormat {
    int64_t lowest = 0;
    uint32_t bytes = 1;  ///< of a code, 1 or 2
};
inline CodeFormat code_format(const sim::CodeRange& range) {
    constexpr size_t kByteCodes = 256;
    return {range.lowest, range.count() <= kByteCodes ? 1U : 2U};
}

/// Codes of a batch of pictures in device memory, [images][h][w][channels]: channels last, so that a window's codes of
/// one pixel lie together. Features are pictures of 1 x 1.
struct CodeMap {
    void* data = nullptr;
    CodeFormat format;
    uint32_t images = 0, h = 1, w = 1, channels = 1;

    CONCRETE_HOST_DEVICE size_t size() const { return size_t{images} * h * w * channels; }
    size_t bytes() const { return size() * format.bytes; }

    /// As stored: code - lowest.
    CONCRETE_HOST_DEVICE uint32_t stored(size_t index) const {
        return format.bytes == 1 ? static_cast<const uint8_t*>(data)[index] : static_cast<const uint16_t*>(data)[index];
    }
    CONCRETE_HOST_DEVICE int64_t code(size_t index) const { return stored(index) + format.lowest; }
    CONCRETE_HOST_DEVICE void store(size_t index, int64_t code) const {
        const auto value = static_cast<uint64_t>(code - format.lowest);
        if (format.bytes == 1) {
            static_cast<uint8_t*>(data)[index] = static_cast<uint8_t>(value);
        } else {
            static_cast<uint16_t*>(data)[index] = static_cast<uint16_t>(value);
        }
    }
};

}  // namespace concrete::cuda

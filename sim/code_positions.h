#pragma once

#include <cstddef>
#include <cstdint>

#include "sim/quantize.h"

namespace concrete::sim {

/// How activation codes become positions of a SumTable: code - codes.lowest; positions without a MAC (`padding: skip`,
/// kSkip in matrices) get the one behind the last code.
struct CodePositions {
    CodeRange codes;
    bool skips = false;

    size_t count() const { return codes.count() + (skips ? 1 : 0); }
    uint8_t skip_position() const { return static_cast<uint8_t>(codes.count()); }
};

}  // namespace concrete::sim

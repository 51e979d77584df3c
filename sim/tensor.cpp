#include "sim/tensor.h"

#include <fmt/ranges.h>

namespace concrete::sim {

std::string to_string(const Shape& shape) {
    return fmt::format("[{}]", fmt::join(shape, ", "));
}

}  // namespace concrete::sim

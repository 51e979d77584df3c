#pragma once

#include <bit>
#include <cstdint>

#include "sim/host_device.h"

namespace concrete::cuda {

/// Division by a number that is known before the launch, by a multiplication: a third of what GPUs need for one by any.
///
///     n / d = floor(n m / 2^(31 + s)),   s = ceil(log2(d)), m = floor(2^(31 + s) / d) + 1,   for n < 2^31
///
/// as m d exceeds 2^(31 + s) by at most d <= 2^s, and n times that is less than 2^(31 + s). Source: Granlund and
/// Montgomery, PLDI 1994.
class Divisor {
  public:
    Divisor() : Divisor(1) {}
    /// Args: divisor: 1 to 2^31.
    explicit Divisor(uint32_t divisor)
        : shift_(31 + static_cast<uint32_t>(std::bit_width(divisor - 1))),
          multiplier_(static_cast<uint32_t>((uint64_t{1} << shift_) / divisor + 1)),
          divisor_(divisor) {}

    CONCRETE_HOST_DEVICE uint32_t quotient(uint32_t n) const {
        return static_cast<uint32_t>(uint64_t{n} * multiplier_ >> shift_);
    }
    CONCRETE_HOST_DEVICE uint32_t remainder(uint32_t n) const { return n - quotient(n) * divisor_; }

  private:
    uint32_t shift_, multiplier_, divisor_;
};

}  // namespace concrete::cuda

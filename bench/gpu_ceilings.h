#pragma once

#include <array>
#include <string>

#include "bench/gpu_timing.h"

/// What a card does at most, measured: what the engines' rates are set against.
namespace concrete::bench {

enum class Ceiling {
    int8_product,        ///< MAC/s of a large s8 product of cuBLASLt
    fp32_product,        ///< the same in fp32, without TF32
    tf32_product,        ///< the same in TF32
    copy,                ///< bytes/s read and written, from device memory to device memory
    shared_lookups,      ///< 32-bit look-ups/s in shared memory, each lane in a bank of its own
    shared_lookups_any,  ///< the same at random places, so that lanes meet in banks
    logic,               ///< three-input logic instructions/s on 32 bits each (LOP3)
};
inline constexpr std::array kCeilings{Ceiling::int8_product, Ceiling::fp32_product,   Ceiling::tf32_product,
                                      Ceiling::copy,         Ceiling::shared_lookups, Ceiling::shared_lookups_any,
                                      Ceiling::logic};

/// "int8_product", ...
std::string to_string(Ceiling ceiling);

struct CeilingRate {
    double rate = 0;   ///< in `unit`
    std::string unit;  ///< "MAC/s", "bytes/s", "lookups/s", "nodes/s"
    GpuTiming timing;
};

/// Measures one. Args: budget: seconds. Throws: MissingError where cuBLASLt is missing or there is no GPU for it;
/// MismatchError if a kernel computed something else.
CeilingRate measure_ceiling(cuda::Executor& executor, Ceiling ceiling, double budget);

}  // namespace concrete::bench

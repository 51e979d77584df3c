#pragma once

#include <cstddef>
#include <cstdint>

#include "cuda/code_map.h"
#include "sim/host_device.h"
#include "sim/int128.h"
#include "sim/logic_accumulator.h"
#include "sim/requantize.h"

namespace concrete::cuda {

/// What becomes of the sums of a layer: acc_0, the correction of zero points, requantisation, and where the result is
/// stored. Pointers are to device memory. Rows and columns are those of cuda/conv_shape.h.
///
///     acc_K = logic.finish(acc_0, sum, ors, pairs)      or what engines that keep the order of k computed themselves
///     accumulator = acc_K - z_w * sum_k qa              modulo 2^W, or clamped once
///     code = requantise(accumulator)
struct Finish {
    sim::LogicAccumulator logic{sim::AccumulatorSpec()};
    int acc_bits = 32;
    sim::Overflow overflow = sim::Overflow::wrap;

    const int64_t* init = nullptr;  ///< acc_0, [init_period][columns]; row r starts from init[r % init_period]
    uint32_t init_period = 1;
    uint32_t columns = 1, groups = 1;

    const int64_t* w_zero_points = nullptr;  ///< [columns]; null where all are 0
    const int64_t* code_sums = nullptr;      ///< [rows][groups]: sum_k qa, skipped positions left out; as needed above

    const uint16_t *ors = nullptr, *pairs = nullptr;  ///< [rows][columns]: of low parts, where the logic reduces them

    const sim::Requantizer* requantizers = nullptr;  ///< [columns]; null where the layer puts out no codes
    CodeMap codes;                                   ///< of the output, where there are requantizers
    int64_t* accumulators = nullptr;                 ///< [rows][columns]; null where nobody wants them

    CONCRETE_HOST_DEVICE int64_t start(uint32_t row, uint32_t column) const {
        return init[size_t{init_period == 1 ? 0 : row % init_period} * columns + column];
    }

    /// The accumulator after the correction.
    CONCRETE_HOST_DEVICE int64_t corrected(uint32_t row, uint32_t column, int64_t accumulated) const {
        if (!w_zero_points || w_zero_points[column] == 0) return accumulated;
        const int64_t sum = code_sums[size_t{row} * groups + column / (columns / groups)];
        const Int128 exact = accumulated - static_cast<Int128>(w_zero_points[column]) * sum;
        if (overflow == sim::Overflow::wrap) return sim::decode(static_cast<uint64_t>(exact), acc_bits, true);
        const int64_t lowest = sim::lowest_accumulator(acc_bits), highest = sim::highest_accumulator(acc_bits);
        return exact < lowest ? lowest : exact > highest ? highest : static_cast<int64_t>(exact);
    }

    /// For engines that keep the order: acc_K.
    CONCRETE_HOST_DEVICE void store(uint32_t row, uint32_t column, int64_t accumulated) const {
        const int64_t accumulator = corrected(row, column, accumulated);
        const size_t at = size_t{row} * columns + column;
        if (accumulators) accumulators[at] = accumulator;
        if (requantizers) codes.store(at, sim::requantize(requantizers[column], accumulator));
    }

    /// For engines that sum tables: sum of logic.term(), right modulo 2^logic.sum_bits().
    CONCRETE_HOST_DEVICE void store_sum(uint32_t row, uint32_t column, int64_t sum) const {
        const size_t at = size_t{row} * columns + column;
        store(row, column, logic.finish(start(row, column), sum, ors ? ors[at] : 0, pairs ? pairs[at] : 0));
    }
};

}  // namespace concrete::cuda

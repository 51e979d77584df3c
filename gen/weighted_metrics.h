#pragma once

#include <cstdint>
#include <string>

#include "gen/cost.h"
#include "sim/operand_distribution.h"
#include "sim/operator.h"

namespace concrete::gen {

/// Error figures of a multiplier on the operands that a run fed it: means weigh each pair by its count, worst cases are
/// over the pairs that occur, and nmed divides by the largest |exact| of all operand pairs, as under uniform operands.
struct WeightedMetrics {
    sim::Metrics metrics;
    sim::Confidence confidence;  ///< of a sample, else 0
    bool sampled = false;        ///< drawn, a and b independently, because only their marginals were recorded
    uint64_t pairs = 0;          ///< different pairs that occur, or drawn
    uint64_t seed = 0;           ///< of the sample
};

/// Throws: InputError if the operator is no multiplier, or has other widths or signs than the recorded ports. Args:
/// where: what the counts are ("layer 'conv2' of d.h5").
void check_ports_fit(const sim::Operator& op, const sim::OperandCounts& counts, const std::string& where);

/// By the operator's table, else its netlist, else its closed form. Requires: check_ports_fit().
/// Throws: InputError if it has none of them.
WeightedMetrics weighted_metrics(const sim::Operator& op, const sim::OperandCounts& counts, uint64_t seed = 1);

/// Draws recorded pairs (a and b independently where only the marginals are there), for the netlist of a multiplier
/// with the recorded ports. Consecutive pairs are independent, which those of a run are not.
DrawInputs draw_recorded(const sim::OperandCounts& counts);

}  // namespace concrete::gen

#pragma once

#include <cstdint>
#include <functional>

#include "sim/isa.h"
#include "sim/operator.h"

namespace concrete::gen {

/// Which operand pairs the error figures of an operator are taken over.
struct MetricsSpec {
    int exhaustive_bits = 32;  ///< all pairs up to so many input bits, at most 32
    /// Beyond, so many random pairs, at least 2. In the block k of 65,536 pairs, each is drawn from sim::Random(seed,
    /// k): a_raw = bits() >> (64 - a_bits), then b_raw likewise.
    uint64_t samples = uint64_t{1} << 24;
    uint64_t seed = 1;
};

/// Error figures taken on an operator's netlist.
struct NetlistMetrics {
    sim::Metrics metrics;
    sim::Confidence confidence;  ///< 0 if exhaustive
    bool exhaustive = false;
    uint64_t pairs = 0;  ///< all of them, or the size of the sample

    bool operator==(const NetlistMetrics&) const = default;
};

/// Pairs done and in total; called from the calling thread.
using MetricsProgress = std::function<void(uint64_t done, uint64_t total)>;

/// Takes the error figures of a multiplier or adder from its netlist, which is evaluated on 4096 pairs at a time. The
/// figures over all pairs are those of table_metrics(), bit for bit; they depend on neither threads nor instruction
/// set.
///
/// A sample's figures are means over the random pairs alone, with 95 % confidence intervals. Its worst cases, and
/// the largest exact result that NMED divides by, count the corner pairs as well: both operands run through 2^i, 2^i -
/// 1 and the complements of these. Throws: InputError if there is no netlist, if its pins are not those of the ports,
/// or for a MAC unit; RangeError for exhaustive_bits outside 0 to 32 or fewer than 2 samples.
NetlistMetrics netlist_metrics(const sim::Operator& op, const MetricsSpec& spec, int threads,
                               const MetricsProgress& progress = {}, sim::Isa isa = sim::default_isa());

namespace detail {

/// Whether the vectorized kernel takes the operator (at least 9 and at most 32 input bits, errors below 2^32 in size);
/// others are added pair by pair.
bool takes_figure_kernel(const sim::Operator& op);

}  // namespace detail
}  // namespace concrete::gen

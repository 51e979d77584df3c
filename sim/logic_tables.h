#pragma once

#include "sim/logic_accumulator.h"
#include "sim/or_sums.h"
#include "sim/table_sums.h"

namespace concrete::sim {

/// The tables over which an accumulator without order sums and reduces. Args: products: by position, in product LSBs.

/// LogicAccumulator::term() of every product: what an engine of TableSums sums.
SumTable term_table(const LogicAccumulator& logic, const SumTable& products);

/// LogicAccumulator::low() of every product: what OrSums reduces. Requires: at most 16 low bits.
LowPartTable low_table(const LogicAccumulator& logic, const SumTable& products);

}  // namespace concrete::sim

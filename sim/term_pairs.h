#pragma once

#include <optional>
#include <utility>

#include "sim/decomposition.h"

namespace concrete::sim {

/// Two terms with the same sum as those given, whose operands are narrower: of all
///
///     v_1' = p v_1 + q v_2,   v_2' = r v_1 + t v_2      with   p t - q r = +-2^k,   |p|, |q|, |r|, |t| <= most_factor
///
/// and the u' that belong to them, with powers of two moved to the shifts, those of least cost. nullopt if none costs
/// less than the terms given. Requires: entries at most TermReduction::kMostEntry, those of `first` divided by
/// most_factor, and most_factor at most 100.
std::optional<std::pair<Decomposition::Term, Decomposition::Term>> narrower_pair(const Decomposition::Term& first,
                                                                                 const Decomposition::Term& second,
                                                                                 int most_factor);

}  // namespace concrete::sim

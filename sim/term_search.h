#pragma once

#include <cstddef>
#include <vector>

#include "sim/decomposition.h"

namespace concrete::sim {

/// Few terms of the same sum as those given, whose operands are narrow: each spans at most 255.
///
///     sum_t 2^shift_t u_t v_t
///
/// The search narrows each start as it is, in several ways and from random places near them. Only where none of these
/// fits, operands are split, which takes more terms. Its effort is bounded by counts and its seeds are fixed, so that
/// equal arguments give equal results. Of as many terms those are preferred whose shifts are all equal.
///
/// Args:
///     starts: lists of terms of one sum, at least one list; the first entry of every operand is 0.
///     most_terms: how many are of use.
/// Returns: the terms; where most_terms are not enough, what the search had reached, which does not fit.
std::vector<Decomposition::Term> narrow_terms(const std::vector<std::vector<Decomposition::Term>>& starts,
                                              size_t most_terms);

/// Moves powers of two from shifts to operands so that as few different shifts as possible remain, while operands span
/// at most 255. Returns: how many different shifts there are.
size_t unite_shifts(std::vector<Decomposition::Term>& terms);

}  // namespace concrete::sim

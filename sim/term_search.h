#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

#include "sim/decomposition.h"

namespace concrete::sim {

/// Makes terms to begin a search with; nullopt if it cannot.
using TermStart = std::function<std::optional<std::vector<Decomposition::Term>>()>;

/// Few terms of the same sum as those given, whose operands are narrow: each spans at most 255.
///
///     sum_t 2^shift_t u_t v_t
///
/// The search narrows each start as it is, in several ways and from random places near them. Only where none of these
/// fits, operands are split, which takes more terms. Its effort is bounded by counts and its seeds are fixed, so that
/// equal arguments give equal results. Of as many terms those are preferred whose shifts are all equal.
///
/// Args:
///     starts: all make terms of one sum, the first entry of every operand 0. Called once each, in order, when needed.
///     most_terms: how many are of use.
/// Returns: the terms; where most_terms are not enough, what the search had reached, which does not fit. nullopt if
/// none of the starts makes any.
std::optional<std::vector<Decomposition::Term>> narrow_terms(const std::vector<TermStart>& starts, size_t most_terms);

/// Moves powers of two from shifts to operands so that as few different shifts as possible remain, while operands span
/// at most 255. Returns: how many different shifts there are.
size_t unite_shifts(std::vector<Decomposition::Term>& terms);

}  // namespace concrete::sim

#pragma once

#include <cstdint>
#include <vector>

#include "cuda/decomposed_args.h"
#include "cuda/product.h"
#include "sim/byte_terms.h"

namespace concrete::cuda {

/// What DecomposedProgram reads, on the host: the layouts are those of DecomposedArgs.
struct DecomposedOperands {
    uint32_t chunks = 0, fragments = 0, terms = 0, last_shift = 0;
    uint32_t steps = 0, step_fragments = 0;  ///< of all passes; the most chunks times terms of a step
    uint8_t padding = 0;  ///< the stored code of padding, or the one that stands for skipped positions
    std::vector<DecomposedPass> passes;
    std::vector<uint32_t> tables;
    std::vector<EightBytes> weights;
    std::vector<DecomposedTap> taps;
    std::vector<uint32_t> column_sums;
    std::vector<int64_t> f;  ///< by stored code; empty where all are 0
};

/// Args: terms: of sim::summed_table(setup.task).
DecomposedOperands decomposed_operands(const ProductSetup& setup, const sim::ByteTerms& terms);

}  // namespace concrete::cuda

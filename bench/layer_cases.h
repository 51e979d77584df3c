#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "bench/layer_operators.h"
#include "bench/layer_shapes.h"
#include "sim/mac_layer.h"

/// What bench/layers.cpp times: a layer on an operator, with random codes, bound to an engine.
namespace concrete::bench {

/// Activation codes. Weights take all codes.
enum class Codes {
    all,  ///< all 256; an unsigned operator's operands are affine with zero points
    relu  ///< after ReLU, 0 to 127; an unsigned operator gets magnitudes (`sign_magnitude`)
};

/// "all" or "relu"
std::string to_string(Codes codes);

/// An accumulator of 32 bits, wrapping: exact (0), or lower-part-OR with so many OR-ed bits.
struct Accumulation {
    int or_bits = 0;
    /// "exact", "loa4", ...
    std::string name() const { return or_bits == 0 ? "exact" : "loa" + std::to_string(or_bits); }
};

/// Seed 1. Requires: an 8x8 multiplier.
sim::MacLayer make_layer(const LayerShape& shape, const OperatorPointer& op, Codes codes, Accumulation acc);

/// Random activation codes of a batch for a layer of make_layer(). Seed 2.
sim::Tensor<int32_t> make_codes(const sim::MacLayer& layer, size_t batch);

/// How a layer will be computed.
struct Binding {
    sim::Engine engine = sim::Engine::gather;
    size_t passes = 0;  ///< int8 products where the engine has such, else 0
};

/// Engines worth a try on an operator, to be compared with each other and with the choice.
std::vector<sim::Engine> engines_for(const sim::Operator& op, Accumulation acc);

/// Makes the layer ready for an engine, or for the one that would be chosen for so many pictures. Throws: InputError if
/// it cannot.
Binding bind_engine(sim::MacLayer& layer, size_t batch, std::optional<sim::Engine> engine);

}  // namespace concrete::bench

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "gen/synthesis.h"
#include "sim/netlist.h"
#include "sim/operator.h"
#include "sim/random.h"

namespace concrete::gen {

/// Draws inputs for 64 lanes: bit l of words[i] is input i of lane l.
using DrawInputs = std::function<void(sim::Random& random, std::span<uint64_t> words)>;

/// Every input pattern equally likely.
void draw_uniform(sim::Random& random, std::span<uint64_t> words);

/// The energy proxy of a netlist (docs/cost.md): the mean, over consecutive inputs drawn independently, of
///
///     sum over nodes of [the node's output differs] * (1 + fan-out of the node),
///
/// in toggles. Fan-out: nodes and outputs that read it. Zero delay: a node toggles at most once per input, so glitches
/// do not count; inputs are not nodes and do not count either. Counted bit-sliced on up to 2^17 inputs, fewer above
/// 2^14 nodes but at least 2^13: the relative standard error is below 1 % where nodes share the activity, as in
/// multipliers and adders (0.04 to 0.11 % measured). Results are the same on every machine.
/// Throws: InputError if the netlist is not in order.
double switching_energy(const sim::Netlist& netlist, const DrawInputs& draw, uint64_t seed = 1);

/// Nodes on the longest path from an input or constant to an output.
uint32_t netlist_depth(const sim::Netlist& netlist);

/// Nodes that reach an output.
uint32_t netlist_nodes(const sim::Netlist& netlist);

/// Cost of a netlist under uniform inputs. Args: gates: from synthesis of the same circuit (gen/synthesis.h).
sim::Cost netlist_cost(const sim::Netlist& netlist, double gates);

/// The exact multiplier or adder of the same widths and signs that an operator is compared with, without table and
/// figures: rtl/mul_s_exact.v, mul_u_exact.v or add_exact.v where one of them has these ports, else a few lines written
/// here (mixed signs, carry-out, y_lsb). y is the exact result without its y_lsb low bits, modulo 2^y_bits.
/// Throws: InputError for a MAC unit, or if rtl/ is not found.
sim::Operator exact_operator(const sim::Operator& op);

/// exact_operator(op) after synthesis.
struct ExactCircuit {
    Synthesis synthesis;
    sim::Cost cost;
};

/// Synthesized once a process for all operators of these ports, so that equal ports give the same object; threads may
/// ask at the same time. Throws: as exact_operator and synthesize (gen/synthesis.h).
std::shared_ptr<const ExactCircuit> exact_circuit(const sim::Operator& op);

/// Cost of the exact operator. Throws: as exact_circuit.
inline sim::Cost exact_cost(const sim::Operator& op) {
    return exact_circuit(op)->cost;
}

}  // namespace concrete::gen

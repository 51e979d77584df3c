#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "sim/accumulator.h"
#include "sim/mac_layer.h"
#include "sim/operator.h"

namespace concrete::verify {

/// Bits of the requantiser's codes in replays: the codes of signed and of unsigned 16 bits.
inline constexpr int kCodeBits = 17;

/// What the MACs of a layer run on: rtl/neuron.v with a multiplier and an adder bound into it.
///
///     a ──┐
///         ├─ multiplier ─┐
///     b ──┘              ├─ adder ─▶ acc ─▶ zero_point_correction ─▶ requantise ─▶ q
///                 acc ───┘
///
/// The multiplier is the operator's Verilog, inside rtl/sign_magnitude.v where asked for; the adder is the operator's
/// Verilog, rtl/add_exact.v or rtl/add_loa.v.
///
/// A MAC unit of the user's takes the place of multiplier, adder and accumulator (gen/mac_program.h drives it alone);
/// its last accumulator enters rtl/neuron.v as init, for correction and requantiser.
struct NeuronHardware {
    std::shared_ptr<const sim::Operator> multiplier;  ///< or the MAC unit
    bool sign_magnitude = false;
    sim::AccumulatorSpec acc;
    std::shared_ptr<const sim::Operator> adder;  ///< the operator file named as adder; none: rtl/ has the adder of acc

    /// Widths of the neuron's operand ports: one bit more than the multiplier's under sign_magnitude.
    int a_bits() const { return multiplier->a.bits + (sign_magnitude ? 1 : 0); }
    int b_bits() const { return multiplier->b.bits + (sign_magnitude ? 1 : 0); }

    bool is_mac_unit() const { return multiplier->kind == sim::OperatorKind::mac; }

    /// "booth8_m4-P8, loa 6, 24 bits, saturate"; of a MAC unit "my_mac, 24 bits"
    std::string label() const;
};

NeuronHardware hardware_of(const sim::MacLayer& layer);

/// The complete Verilog of a neuron, top `neuron`, parameters and macros set: equal hash (gen::sources_hash), equal
/// hardware. The multiplier's files stand below multiplier/, the adder's below adder/ (files of equal text once), those
/// of rtl_folder below concrete/, and concrete/bound.v, written here, names the operators' ports a, b, y. Includes are
/// named by their path from the root, so that the root is the only include folder a simulator needs.
/// Throws: InputError if a module is defined twice with different text, a define has two values, or an operator holds
/// no sources. For a MAC unit: the neuron without it, which is to be given no operands.
sim::Sources neuron_sources(const NeuronHardware& hardware, const std::filesystem::path& rtl_folder);

/// Where the Verilog of the MAC unit lies: the folder of the default catalogue.
std::filesystem::path rtl_folder();

}  // namespace concrete::verify

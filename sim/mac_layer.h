#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sim/accumulator.h"
#include "sim/config.h"
#include "sim/engine.h"
#include "sim/mac_geometry.h"
#include "sim/network.h"
#include "sim/product_model.h"
#include "sim/quantize.h"
#include "sim/requantize.h"
#include "sim/tensor.h"

namespace concrete::sim {

/// One convolution or fully connected layer as the hardware sees it. k runs over (input channel of the group, kernel
/// row, kernel column), the column fastest. After its fields are set, prepare() makes it ready to run.
struct MacLayer : MacGeometry {
    std::string name;
    size_t layer_index = 0;

    QuantSpec a_spec, w_spec;
    CodeRange a_range, w_range;
    CodeRange a_used;  ///< part of a_range that the input can carry: after a ReLU only codes from the zero point on
    QuantParams a_params;
    std::vector<QuantParams> w_params;  ///< [out_channels]
    std::vector<int32_t> w_codes;       ///< [out_channels][k]
    std::vector<int64_t> bias_codes;    ///< [out_channels]

    std::shared_ptr<const ProductModel> products;  ///< or the MAC unit
    AccumulatorSpec acc;
    std::shared_ptr<const Operator> adder;  ///< the operator file named as adder, also where acc has its closed form
    PaddingMode padding = PaddingMode::code;

    /// Of the output codes, one a channel; empty where the output is real (logits, or read by float layers only).
    std::vector<Requantizer> requantizers;

    PreparedProduct prepared;        ///< set by prepare(), like what follows
    std::vector<int32_t> w_columns;  ///< [groups][k][n], for engines that take matrices of codes
    std::vector<int64_t> initial;    ///< initial_accumulators()

    /// Padding positions included, unless they are skipped.
    size_t macs_per_image() const;
};

/// acc_0 of the equation below, fitted to the accumulator: [pixels][out_channels] where skipped padding makes positions
/// differ, else [out_channels].
std::vector<int64_t> initial_accumulators(const MacLayer& layer);

/// What the layer computes, for engines: its weights are borrowed.
ProductTask product_task(const MacLayer& layer);

/// Makes the layer ready to run on what was prepared for its product_task().
void prepare(MacLayer& layer, PreparedProduct prepared);
/// The same on an engine, by sim/engine.h. Throws: InputError with engine_problem().
void prepare(MacLayer& layer, Engine engine, SumMethod method = SumMethod::permute);

/// Accumulators of a whole layer for a batch, by the layer's engine, zero-point correction included:
///
///     acc_0 = bias - z_a * sum_k qw + K * z_a * z_w;   K MACs;   out = acc_K - z_w * sum_k qa
///
/// A MAC unit without init port starts from its clear value, and acc_0 is added at the end with the correction.
/// K and the sums include padding positions, which carry code z_a; `padding: skip` uses the position's own K and sums.
/// Throws: std::logic_error if the layer is not prepared, or for a code outside a_used that the engine has no position
/// for. Args: codes: [n, in_channels, in_h, in_w], within a_used. Returns: [n, out_channels, out_h, out_w] accumulator
/// codes. Source of the expansion: Jacob et al., CVPR 2018, eq. 7.
Tensor<int64_t> run_mac_layer(const MacLayer& layer, const Tensor<int32_t>& codes, int threads);

/// The operand stream of one output neuron: what the MAC unit of rtl/ is fed.
struct NeuronTrace {
    int64_t init = 0;           ///< acc_0, zero-point corrections included; clear_value for a MAC unit without init
    std::vector<int32_t> a, w;  ///< codes, MAC by MAC; skipped positions left out
    /// Added exactly after the last MAC: -z_w * sum qa, and acc_0 for a MAC unit without init.
    int64_t correction = 0;
};

/// Operand stream of output (channel, row, column) for input codes [in_channels, in_h, in_w] of one picture. Works out
/// coordinates and acc_0 in its own way, so that it checks run_mac_layer.
NeuronTrace trace_neuron(const MacLayer& layer, const int32_t* input_codes, size_t channel, size_t row, size_t column);

/// acc_K after the last MAC plus the correction: modulo 2^W (wrap), or clamped once (saturate).
int64_t apply_correction(const AccumulatorSpec& acc, int64_t accumulated, int64_t correction);

}  // namespace concrete::sim

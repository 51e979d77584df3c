#pragma once

#include <array>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>

#include "sim/isa.h"

namespace concrete::sim {

/// What the parts of the engines cost on a machine, in nanoseconds of one thread: the constants of the planner's cost
/// model (sim/planner.h). They decide which engine computes, never what it computes.
struct MachineRates {
    double gather_mac_ns = 0;       ///< gather, exact wrapping accumulator
    double gather_low_mac_ns = 0;   ///< gather, wrapping accumulator with an approximate lower part
    double gather_step_mac_ns = 0;  ///< gather, any other accumulator, step by step

    /// permute, by [byte planes - 1][at most 64, 128, 256 positions]: a MAC, and beside it each k and n of a tile
    std::array<std::array<double, 3>, 2> permute_mac_ns{}, permute_row_ns{};

    double product_mac_ns = 0;   ///< one int8 product, a MAC
    double expand_code_ns = 0;   ///< beside that for each code along the lanes, a product
    double tile_code_ns = 0;     ///< for each code along the lanes, once
    double output_ns = 0;        ///< beside that for each output
    double pack_code_ns = 0;     ///< permute and decomposed, rows along the lanes: for each code of a tile
    double store_output_ns = 0;  ///< and for each accumulator put to its place
    double unroll_code_ns = 0;   ///< gather and netlist in a layer: for each code of the unrolled activations

    double or_mac_ns = 0;     ///< OR of low parts, a MAC, on random codes
    double node_lane_ns = 0;  ///< one look-up node of a netlist, for one accumulator

    bool operator==(const MachineRates&) const = default;
};

/// Rates of this machine: read from cache_folder(), where they stand by processor, instruction set and version;
/// measured and kept there if they are missing, damaged, or `measure` is asked for. Once a process.
const MachineRates& machine_rates(bool measure = false);

namespace detail {

/// Writes and reads the file. Reading gives nothing where the file is missing, not of this machine or damaged.
void save_rates(const MachineRates& rates, const std::filesystem::path& path);
std::optional<MachineRates> load_rates(const std::filesystem::path& path);

}  // namespace detail
}  // namespace concrete::sim

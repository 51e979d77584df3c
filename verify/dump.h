#pragma once

#include <filesystem>
#include <span>

#include "verify/replay.h"

namespace concrete::verify {

/// Writes golden vectors of a run, and a Verilog-2005 test bench that replays them in any simulator. For each layer:
///
///     FOLDER/0_conv1/testbench.v    prints "PASS: ..." or "FAIL: ...", with the first ten differences
///     FOLDER/0_conv1/neurons.mem    a line a neuron: init, correction, requantiser, count of MACs, expected results
///     FOLDER/0_conv1/macs.mem       a line a MAC: b, a, expected accumulator
///     FOLDER/0_conv1/files.f        include folder and files for `iverilog -c files.f` (run in that folder)
///     FOLDER/0_conv1/defines.v      all macros, compiled before the other files
///     FOLDER/0_conv1/*/             all Verilog of the hardware: multiplier/, adder/, concrete/
///
/// What is expected is what the simulator computed, not what the Verilog answered.
/// The folder appears whole or not at all; what was there before stays as it is, whatever happens.
/// Args: rtl: folder of the MAC unit's Verilog. Returns the folders written.
/// Throws: InputError if the folder exists and is not empty, or cannot be written.
std::vector<std::filesystem::path> dump_vectors(std::span<const NeuronCase> cases, const std::filesystem::path& rtl,
                                                const std::filesystem::path& folder);

}  // namespace concrete::verify

#pragma once

#include <cstdint>
#include <string>

#include "sim/step_circuit.h"

namespace concrete::cuda {

/// Argument of the kernel that netlist_source() writes, word for word. Pointers are of the machine that runs it.
///
/// A *word* holds one bit of 32 lanes, bit l that of lane 32 w + l; kTileWords words of each bit stand side by side and
/// make a *tile*, so that the bits of a lane are a constant apart. A *column* is a weight column of one group, all
/// groups in turn.
struct NetlistSteps {
    const uint32_t* planes = nullptr;  ///< [groups][tiles][depth][lane_planes][kTileWords], see sim::StepCircuit
    const uint32_t* codes = nullptr;   ///< [columns][depth] weight codes, raw patterns
    uint32_t* acc = nullptr;           ///< [columns][tiles][acc_bits][kTileWords]: accumulators before, and after
    uint32_t depth = 0, words = 0;     ///< of the tiles' words, so many are computed
    uint32_t columns = 0, group_columns = 0;  ///< of all groups, of one; columns * words < 2^32 - kNetlistThreads
};
static_assert(sizeof(NetlistSteps) == 40 && sizeof(void*) == 8, "the kernel's text repeats these members");

/// Words of a tile: 32 bytes, the least that a GPU reads at a time.
inline constexpr uint32_t kTileWords = 8;

/// Threads of a block of the kernel; word 0 of column 0 is the first thread's, the next word the next one's.
inline constexpr uint32_t kNetlistThreads = 128;
inline constexpr char kNetlistKernel[] = "netlist_steps";

/// Blocks of a launch.
constexpr uint32_t netlist_blocks(const NetlistSteps& steps) {
    return (steps.columns * steps.words + kNetlistThreads - 1) / kNetlistThreads;
}

/// The MACs of a layer as the text of a CUDA kernel, void netlist_steps(NetlistSteps), for run-time compilation:
///
///     acc[lane, column] = step(acc[lane, column], planes[lane, k], codes[column, k])     k = 0, 1, ..., depth - 1
///
/// One thread owns the 32 accumulators of one word of one column and keeps them in registers through all k. Each node
/// of the circuit is one `lop3`, whose immediate operand has the order of sim::Netlist::Node::table; nodes stand in the
/// order of the circuit, which keeps few values live. No includes, no shared memory, no barrier. The same circuit gives
/// the same text, to the byte.
///
/// Args: circuit: of one step, with activations along the lanes and weights of at most 32 bits.
/// Throws: InputError for any other.
std::string netlist_source(const sim::StepCircuit& circuit);

/// The same kernel as C++ for a machine without GPU, with a C++ function for lop3 and an entry that runs one thread:
/// extern "C" void netlist_thread(const NetlistSteps* steps, unsigned block, unsigned thread). Only for tests.
std::string netlist_host_source(const sim::StepCircuit& circuit);

}  // namespace concrete::cuda

#include "cuda/netlist_source.h"

#include <fmt/format.h>
#include <iterator>

#include "sim/error.h"

namespace concrete::cuda {
namespace {

using sim::Netlist;
using sim::StepCircuit;
using Text = std::back_insert_iterator<std::string>;

constexpr char kDevicePrelude[] = R"(
#define NODE(y, f0, f1, f2, table) \
    unsigned y; \
    asm("lop3.b32 %0, %1, %2, %3, " #table ";" : "=r"(y) : "r"(f0), "r"(f1), "r"(f2));
)";

constexpr char kHostPrelude[] = R"(
#define __global__
#define __launch_bounds__(threads)
struct Index { unsigned x; };
static thread_local Index blockIdx, threadIdx;
static unsigned lop3(unsigned a, unsigned b, unsigned c, unsigned table) {
    unsigned result = 0;
    for (unsigned i = 0; i < 8; ++i)
        if (table >> i & 1) result |= (i & 4 ? a : ~a) & (i & 2 ? b : ~b) & (i & 1 ? c : ~c);
    return result;
}
#define NODE(y, f0, f1, f2, table) const unsigned y = lop3(f0, f1, f2, table);
)";

// A code's bit becomes 32 equal ones: the negative of 0 or 1.
constexpr char kKernelBegin[] = R"(
struct NetlistSteps {{
    const unsigned* planes;
    const unsigned* codes;
    unsigned* acc;
    unsigned depth, words, columns, group_columns;
}};

extern "C" __global__ void __launch_bounds__({threads}) {kernel}(const NetlistSteps s) {{
    const unsigned thread = blockIdx.x * {threads}u + threadIdx.x;
    const unsigned column = thread / s.words, word = thread % s.words;
    if (column >= s.columns) return;
    const unsigned long long tiles = (s.words + {tile_words}u - 1u) / {tile_words}u, depth = s.depth;
    const unsigned tile = word / {tile_words}u, place = word % {tile_words}u;
    const unsigned* planes = s.planes + (column / s.group_columns * tiles + tile) * depth * {step_words}u + place;
    const unsigned* codes = s.codes + column * depth;
    unsigned* acc = s.acc + (column * tiles + tile) * {acc_words}u + place;
)";

constexpr char kHostEntry[] = R"(
extern "C" void netlist_thread(const NetlistSteps* steps, unsigned block, unsigned thread) {
    blockIdx.x = block;
    threadIdx.x = thread;
    netlist_steps(*steps);
}
)";

/// What the text calls a signal: a3 and w3 are bit 3 of the codes, c3 of the accumulator, n3 is node 3.
std::string name_of(const StepCircuit& circuit, uint32_t signal) {
    const Netlist& netlist = circuit.netlist;
    if (signal == Netlist::kZero) return "0u";
    if (signal == Netlist::kOne) return "~0u";
    if (signal >= netlist.first_node()) return fmt::format("n{}", signal - netlist.first_node());
    const StepCircuit::Place place = circuit.inputs[signal - Netlist::kFirstInput];
    switch (place.from) {
        case StepCircuit::From::lane:
            return fmt::format("a{}", place.index);
        case StepCircuit::From::other:
            return fmt::format("w{}", place.index);
        case StepCircuit::From::accumulator:
            break;
    }
    return fmt::format("c{}", place.index);
}

/// One MAC: inputs, nodes, and outputs, all of them read before the first accumulator bit changes.
void write_step(const StepCircuit& circuit, Text to) {
    fmt::format_to(to, "        const unsigned code = codes[k];\n");
    for (uint32_t i = 0; i < circuit.lane_planes; ++i)
        fmt::format_to(to, "        const unsigned a{} = planes[{}];\n", i, i * kTileWords);
    for (uint32_t i = 0; i < circuit.other_bits; ++i)
        fmt::format_to(to, "        const unsigned w{0} = 0u - (code >> {0} & 1u);\n", i);
    for (size_t i = 0; i < circuit.netlist.nodes.size(); ++i) {
        const Netlist::Node& node = circuit.netlist.nodes[i];
        fmt::format_to(to, "        NODE(n{}, {}, {}, {}, {:#04x})\n", i, name_of(circuit, node.fanin[0]),
                       name_of(circuit, node.fanin[1]), name_of(circuit, node.fanin[2]), node.table);
    }
    for (uint32_t i = 0; i < circuit.acc_bits; ++i)
        fmt::format_to(to, "        const unsigned y{} = {};\n", i, name_of(circuit, circuit.netlist.outputs[i]));
    for (uint32_t i = 0; i < circuit.acc_bits; ++i) fmt::format_to(to, "        c{0} = y{0};\n", i);
}

std::string kernel_text(const StepCircuit& circuit) {
    if (circuit.steps != 1 || circuit.other_bits > 32) {
        throw InputError(fmt::format("netlist: a circuit of {} steps and weights of {} bits, expected 1 and at most 32",
                                     circuit.steps, circuit.other_bits));
    }
    std::string text;
    const Text to(text);
    fmt::format_to(to, kKernelBegin, fmt::arg("threads", kNetlistThreads), fmt::arg("kernel", kNetlistKernel),
                   fmt::arg("tile_words", kTileWords), fmt::arg("step_words", circuit.lane_planes * kTileWords),
                   fmt::arg("acc_words", circuit.acc_bits * kTileWords));
    for (uint32_t i = 0; i < circuit.acc_bits; ++i)
        fmt::format_to(to, "    unsigned c{} = acc[{}];\n", i, i * kTileWords);
    fmt::format_to(to, "    for (unsigned k = 0; k < s.depth; ++k) {{\n");
    write_step(circuit, to);
    fmt::format_to(to, "        planes += {};\n    }}\n", circuit.lane_planes * kTileWords);
    for (uint32_t i = 0; i < circuit.acc_bits; ++i) fmt::format_to(to, "    acc[{}] = c{};\n", i * kTileWords, i);
    return text + "}\n";
}

}  // namespace

std::string netlist_source(const StepCircuit& circuit) {
    return kDevicePrelude + kernel_text(circuit);
}

std::string netlist_host_source(const StepCircuit& circuit) {
    return kHostPrelude + kernel_text(circuit) + kHostEntry;
}

}  // namespace concrete::cuda

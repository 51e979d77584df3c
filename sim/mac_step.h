#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sim/accumulator.h"
#include "sim/netlist.h"
#include "sim/product_model.h"
#include "sim/quantize.h"

namespace concrete::sim {

/// Bits of a code in a circuit: as two's complement, or unsigned where a range has no negative code.
int code_bits(const CodeRange& range);

/// True unless the accumulator can only be cleared to a constant: a MAC unit without init port. It then starts from
/// MacInterface::clear_value, and acc_0 is added after the last MAC, modulo 2^W.
bool loads_init(const ProductModel& products);

/// What the accumulator starts from for acc_0 = init, and what is added to it after the last MAC.
struct AccumulatorStart {
    int64_t start = 0;
    int64_t added = 0;
};
AccumulatorStart accumulator_start(const ProductModel& products, int64_t init);

/// One MAC, the definition that engines are compared with: ADD(acc, MUL(a, w)), or the step of a MAC unit.
/// Args: acc: an accumulator code; a, w: codes within the ranges of products. Slow for operators without table.
int64_t mac_step(const ProductModel& products, const AccumulatorSpec& spec, int64_t acc, int64_t a, int64_t w);

/// Throws: InputError if products is a MAC unit whose accumulator is not the one described (width, wrapping, no adder
/// of its own).
void check_mac_unit(const ProductModel& products, const AccumulatorSpec& spec);

/// One MAC of a layer as a circuit, or some of them in a row. A modular accumulator takes the sum of their products,
/// which is the same number.
///
///     a ──▶ extend ─▶ |.| ─┐
///                          ├─ MUL ─▶ sign ─▶ << y_lsb ─▶ fit to W ─┐
///     w ──▶ extend ─▶ |.| ─┘                                       ├─ ADD ─▶ saturate ─▶ next
///                                                        acc ──────┘
///
/// Inputs: a_bits bits of the activation code, w_bits of the weight code, 1 where the MAC happens (only if steps may
/// skip), so for each step; then the W of the accumulator. Outputs: the W of the accumulator after the steps. Codes are
/// two's complement; where a range has no negative code, unsigned.
struct MacNetlist {
    Netlist netlist;
    int a_bits = 0, w_bits = 0, acc_bits = 0;
};

/// How many MACs of an accumulator a circuit does one after the other, and whether each can be left out.
struct MacSteps {
    uint32_t count = 1;
    bool may_skip = false;
};

/// Why there is no such circuit ("mul8: has no netlist"); nothing if there is one.
std::optional<std::string> mac_netlist_problem(const ProductModel& products, const AccumulatorSpec& spec);

/// Throws: InputError with mac_netlist_problem(); RangeError if steps make the circuit too large.
MacNetlist mac_netlist(const ProductModel& products, const AccumulatorSpec& spec, const MacSteps& steps = {});

}  // namespace concrete::sim

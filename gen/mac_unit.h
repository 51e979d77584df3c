#pragma once

#include "gen/elaborate.h"
#include "gen/generate.h"
#include "gen/mac_model.h"
#include "gen/operator_cache.h"

namespace concrete::gen {

/// Which port is which: those named in the request, else by their names (clk, clock, ck; clear, clr, rst, reset, load,
/// those with _n active low; enable, en, ce, valid; init, load_value, acc_in; acc, y, out, result or the only output; a
/// and b as for multipliers). Every input must have a role.
/// Throws: InputError naming all ports where the names leave doubt or a role that is needed (clock, clear) is not
/// taken.
MacPorts find_mac_ports(const Request& request, const Design& design);

/// Makes the operator of a clocked MAC unit: elaborate, synthesize, extract the next-state function, simplify it with
/// ABC, and compare it with the Verilated unit on random sequences of 2^20 products with all corners; where a, b and
/// the accumulator have at most 24 bits together and there is an init port, also on every combination of them.
///
/// Metrics are those of one step: error = step(acc, a, b) - (acc + a * b) modulo 2^W, in [-2^(W - 1), 2^(W - 1)), over
/// 2^20 seeded (acc, a, b), relative to a * b. Signedness of a and b, where the Verilog does not say it, is the reading
/// with clearly the smaller error.
/// Throws: InputError; SynthesisRefused; MissingError.
Generated make_mac_unit(const Request& request);

}  // namespace concrete::gen

#pragma once

namespace concrete::gen {

/// Verilog for Yosys' techmap: what `*`, `+`, `-` and comparisons become. An array of full adders with the AND gates of
/// the partial products, and carries that ripple: least nodes, where Yosys' own maps look for least depth. A product of
/// sign-extended operands (wires that repeat their top bit) becomes Baugh and Wooley's.
/// Source: Baugh and Wooley, IEEE Trans. Computers C-22(12), 1973.
const char* arithmetic_map();

}  // namespace concrete::gen

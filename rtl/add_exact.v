// add_exact: exact two's-complement adder without carry-out, combinational.
//     y = (a + b) mod 2^W,   a, b, y in [-2^(W-1), 2^(W-1) - 1]
// Error: none modulo 2^W. The adder of an exact accumulator; mac_unit.v does the saturation.
module add_exact #(
    parameter W = 32  // 2 to 64
) (
    input wire signed [W-1:0] a,
    input wire signed [W-1:0] b,
    output wire signed [W-1:0] y
);
  assign y = a + b;
endmodule

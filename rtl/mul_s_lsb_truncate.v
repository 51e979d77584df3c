// mul_s_lsb_truncate: signed multiplier that ignores low operand bits, combinational, two's complement.
//     y = (a - a mod 2^A_DROP) * (b - b mod 2^B_DROP),   mod in [0, 2^DROP): negative operands are rounded down too
// a, b in [-2^(WIDTH-1), 2^(WIDTH-1) - 1];   y: 2 * WIDTH bits, never wraps. A drop of WIDTH or more leaves 0.
// Error of either sign. Bit-width compression of operands: a (WIDTH - A_DROP) x (WIDTH - B_DROP) multiplier
// does it.
// Source: operand truncation is textbook; for networks: "Concrete: a per-layer configurable framework for evaluating
// DNN with approximate operators", ICASSP 2019.
module mul_s_lsb_truncate #(
    parameter WIDTH = 8,   // of each operand, 4 to 16
    parameter A_DROP = 2,  // ignored bits of a
    parameter B_DROP = 2   // ignored bits of b
) (
    input wire signed [WIDTH-1:0] a,
    input wire signed [WIDTH-1:0] b,
    output wire signed [2*WIDTH-1:0] y
);
  localparam [WIDTH-1:0] ONES = ~{WIDTH{1'b0}};
  wire [WIDTH-1:0] a_kept = a & (ONES << A_DROP);
  wire [WIDTH-1:0] b_kept = b & (ONES << B_DROP);
  wire signed [2*WIDTH-1:0] a_wide = {{WIDTH{a_kept[WIDTH-1]}}, a_kept};
  wire signed [2*WIDTH-1:0] b_wide = {{WIDTH{b_kept[WIDTH-1]}}, b_kept};
  assign y = a_wide * b_wide;
endmodule

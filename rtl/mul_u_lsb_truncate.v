// mul_u_lsb_truncate: unsigned multiplier that ignores low operand bits, combinational.
//     y = (a - a mod 2^A_DROP) * (b - b mod 2^B_DROP)
// a, b in [0, 2^WIDTH - 1];   y: 2 * WIDTH bits, never wraps. A drop of WIDTH or more leaves 0.
// Error: y never exceeds a * b. Bit-width compression of operands: a (WIDTH - A_DROP) x (WIDTH - B_DROP) multiplier
// does it.
// Source: operand truncation is textbook; for networks: "Concrete: a per-layer configurable framework for evaluating
// DNN with approximate operators", ICASSP 2019.
module mul_u_lsb_truncate #(
    parameter WIDTH = 8,   // of each operand, 4 to 16
    parameter A_DROP = 2,  // ignored bits of a
    parameter B_DROP = 2   // ignored bits of b
) (
    input wire [WIDTH-1:0] a,
    input wire [WIDTH-1:0] b,
    output wire [2*WIDTH-1:0] y
);
  localparam [WIDTH-1:0] ONES = ~{WIDTH{1'b0}};
  wire [WIDTH-1:0] a_kept = a & (ONES << A_DROP);
  wire [WIDTH-1:0] b_kept = b & (ONES << B_DROP);
  wire [2*WIDTH-1:0] a_wide = {{WIDTH{1'b0}}, a_kept};
  wire [2*WIDTH-1:0] b_wide = {{WIDTH{1'b0}}, b_kept};
  assign y = a_wide * b_wide;
endmodule

// mul_s_exact: exact signed multiplier, combinational, two's complement.
//     y = a * b,   a in [-2^(A_BITS-1), 2^(A_BITS-1) - 1],   b likewise;   y: A_BITS + B_BITS bits, never wraps.
// Error: none. The reference that the approximate multipliers are measured against.
module mul_s_exact #(
    parameter A_BITS = 8,  // 2 to 16
    parameter B_BITS = 8   // 2 to 16
) (
    input wire signed [A_BITS-1:0] a,
    input wire signed [B_BITS-1:0] b,
    output wire signed [A_BITS+B_BITS-1:0] y
);
  wire signed [A_BITS+B_BITS-1:0] a_wide = {{B_BITS{a[A_BITS-1]}}, a};
  wire signed [A_BITS+B_BITS-1:0] b_wide = {{A_BITS{b[B_BITS-1]}}, b};
  assign y = a_wide * b_wide;
endmodule

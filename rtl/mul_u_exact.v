// mul_u_exact: exact unsigned multiplier, combinational.
//     y = a * b,   a in [0, 2^A_BITS - 1],   b in [0, 2^B_BITS - 1];   y: A_BITS + B_BITS bits, never wraps.
// Error: none. Signed data reach it through sign_magnitude.v or through affine zero points.
module mul_u_exact #(
    parameter A_BITS = 8,  // 2 to 16
    parameter B_BITS = 8   // 2 to 16
) (
    input wire [A_BITS-1:0] a,
    input wire [B_BITS-1:0] b,
    output wire [A_BITS+B_BITS-1:0] y
);
  wire [A_BITS+B_BITS-1:0] a_wide = {{B_BITS{1'b0}}, a};
  wire [A_BITS+B_BITS-1:0] b_wide = {{A_BITS{1'b0}}, b};
  assign y = a_wide * b_wide;
endmodule

// sign_magnitude: signed products from an unsigned multiplier, combinational.
//     y = MUL(|a|, |b|), negated if and only if exactly one of a, b is negative
// 0 counts as positive, and what MUL makes of a zero operand is negated like any other product.
// a in [-(2^A_BITS - 1), 2^A_BITS - 1], in A_BITS + 1 bits of two's complement; b likewise; y: Y_BITS + 1 bits.
// Error: that of the multiplier, mirrored into all four quadrants.
//
// The multiplier has ports a (A_BITS), b (B_BITS), y (Y_BITS; read as signed if Y_SIGNED = 1). It is the text macro
// CONCRETE_MAGNITUDE_MULTIPLIER, a module name with its parameters; without it, mul_u_exact.
`ifndef CONCRETE_MAGNITUDE_MULTIPLIER
`define CONCRETE_MAGNITUDE_MULTIPLIER mul_u_exact #(.A_BITS(A_BITS), .B_BITS(B_BITS))
`endif
module sign_magnitude #(
    parameter A_BITS = 8,  // of the multiplier's a
    parameter B_BITS = 8,
    parameter Y_BITS = A_BITS + B_BITS,
    parameter Y_SIGNED = 0
) (
    input wire signed [A_BITS:0] a,
    input wire signed [B_BITS:0] b,
    output wire signed [Y_BITS:0] y
);
  wire [A_BITS-1:0] a_magnitude = a[A_BITS] ? ~a[A_BITS-1:0] + {{(A_BITS - 1) {1'b0}}, 1'b1} : a[A_BITS-1:0];
  wire [B_BITS-1:0] b_magnitude = b[B_BITS] ? ~b[B_BITS-1:0] + {{(B_BITS - 1) {1'b0}}, 1'b1} : b[B_BITS-1:0];
  wire [Y_BITS-1:0] product;
  `CONCRETE_MAGNITUDE_MULTIPLIER multiplier (
      .a(a_magnitude),
      .b(b_magnitude),
      .y(product)
  );
  wire negate = a[A_BITS] ^ b[B_BITS];
  wire [Y_BITS:0] wide = {(Y_SIGNED != 0) & product[Y_BITS-1], product};
  assign y = negate ? ~wide + {{Y_BITS{1'b0}}, 1'b1} : wide;
endmodule

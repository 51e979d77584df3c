// mul_s_drum: signed multiplier on the K magnitude bits of each operand from its leading one on, combinational.
//     y = mul_u_drum(|a|, |b|), negated if and only if exactly one of a, b is negative
// a, b in [-2^(WIDTH-1), 2^(WIDTH-1) - 1];   y: 2 * WIDTH bits, never wraps.
// Error: that of mul_u_drum.v on the magnitudes, mirrored into all four quadrants. Exact from K = WIDTH on.
// Source: Hashemi, Bahar and Reda, ICCAD 2015, pp. 418-425, where signed operands take the way of sign and magnitude.
module mul_s_drum #(
    parameter WIDTH = 8,  // of each operand, 4 to 16
    parameter K = 4,      // bits kept of each magnitude, 2 or more
    parameter SET = 1     // 1 DRUM, 0 DSM
) (
    input wire signed [WIDTH-1:0] a,
    input wire signed [WIDTH-1:0] b,
    output wire signed [2*WIDTH-1:0] y
);
  wire [WIDTH-1:0] a_magnitude = a[WIDTH-1] ? ~a + {{(WIDTH - 1) {1'b0}}, 1'b1} : a;
  wire [WIDTH-1:0] b_magnitude = b[WIDTH-1] ? ~b + {{(WIDTH - 1) {1'b0}}, 1'b1} : b;
  wire [2*WIDTH-1:0] product;
  mul_u_drum #(
      .WIDTH(WIDTH),
      .K(K),
      .SET(SET)
  ) magnitudes (
      .a(a_magnitude),
      .b(b_magnitude),
      .y(product)
  );
  assign y = (a[WIDTH-1] ^ b[WIDTH-1]) ? ~product + {{(2 * WIDTH - 1) {1'b0}}, 1'b1} : product;
endmodule
